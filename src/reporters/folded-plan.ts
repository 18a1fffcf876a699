import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import { describeDevice } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import type { Output } from './output.ts'
import { paintFor } from './paint.ts'
import { plainText } from './plain-text.ts'

/** Devices are named one by one up to here; beyond, their number says more. */
const MOST_NAMES = 6

/** What a plan found, for whoever asks what it means. */
export interface PlanSeen {
  /** Names of devices that would be changed. */
  readonly drifted: Set<string>
  inSync: number
}

/**
 * What would be changed, devices of which the same is to be said once: the largest group last, nearest to the question that
 * follows. Those that are as they should be are only counted.
 */
export function createFoldedPlanReporter(output: Output, seen: PlanSeen): Reporter {
  const paint = paintFor(output.color)
  const inFlight = new DevicesInFlight()
  const groups = new Map<string, { readonly lines: readonly string[]; readonly devices: string[] }>()
  return {
    async event(event: RunEvent) {
      const record = await inFlight.add(event)
      if (record?.state === 'drifted') seen.drifted.add(record.device)
      if (record?.state === 'in-sync' && !record.unknown) seen.inSync += 1
      else if (record) {
        const lines = describeDevice(record, { paint }).map((line) =>
          line.replaceAll(plainText(record.device), DEVICES),
        )
        const key = lines.join('\n')
        const group = groups.get(key)
        if (group) group.devices.push(record.device)
        else groups.set(key, { lines, devices: [record.device] })
      }
      if (event.type !== 'run.finished') return
      const sorted = [...groups.values()].sort((a, b) => a.devices.length - b.devices.length)
      for (const { lines, devices } of sorted) {
        const text = lines.map((line) => line.replaceAll(DEVICES, namesOf(devices)))
        await output.write(`${text.join('\n')}\n`)
      }
      if (seen.inSync > 0) await output.write(`${paint('dim', `${seen.inSync} in sync`)}\n`)
    },
    close: () => undefined,
  }
}

/** Stands for the name in what is said of a device; no output of a device holds it, since it is no plain text. */
const DEVICES = '\u0000'

function namesOf(devices: readonly string[]): string {
  const sorted = devices.map(plainText).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const more = sorted.length - MOST_NAMES
  const names = sorted.slice(0, MOST_NAMES).join(', ')
  return more > 0 ? `${sorted.length} devices: ${names} and ${more} more` : names
}
