/** What `ping -q` summed up. */
export interface PingSummary {
  readonly sent: number
  readonly received: number
  readonly lossPercent: number
  readonly rttMs?: { readonly min: number; readonly avg: number; readonly max: number }
}

/**
 * Reads the summary of iputils, busybox and BSD; undefined when there is none.
 * `3 packets transmitted, 2 received, +1 errors, 33% packet loss, time 2003ms`, `3 packets transmitted, 3 packets received, 0% packet loss`,
 * `rtt min/avg/max/mdev = 0.026/0.034/0.040/0.006 ms`, `round-trip min/avg/max = 0.066/0.094/0.113 ms`.
 */
export function pingSummary(text: string): PingSummary | undefined {
  const counts = /(?<!\d)(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(text)
  if (!counts) return undefined
  const [sent, received] = [Number(counts[1]), Number(counts[2])]
  const lossPercent = sent === 0 ? 100 : Math.round(((sent - Math.min(received, sent)) / sent) * 1000) / 10
  const times = /(?:rtt|round-trip) min\/avg\/max(?:\/[a-z]+)? = ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(text)
  if (!times) return { sent, received, lossPercent }
  return { sent, received, lossPercent, rttMs: { min: Number(times[1]), avg: Number(times[2]), max: Number(times[3]) } }
}
