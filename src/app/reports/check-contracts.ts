import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Project } from '../project.ts'
import { aboutIn } from '../revision/about-devices.ts'

/** Contracts that are about no device of the inventory: their reports would be empty, as if nothing had been promised. */
export function checkContracts({ settings, isSandbox }: Project, fleet: Fleet): readonly Diagnostic[] {
  // The regions of a sandbox are its own.
  if (isSandbox) return []
  const devices = [...fleet.devices.values()]
  return settings.contracts().flatMap((contract): readonly Diagnostic[] => {
    if (devices.some(aboutIn(fleet, contract))) return []
    const narrowed = (['regions', 'kinds', 'where'] as const).filter((key) => contract[key] !== undefined)
    const keys = narrowed.map((key) => `\`${key}\``).join(' and ')
    const [first] = narrowed
    const place = ['contracts', contract.name]
    const source = settings.placeOf(first === undefined ? place : [...place, first])
    const summary = `The contract "${contract.name}" covers no device of the inventory`
    const detail =
      first === undefined
        ? 'The inventory has none.'
        : `None fits its ${keys}: \`till inventory list\` shows what there is.`
    return [{ code: 'SELECTOR_EMPTY', severity: 'warning', summary, detail, ...(source && { source }) }]
  })
}
