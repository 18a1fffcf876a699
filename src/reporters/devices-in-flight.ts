import { type Change, presentable } from '../core/change.ts'
import { EVENT_SCHEMA, type RunEvent } from '../core/events.ts'
import { foldRun } from '../core/fold-run.ts'
import type { DeviceRecord } from '../core/run.ts'

/** Gathers what happens to devices until they are done: memory for those in progress and names of those to come. */
export class DevicesInFlight {
  readonly #events = new Map<string, RunEvent[]>()
  /** Targeted, and not begun. */
  readonly #waiting = new Set<string>()

  /** The record of the device that ended with this event, if one did. */
  async add(event: RunEvent): Promise<DeviceRecord | undefined> {
    if (event.type === 'run.targets') for (const device of event.devices) this.#waiting.add(device)
    if (!('device' in event)) return undefined
    this.#waiting.delete(event.device)
    // Of an attempt that was put off nothing remains once the next has begun.
    const before = event.type === 'device.started' ? [] : this.#events.get(event.device)
    const events = before ?? []
    events.push(withoutSecrets(event))
    if (event.type !== 'device.finished') {
      this.#events.set(event.device, events)
      return undefined
    }
    this.#events.delete(event.device)
    return (await foldRun(events, { ended: false })).devices.get(event.device)
  }

  /** Those that were begun and did not end, as a run that died leaves them behind. */
  async lost(): Promise<readonly DeviceRecord[]> {
    const record = await foldRun([...this.#events.values()].flat(), { ended: true })
    this.#events.clear()
    return [...record.devices.values()]
  }

  /** Those that were targeted and not begun: each has an end, too. */
  async neverBegun(): Promise<readonly DeviceRecord[]> {
    const devices = [...this.#waiting]
    this.#waiting.clear()
    const head = { schema: EVENT_SCHEMA, run: '', seq: 0, at: '' } as const
    const event: RunEvent = { ...head, type: 'run.targets', wave: 1, devices }
    return [...(await foldRun([event], { ended: true })).devices.values()]
  }
}

/** The event with the values of sensitive changes masked, should they still be there. */
export function withoutSecrets(event: RunEvent): RunEvent {
  if (!('changes' in event) || !event.changes?.some((change: Change) => change.sensitive)) return event
  return { ...event, changes: event.changes.map(presentable) }
}
