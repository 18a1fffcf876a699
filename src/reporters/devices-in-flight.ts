import { type Change, presentable } from '../core/change.ts'
import type { RunEvent } from '../core/events.ts'
import { type DeviceRecord, foldRun } from '../core/run.ts'

/** Gathers what happens to devices until they are done: memory for those in progress, none for those before. */
export class DevicesInFlight {
  readonly #events = new Map<string, RunEvent[]>()

  /** The record of the device that ended with this event, if one did. */
  async add(event: RunEvent): Promise<DeviceRecord | undefined> {
    if (!('device' in event)) return undefined
    const events = this.#events.get(event.device) ?? []
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
}

/** The event with the values of sensitive changes masked, should they still be there. */
export function withoutSecrets(event: RunEvent): RunEvent {
  if (!('changes' in event) || !event.changes?.some((change: Change) => change.sensitive)) return event
  return { ...event, changes: event.changes.map(presentable) }
}
