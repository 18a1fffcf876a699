import type { Device, Fleet } from '../../core/fleet.ts'
import type { Expression } from '../../core/runbook.ts'
import { type SelectorFaults, selectorFaults } from './selector-faults.ts'

/** For which devices selectors hold. Many runbooks are meant for the same ones: each text is put to the fleet once. */
export class FleetAnswers {
  readonly fleet: Fleet
  readonly #known = new Map<string, SelectorFaults>()

  constructor(fleet: Fleet) {
    this.fleet = fleet
  }

  of(selector: Expression): SelectorFaults {
    let answer = this.#known.get(selector.text)
    if (answer === undefined) {
      answer = selectorFaults(selector, this.fleet, { of: this.fleet.devices.values(), besides: 'missing' })
      this.#known.set(selector.text, answer)
    }
    return answer
  }

  /** Those for which all of them hold, in the order of the inventory. */
  hitsOf(selectors: readonly Expression[]): readonly Device[] {
    const [first, ...others] = selectors.map((selector) => this.of(selector).hits)
    if (first === undefined) return [...this.fleet.devices.values()]
    const sets = others.map((hits) => new Set(hits))
    return first.filter((device) => sets.every((hits) => hits.has(device)))
  }
}
