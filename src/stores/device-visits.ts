import { sql } from 'kysely'
import { foldRun } from '../core/fold-run.ts'
import type { DeviceOutcome, DeviceState } from '../core/outcome.ts'
import type { DeviceRecord, PastVisit } from '../core/run.ts'
import type { DeviceEnd } from '../core/run-reads.ts'
import { FORGOTTEN } from './forget-runs.ts'
import { labelled } from './labelled.ts'
import { eventOf, previewOf } from './record-events.ts'
import { ENDS_OF_DEVICES, type RunRow, tables } from './schema.ts'
import type { StoreSession } from './steps.ts'

/** Events of other devices that may stand between those of one: several hundred are worked on at a time. */
const MOST_BETWEEN = 20_000
const PAGE = 500
/** States of which steps can tell more. */
const TELLING: ReadonlySet<DeviceState> = new Set(['drifted', 'changed', 'unmet', 'failed', 'unknown', 'indeterminate'])

interface Options {
  readonly limit: number
  readonly since?: Date | undefined
  readonly isOver: (run: RunRow) => Promise<boolean>
}

/** What is known of a device from the ends of runs on it, newest first. */
export async function readVisits(session: StoreSession, device: string, options: Options): Promise<PastVisit[]> {
  const { limit, since = new Date(0), isOver } = options
  const visits: PastVisit[] = []
  const seen = new Set<string>()
  const ends = tables
    .selectFrom('events')
    .selectAll()
    .where('device', '=', device)
    .where(ENDS_OF_DEVICES)
    .where('at', '>=', since.toISOString())
    .orderBy('at', 'desc')
    .orderBy('run', 'desc')
    .limit(PAGE)
  for (let offset = 0; visits.length < limit; offset += PAGE) {
    const rows = await session.read(ends.offset(offset))
    for (const { run } of rows) {
      if (seen.has(run) || visits.length === limit) continue
      seen.add(run)
      const visit = await visitOf(session, device, { run, isOver })
      if (visit) visits.push(visit)
    }
    if (rows.length < PAGE) break
  }
  return visits
}

async function visitOf(
  session: StoreSession,
  device: string,
  { run, isOver }: { readonly run: string; readonly isOver: Options['isOver'] },
): Promise<PastVisit | undefined> {
  const [head] = await session.read(tables.selectFrom('runs').selectAll().where('run', '=', run))
  if (!head || head.settled === FORGOTTEN) return undefined
  const { mode, by, runbooks } = head
  const first = tables.selectFrom('events').select('json').where('run', '=', run).where('seq', '=', 1)
  const [started] = mode === 'plan' ? await session.read(first) : []
  const previews = started && previewOf(started)
  const common = {
    ...{ run, mode: mode as PastVisit['mode'], by, ...labelled(runbooks) },
    ...(previews !== undefined && { previews }),
  }
  const own = tables.selectFrom('events').selectAll().where('run', '=', run).where('device', '=', device)
  const told = (await session.read(own.where(ENDS_OF_DEVICES).orderBy('seq'))).map(eventOf)
  const end = told.filter((event) => event.type === 'device.finished').reduce(later, undefined)
  if (end && !TELLING.has(end.state)) return { ...common, at: end.at, ...endOf(end), steps: [] }
  if (!end && !(await isOver(head))) return undefined
  const record = await recordOf(session, device, { run, end })
  const at = end?.at ?? told.at(-1)?.at
  if (!record || at === undefined) return undefined
  const telling = record.steps.filter((step) => step.state !== 'ok' && step.state !== 'skipped')
  const steps = telling.map(({ runbook, step, name, state }) => ({ runbook, step, name, state }))
  return { ...common, at, ...endOf(record), steps: end ? steps : [] }
}

/** Of two ends in one run the one of the later attempt. */
function later(one: DeviceEnd | undefined, other: DeviceEnd): DeviceEnd {
  return one && (one.attempt ?? 1) > (other.attempt ?? 1) ? one : other
}

function endOf({ state, unknown, failure }: DeviceOutcome): Pick<PastVisit, 'state' | 'unknown' | 'code' | 'message'> {
  return { state, unknown: unknown === true, code: failure?.code ?? null, message: failure?.message ?? null }
}

/** Folds what was told of the device; of a run that was lost on it all of it is looked through. */
export async function recordOf(
  session: StoreSession,
  device: string,
  { run, end }: { readonly run: string; readonly end: DeviceEnd | undefined },
): Promise<DeviceRecord | undefined> {
  const all = tables
    .selectFrom('events')
    .selectAll()
    .where('run', '=', run)
    // By the column itself SQLite would go by the index, which knows only some of them.
    .where(sql<string>`device || ''`, '=', device)
    .orderBy('seq')
  const near = end ? all.where('seq', '<=', end.seq).where('seq', '>', end.seq - MOST_BETWEEN) : all
  const { devices } = await foldRun((await session.read(near)).map(eventOf), { ended: true })
  return devices.get(device)
}
