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
import {
  appendAudit,
  CUT,
  chainFaults,
  fact,
  HEAD,
  headIn,
  LAST,
  NOTHING,
  OLDEST,
  type StoredRow,
  tellsOf,
} from './audit-chain.ts'
import { cutAudit, isSealed, vouchForCut } from './audit-cut.ts'
import { AUDIT } from './locks.ts'
import type { StoreSession } from './steps.ts'

export function auditLog(session: StoreSession): AuditLog {
  return {
    append: (entry) => session.write(() => appendAudit(entry), { locks: { alone: [AUDIT] }, sync: true }),
    rows: async ({ newest, kind } = {}) => {
      const all = kind === undefined ? LAST : LAST.where('json', 'like', `%"kind":"${kind}"%`)
      const rows = await session.read(newest === undefined ? all : all.limit(newest))
      return rows
        .map(({ seq, json, hash }): AuditRow => ({ seq, hash, entry: JSON.parse(json) as AuditEntry }))
        .reverse()
    },
    verify: async (anchors, seal) => {
      const rows = await session.read(OLDEST)
      const cut = headIn(await session.read(fact(CUT)))
      const verdict = verify(rows, { anchors, cut, head: headIn(await session.read(fact(HEAD))) })
      if (!seal || !cut || (await isSealed(rows, cut, seal))) return verdict
      return {
        ...verdict,
        faults: [...verdict.faults, `Rows up to ${cut.seq} were cut off, and nobody who counts has signed that.`],
      }
    },
    cut: (before, by) => cutAudit(session, before, by),
    vouch: (seal, word) => vouchForCut(session, seal, word),
  }
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
