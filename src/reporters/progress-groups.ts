import { formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { plainText } from './plain-text.ts'

/** Runs of up to so many devices are grouped by store, larger ones by region. */
const MOST_BY_STORE = 100

interface Group {
  done: number
  readonly notInSync: Map<string, number>
}

/** How far a run is in each region (or store), in memory that grows with stores, not with devices. */
export class ProgressGroups {
  readonly #by: 'store' | 'region'
  readonly #groups = new Map<string, Group>()
  /** Devices in progress by store. */
  readonly #inFlight = new Map<string, number>()
  /** Known once a device of the store has ended. */
  readonly #regions = new Map<string, string>()

  constructor(devices: number) {
    this.#by = devices <= MOST_BY_STORE ? 'store' : 'region'
  }

  started(event: Extract<RunEvent, { type: 'device.started' }>): void {
    this.#inFlight.set(event.store, (this.#inFlight.get(event.store) ?? 0) + 1)
    if (this.#by === 'store') this.#group(event.store)
  }

  finished(event: Extract<RunEvent, { type: 'device.finished' }>): void {
    const left = (this.#inFlight.get(event.store) ?? 1) - 1
    if (left > 0) this.#inFlight.set(event.store, left)
    else this.#inFlight.delete(event.store)
    this.#regions.set(event.store, event.region)
    const group = this.#group(this.#by === 'store' ? event.store : event.region)
    group.done += 1
    if (event.state !== 'in-sync') group.notInSync.set(event.state, (group.notInSync.get(event.state) ?? 0) + 1)
  }

  /** At most `most` rows: those in progress first; what does not fit is summed up in the last one. */
  rows(most: number): string[] {
    const inFlight = new Map<string, number>()
    for (const [store, count] of this.#inFlight) {
      const name = this.#by === 'store' ? store : this.#regions.get(store)
      if (name !== undefined) inFlight.set(name, (inFlight.get(name) ?? 0) + count)
    }
    const all = [...this.#groups].map(([name, group]) => ({ ...group, name, inFlight: inFlight.get(name) ?? 0 }))
    if (all.length <= most) return all.map(describeRow)
    const ordered = [...all.filter((row) => row.inFlight > 0), ...all.filter((row) => row.inFlight === 0)]
    const rest = ordered.slice(most - 1)
    const sum = { name: `${rest.length} more ${this.#by}s`, done: 0, inFlight: 0, notInSync: new Map<string, number>() }
    for (const row of rest) {
      sum.done += row.done
      sum.inFlight += row.inFlight
      for (const [state, count] of row.notInSync) sum.notInSync.set(state, (sum.notInSync.get(state) ?? 0) + count)
    }
    return [...ordered.slice(0, most - 1), sum].map(describeRow)
  }

  #group(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = { done: 0, notInSync: new Map() }
      this.#groups.set(name, group)
    }
    return group
  }
}

function describeRow(row: Group & { readonly name: string; readonly inFlight: number }): string {
  const parts = [`${formatCount(row.done)} done`]
  if (row.inFlight > 0) parts.push(`${formatCount(row.inFlight)} in progress`)
  for (const [state, count] of row.notInSync) parts.push(`${formatCount(count)} ${state}`)
  return `${plainText(row.name)}: ${parts.join(', ')}`
}
