import { createHash } from 'node:crypto'
import type { AuditEntry, AuditHead } from '../core/audit.ts'
import { putFact } from './facts.ts'
import { tables } from './schema.ts'
import { put, rowsOf, type Steps } from './steps.ts'

export const LAST = tables.selectFrom('audit_log').selectAll().orderBy('seq', 'desc')
export const OLDEST = tables.selectFrom('audit_log').selectAll().orderBy('seq')
/** Before the first row. */
export const NOTHING: AuditHead = { seq: 0, hash: '' }
/** Up to where rows were cut off, as a fact of the store and as the kind of the row that says so. */
export const CUT = 'audit.cut'
/** The last row. */
export const HEAD = 'audit.head'

export interface StoredRow {
  readonly seq: number
  readonly json: string
  readonly hash: string
}

/** To be called inside one transaction. */
export function* appendAudit(entry: AuditEntry): Steps<void> {
  const [newest] = yield* rowsOf(LAST.limit(1))
  const last = newest ?? headIn(yield* rowsOf(fact(CUT))) ?? NOTHING
  const seq = last.seq + 1
  const json = JSON.stringify({ seq, ...entry })
  const hash = hashOf(last.hash, json)
  yield* put(tables.insertInto('audit_log').values({ seq, json, hash }))
  yield* setFact(HEAD, { seq, hash })
}

/** What is wrong with rows that follow on a head, in words. */
export function chainFaults(rows: readonly StoredRow[], first: AuditHead): readonly string[] {
  const faults: string[] = []
  let last = first
  for (const row of rows) {
    if (row.seq !== last.seq + 1) faults.push(`Rows ${last.seq + 1} to ${row.seq - 1} are missing.`)
    else if (row.hash !== hashOf(last.hash, row.json))
      faults.push(`Row ${row.seq}, or what stands before it, was changed.`)
    else if (!row.json.startsWith(`{"seq":${row.seq},`)) faults.push(`Row ${row.seq} stood in another place.`)
    last = row
  }
  return faults
}

/** Whether a row says that rows up to there were cut off. */
export function tellsOf(json: string, cut: AuditHead): boolean {
  const { kind, about } = JSON.parse(json) as AuditEntry
  return kind === CUT && about['seq'] === cut.seq && about['hash'] === cut.hash
}

function hashOf(before: string, json: string): string {
  return createHash('sha256').update(`${before}\n${json}`).digest('hex')
}

export function fact(name: string) {
  return tables.selectFrom('state_facts').select('value').where('name', '=', name)
}

export function headIn([row]: readonly { readonly value: string }[]): AuditHead | undefined {
  return row && (JSON.parse(row.value) as AuditHead)
}

export function* setFact(name: string, head: AuditHead): Steps<void> {
  yield* putFact(name, JSON.stringify(head))
}
