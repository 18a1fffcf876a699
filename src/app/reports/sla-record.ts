import { createHash } from 'node:crypto'
import type { Contract } from '../../core/contract.ts'
import { type InputError, inputError, usageError } from '../../core/diagnostic.ts'
import type { AvailabilityStore, ClosedMonth } from '../../core/ledger.ts'
import type { SlaResult } from '../../ledger/sla.ts'

/** What a month is closed with: what was agreed then, and what came of it. */
export interface SlaRecord {
  readonly schema: 'sla-month/1'
  readonly contract: Contract
  readonly month: string
  readonly version: number
  /** Hash of the version before; null for the first. */
  readonly previous: string | null
  readonly why: string | null
  readonly result: SlaResult
}

/** The last version of a month; throws InputError where it is not what it was when it was closed. */
export function lastOf(
  closed: readonly ClosedMonth[],
  contract: string,
  month: string,
): { readonly kept: ClosedMonth; readonly record: SlaRecord } | undefined {
  const versions = closed.filter((one) => one.contract === contract && one.month === month)
  let previous: string | null = null
  let last: { readonly kept: ClosedMonth; readonly record: SlaRecord } | undefined
  for (const kept of versions) {
    const record = JSON.parse(kept.json) as SlaRecord
    if (hashOf(kept.json) !== kept.hash || record.previous !== previous) throw broken(kept)
    previous = kept.hash
    last = { kept, record }
  }
  return last
}

function broken({ contract, month, version }: ClosedMonth): InputError {
  return inputError(
    'STATE_UNUSABLE',
    `Version ${version} of ${month} of "${contract}" is not what it was when it was closed`,
    'Its text does not have its hash: somebody has changed the state file. Take it from a backup.',
  )
}

/**
 * Closes a month of a contract for good; what is already closed like that stays as it is. Throws InputError where it was
 * closed before, comes to something else now, and nobody says why.
 */
export async function closeMonth(
  store: AvailabilityStore,
  { contract, month, result }: { readonly contract: Contract; readonly month: string; readonly result: SlaResult },
  said: { readonly by: string; readonly why: string | undefined; readonly now: Date },
): Promise<{ readonly closed: ClosedMonth; readonly isNew: boolean }> {
  const last = lastOf(await store.closed(), contract.name, month)
  if (last && same(last.record, { contract, result })) return { closed: last.kept, isNew: false }
  if (last && said.why === undefined) {
    throw usageError(
      `--close: ${month} of "${contract.name}" is closed (version ${last.kept.version}), and comes to something else now`,
      'A correction is another version. Say why with --because.',
    )
  }
  const version = (last?.kept.version ?? 0) + 1
  const why = said.why ?? null
  const record: SlaRecord = {
    schema: 'sla-month/1',
    contract,
    month,
    version,
    previous: last?.kept.hash ?? null,
    why,
    result,
  }
  const json = JSON.stringify(record)
  const made = { contract: contract.name, month, version, closed_at: said.now.toISOString(), by: said.by, why, json }
  const closed = { ...made, hash: hashOf(json) }
  if (await store.close(closed)) return { closed, isNew: true }
  throw usageError(
    `--close: somebody else has just closed ${month} of "${contract.name}"`,
    'Look at it: till report sla',
  )
}

function same(record: SlaRecord, now: Pick<SlaRecord, 'contract' | 'result'>): boolean {
  return JSON.stringify([record.contract, record.result]) === JSON.stringify([now.contract, now.result])
}

function hashOf(json: string): string {
  return createHash('sha256').update(json).digest('hex')
}
