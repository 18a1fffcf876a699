import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import {
  AUDIT_DAYS,
  type AuditAnchor,
  type AuditEntry,
  type AuditHead,
  type AuditLog,
  type AuditRow,
  type AuditVerdict,
} from '../core/audit.ts'
import { DAY_MS } from '../core/duration.ts'
import { putFact } from './facts.ts'
import { AUDIT } from './locks.ts'
import { tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

const LAST = tables.selectFrom('audit_log').selectAll().orderBy('seq', 'desc')
const OLDEST = tables.selectFrom('audit_log').selectAll().orderBy('seq')
/** Rows that are cut off in one transaction. */
const PAGE = 2_000
/** Before the first row. */
const NOTHING: AuditHead = { seq: 0, hash: '' }
const CUT = 'audit.cut'

export function auditLog(session: StoreSession): AuditLog {
  return {
    append: (entry) => session.write(() => appendAudit(entry), { locks: { alone: [AUDIT] }, sync: true }),
    rows: async ({ newest } = {}) => {
      const rows = await session.read(newest === undefined ? LAST : LAST.limit(newest))
      return rows
        .map(({ seq, json, hash }): AuditRow => ({ seq, hash, entry: JSON.parse(json) as AuditEntry }))
        .reverse()
    },
    verify: async (anchors) =>
      verify(await session.read(OLDEST), {
        anchors,
        cut: headIn(await session.read(fact(CUT))),
        head: headIn(await session.read(fact(HEAD))),
      }),
  }
}

const HEAD = 'audit.head'

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

/**
 * Cuts off what is older; that it was, and where, becomes a row itself, so that a head which was kept elsewhere covers it. A page of
 * rows is one transaction, and less than a day's is not worth one.
 */
export async function cutAudit(session: StoreSession, before: Date): Promise<void> {
  const worth = new Date(before.getTime() - DAY_MS).toISOString()
  const [oldest] = await session.read(OLDEST.limit(1))
  if (!oldest || atOf(oldest) >= worth) return
  const cutSome = () => session.write(() => cutPage(before.toISOString()), { locks: { alone: [AUDIT] } })
  while (await cutSome()) await new Promise((turn) => setImmediate(turn))
}

/** True where there may be more. */
function* cutPage(before: string): Steps<boolean> {
  const rows = yield* rowsOf(OLDEST.limit(PAGE))
  const firstKept = rows.findIndex((row) => atOf(row) >= before)
  const count = firstKept < 0 ? rows.length : firstKept
  const last = rows[count - 1]
  if (!last) return false
  const { seq, hash } = last
  const at = new Date().toISOString()
  yield* appendAudit({ at, kind: CUT, by: 'till', host: hostname(), about: { seq, hash, rows: count } })
  yield* put(tables.deleteFrom('audit_log').where('seq', '<=', seq))
  yield* setFact(CUT, { seq, hash })
  return firstKept < 0
}

function atOf({ json }: { readonly json: string }): string {
  return (JSON.parse(json) as AuditEntry).at
}

interface StoredRow {
  readonly seq: number
  readonly json: string
  readonly hash: string
}

function verify(
  rows: readonly StoredRow[],
  { anchors, cut, head }: { readonly anchors: readonly AuditAnchor[] } & Known,
): AuditVerdict {
  const last = rows.at(-1) ?? cut ?? NOTHING
  const known = new Map([...(cut ? [cut] : []), ...rows].map(({ seq, hash }) => [seq, hash]))
  const there = anchors.filter(({ seq }) => seq >= (cut?.seq ?? 0))
  const moved = there.filter(({ seq, hash }) => known.get(seq) !== hash)
  const early = anchors.filter((anchor) => !there.includes(anchor) && isYoung(anchor))
  const faults = [
    ...chainFaults(rows, cut ?? NOTHING),
    ...endFaults(rows, last, { cut, head }),
    ...moved.map(({ seq }) => `Row ${seq} is not what it was when its head was kept.`),
    ...early.map(cutEarly),
  ]
  const found = { rows: rows.length, head: { seq: last.seq, hash: last.hash }, compared: there.length, faults }
  return { ...found, ...(cut && { cut }) }
}

/** A day less than rows are kept: clocks of those who wrote them differ. */
const YOUNG_MS = (AUDIT_DAYS - 1) * DAY_MS

/**
 * What is cut off behind a head was written after that was kept: it cannot have been old enough where the head is not. Else whoever may
 * write the store says of all that heads tell of that it was cut off.
 */
function isYoung({ at = '' }: AuditAnchor): boolean {
  return Date.parse(at) > Date.now() - YOUNG_MS
}

function cutEarly({ seq, at = '' }: AuditAnchor): string {
  return `Row ${seq} was cut off. Its head was kept on ${at.slice(0, 10)}, and rows are kept for two years.`
}

interface Known {
  readonly cut: AuditHead | undefined
  readonly head: AuditHead | undefined
}

function chainFaults(rows: readonly StoredRow[], first: AuditHead): readonly string[] {
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

function endFaults(rows: readonly StoredRow[], last: AuditHead, { cut, head }: Known): readonly string[] {
  const faults: string[] = []
  if (head && (head.seq !== last.seq || head.hash !== last.hash)) {
    faults.push(`The log ended with row ${head.seq}; it ends with row ${last.seq} now, or with another text.`)
  }
  if (!head && rows.length > 0) faults.push('Where the log ended is not there any more.')
  if (cut && !rows.some(({ json }) => tellsOf(json, cut))) {
    faults.push(`Rows up to ${cut.seq} were cut off, and no row says so.`)
  }
  return faults
}

function tellsOf(json: string, cut: AuditHead): boolean {
  const { kind, about } = JSON.parse(json) as AuditEntry
  return kind === CUT && about['seq'] === cut.seq && about['hash'] === cut.hash
}

function hashOf(before: string, json: string): string {
  return createHash('sha256').update(`${before}\n${json}`).digest('hex')
}

function fact(name: string) {
  return tables.selectFrom('state_facts').select('value').where('name', '=', name)
}

function headIn([row]: readonly { readonly value: string }[]): AuditHead | undefined {
  return row && (JSON.parse(row.value) as AuditHead)
}

function* setFact(name: string, head: AuditHead): Steps<void> {
  yield* putFact(name, JSON.stringify(head))
}
