import type { ChainStep, Channel, Contact } from './escalation.ts'
import type { TradingHours } from './fleet.ts'
import type { ServiceTerms } from './incident.ts'
import type { Expression } from './runbook.ts'
import type { SourceRange } from './source.ts'

/** What is promised to whom: how soon, and in which hours that counts. */
export interface ServiceContract {
  readonly name: string
  readonly hours: TradingHours
  /** An iCal file: its days are without hours. */
  readonly holidays?: string
  readonly limits_ms: ServiceTerms['limits_ms']
}

export interface Team {
  readonly name: string
  /** Somebody outside of the house, who sees the incidents of this team and no others. */
  readonly partner?: string
  /** Who is told, one after the other. */
  readonly chain: readonly ChainStep[]
}

/** A row of the matrix; an empty list is any. */
export interface ResponsibilityRow {
  readonly faults: readonly string[]
  readonly vendors: readonly string[]
  readonly regions: readonly string[]
  readonly contracts: readonly string[]
  readonly team: string
  /** What has to be done before an incident may be closed. */
  readonly steps: readonly string[]
  readonly source: SourceRange
}

/** Who is responsible for what, as a repository says it. */
export interface Responsibility {
  /** Whose device it is, as CEL over store and device; absent: nobody's. */
  readonly vendor?: Expression
  /** Name of the contract of a device, as CEL over store and device; absent: none. */
  readonly contract?: Expression
  readonly contracts: ReadonlyMap<string, ServiceContract>
  readonly teams: ReadonlyMap<string, Team>
  readonly contacts: ReadonlyMap<string, Contact>
  readonly channels: ReadonlyMap<string, Channel>
  readonly rows: readonly ResponsibilityRow[]
  readonly source: SourceRange
}

/** What a row is found by. */
export interface FaultCase {
  readonly fault: string
  readonly vendor: string
  readonly region: string
  readonly contract: string
}

/** Why a row is not that of a case; null: it is. */
export function missOf(row: ResponsibilityRow, { fault, vendor, region, contract }: FaultCase): string | null {
  if (!row.faults.includes(fault)) return `it is for ${row.faults.join(', ')}`
  const checks = [
    ['vendor', row.vendors, vendor],
    ['region', row.regions, region],
    ['contract', row.contracts, contract],
  ] as const
  for (const [what, allowed, is] of checks) {
    if (allowed.length > 0 && !allowed.includes(is))
      return `its ${what} is ${allowed.join(' or ')}, not ${is || 'none'}`
  }
  return null
}

/** The first row for a case. */
export function rowOf({ rows }: Pick<Responsibility, 'rows'>, of: FaultCase): ResponsibilityRow | undefined {
  return rows.find((row) => missOf(row, of) === null)
}
