import type { Contract } from '../../core/contract.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ClosedMonth } from '../../core/ledger.ts'
import { devicesOf } from '../reports/sla-fold.ts'
import type { SlaRecord } from '../reports/sla-record.ts'
import type { Sight } from './sight.ts'

/** The contracts that exist for somebody: those all devices of which do, and for somebody of a partner no other partner's. */
export function contractsSeen(sight: Sight, contracts: readonly Contract[]): readonly Contract[] {
  if (sight.isWhole) return contracts
  return contracts.filter((contract) => {
    if (isOfAnother(sight, contract)) return false
    const needed = neededFor(sight, contract)
    return needed.length > 0 && needed.every((name) => sight.picture.devices.has(name))
  })
}

/** Whether a closed month exists for somebody: by the contract as it was then, and by everything that the record names. */
export function seesRecord(sight: Sight, { contract, result }: SlaRecord): boolean {
  if (sight.isWhole) return true
  if (isOfAnother(sight, contract)) return false
  const { picture, fleet, partner } = sight
  const isTheirs = partner !== undefined && contract.partner === partner
  const named = [
    ...result.outages.map(({ name }) => name),
    ...(contract.per === 'contract' ? [] : result.units.map(({ unit }) => unit)),
  ]
  // What has left the inventory since was theirs when it was their contract.
  const sees = (name: string): boolean => {
    const [known, seen] = name.includes('/') ? [fleet.devices, picture.devices] : [fleet.stores, picture.stores]
    return seen.has(name) || (isTheirs && !known.has(name))
  }
  const needed = neededFor(sight, contract)
  return (needed.length > 0 || isTheirs) && [...needed, ...named].every(sees)
}

/** Months of contracts that are closed, each with every version, the newest first. */
export async function closedMonths(sight: Sight): Promise<readonly JsonObject[]> {
  const rows = (await sight.store.availability.closed())
    .filter((month) => sight.isWhole || seesRecord(sight, recordOf(month)))
    .map(({ contract, month, version, closed_at, by, why, hash }) => ({
      contract,
      month,
      version,
      closed_at,
      by,
      why,
      hash,
    }))
  return rows.sort((a, b) => (a.month === b.month ? b.version - a.version : a.month < b.month ? 1 : -1))
}

function recordOf({ json }: ClosedMonth): SlaRecord {
  return JSON.parse(json) as SlaRecord
}

function isOfAnother({ partner }: Sight, contract: Contract): boolean {
  return partner !== undefined && contract.partner !== null && contract.partner !== partner
}

/** Devices that a contract tells of. */
function neededFor({ fleet }: Sight, contract: Contract): readonly string[] {
  const about = [...devicesOf(fleet, contract)]
  if (contract.of !== 'selling') return about
  // Whether a store sells hangs on all its devices.
  return about.flatMap(
    (name) => fleet.stores.get(fleet.devices.get(name)?.store ?? '')?.devices.map((one) => one.name) ?? [],
  )
}
