import { hostname } from 'node:os'
import {
  type AuditCut,
  type AuditEntry,
  type AuditHead,
  AuditUnsigned,
  type CheckpointSeal,
  checkpointText,
} from '../core/audit.ts'
import { DAY_MS } from '../core/duration.ts'
import type { JsonObject } from '../core/json.ts'
import {
  appendAudit,
  CUT,
  chainFaults,
  fact,
  headIn,
  NOTHING,
  OLDEST,
  type StoredRow,
  setFact,
  tellsOf,
} from './audit-chain.ts'
import { AUDIT } from './locks.ts'
import { tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

/** Rows that are cut off in one transaction. */
const PAGE = 2_000

const CUTS = OLDEST.where('json', 'like', `%"${CUT}"%`)

/**
 * Cuts off what is older; that it was, and where, becomes a row itself, so that a head which was kept elsewhere covers it. A page of
 * rows is one transaction and one signature, and less than a day's is not worth one. Throws AuditUnsigned.
 */
export async function cutAudit(
  session: StoreSession,
  before: Date,
  by: CheckpointSeal | 'unsigned',
): Promise<AuditCut> {
  const worth = new Date(before.getTime() - DAY_MS).toISOString()
  const [oldest] = await session.read(OLDEST.limit(1))
  let rows = 0
  if (oldest && atOf(oldest) < worth) {
    for (let page = await nextPage(session, before); page.length > 0; page = await nextPage(session, before)) {
      rows += await cutPage(session, page, by)
      await new Promise((turn) => setImmediate(turn))
    }
  }
  const cut = headIn(await session.read(fact(CUT)))
  return { rows, ...(cut && { cut }) }
}

/** Signs the checkpoint that is there, once more by a row. False: there is none. */
export async function vouchForCut(
  session: StoreSession,
  seal: CheckpointSeal,
  { by, why }: { readonly by: string; readonly why: string },
): Promise<boolean> {
  const cut = headIn(await session.read(fact(CUT)))
  if (!cut) return false
  const signature = await seal.sign(checkpointText(cut))
  const entry = cutEntry(by, { ...headOf(cut), rows: 0, why, signature })
  await session.write(() => appendAudit(entry), { locks: { alone: [AUDIT] }, sync: true })
  return true
}

/** Whether a row says of a checkpoint that somebody who counts has signed it. */
export async function isSealed(
  rows: readonly StoredRow[],
  cut: AuditHead,
  seal: Pick<CheckpointSeal, 'isSigned'>,
): Promise<boolean> {
  for (const { json } of rows) {
    if (!tellsOf(json, cut)) continue
    const { signature } = (JSON.parse(json) as AuditEntry).about
    if (typeof signature === 'string' && (await seal.isSigned(checkpointText(cut), signature))) return true
  }
  return false
}

/** The oldest rows, as far as they are old enough. */
async function nextPage(session: StoreSession, before: Date): Promise<readonly StoredRow[]> {
  const rows = await session.read(OLDEST.limit(PAGE))
  const firstKept = rows.findIndex((row) => atOf(row) >= before.toISOString())
  return firstKept < 0 ? rows : rows.slice(0, firstKept)
}

/** How many rows it has cut off; 0 where another process was quicker. */
async function cutPage(
  session: StoreSession,
  page: readonly StoredRow[],
  by: CheckpointSeal | 'unsigned',
): Promise<number> {
  const to = headOf(page.at(-1) as StoredRow)
  const signature = by === 'unsigned' ? undefined : await signed(session, { page, to, seal: by })
  const about = { ...to, rows: page.length, ...(signature !== undefined && { signature }) }
  return session.write(() => cutRows(page, to, about), { locks: { alone: [AUDIT] } })
}

function* cutRows(page: readonly StoredRow[], to: AuditHead, about: JsonObject): Steps<number> {
  const [oldest] = yield* rowsOf(OLDEST.limit(1))
  if (oldest?.seq !== page[0]?.seq) return 0
  yield* appendAudit(cutEntry('till', about))
  yield* put(tables.deleteFrom('audit_log').where('seq', '<=', to.seq))
  yield* setFact(CUT, to)
  return page.length
}

/**
 * Only what goes on from a checkpoint that is signed, without a gap, is signed: else whoever may write the store would have his own
 * forgery signed by the next run.
 */
async function signed(
  session: StoreSession,
  { page, to, seal }: { readonly page: readonly StoredRow[]; readonly to: AuditHead; readonly seal: CheckpointSeal },
): Promise<string> {
  const base = headIn(await session.read(fact(CUT)))
  if (base && !(await isSealed(await session.read(CUTS), base, seal))) {
    throw new AuditUnsigned(
      `rows of the audit log up to ${base.seq} were cut off, and nobody who counts has signed that. Look into it (till audit verify); ` +
        'who answers for it says: till audit cut --vouch WHY',
    )
  }
  const [fault] = chainFaults(page, base ?? NOTHING)
  if (fault !== undefined) throw new AuditUnsigned(`the audit log is not whole: ${fault}`)
  return await seal.sign(checkpointText(to))
}

function cutEntry(by: string, about: JsonObject): AuditEntry {
  return { at: new Date().toISOString(), kind: CUT, by, host: hostname(), about }
}

function headOf({ seq, hash }: AuditHead): { readonly seq: number; readonly hash: string } {
  return { seq, hash }
}

function atOf({ json }: { readonly json: string }): string {
  return (JSON.parse(json) as AuditEntry).at
}
