import { wallTime } from '../../core/zoned-time.ts'

/** `Sun 2026-11-29 22:00 Europe/Warsaw` */
export function shownTime(instant: number, zone: string): string {
  const wall = new Date(wallTime(instant, zone))
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][wall.getUTCDay()]
  return `${day} ${wall.toISOString().slice(0, 10)} ${wall.toISOString().slice(11, 16)} ${zone}`
}

/** `45 s`, `12 min`, `3 h`; rounded up, so that nothing is promised too early. */
export function shownLength(ms: number): string {
  if (ms < 120_000) return `${Math.ceil(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.ceil(ms / 60_000)} min`
  return `${Math.ceil(ms / 3_600_000)} h`
}

/** `a, b, c and 4 more` */
export function shownNames(names: Iterable<string>): string {
  const all = [...names]
  const more = all.length - 3
  return all.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
