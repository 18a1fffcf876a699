import { hostname } from 'node:os'
import type { AdmissionContent, Hold, RunControl, Saying } from '../core/admission.ts'
import type { AuditEntry } from '../core/audit.ts'
import { isChanging, type RunEvent, type RunMode } from '../core/events.ts'
import { appendAudit } from './audit-chain.ts'
import { tables } from './schema.ts'
import { rowsOf, type Steps } from './steps.ts'

/** Types of events that may become rows of the log. */
export const AUDITED: ReadonlySet<RunEvent['type']> = new Set([
  'run.started',
  'run.resumed',
  'device.past_doubt',
  'device.warned',
  'run.rollback',
  'run.finished',
])

/** Puts on record what events say of runs that change something. */
export function* auditEvents(events: readonly RunEvent[]): Steps<void> {
  for (const event of events) {
    const entry = yield* entryOf(event)
    if (entry)
      yield* appendAudit({ at: event.at, kind: event.type, ...entry, about: { run: event.run, ...entry.about } })
  }
}

function* entryOf(event: RunEvent): Steps<Pick<AuditEntry, 'by' | 'host' | 'about'> | undefined> {
  if (event.type === 'run.started') {
    const { mode, devices, revision, plan = null, undoes, break_glass = null, by, host } = event
    const runbooks = event.runbooks.map(({ name, digest }) => ({ name, digest }))
    return isChanging(mode)
      ? {
          by,
          host,
          about: {
            mode,
            runbooks,
            devices,
            commit: revision,
            plan,
            ...(undoes !== undefined && { undoes }),
            break_glass,
          },
        }
      : undefined
  }
  if (event.type === 'run.resumed') {
    const { devices, revision, break_glass = null, by, host } = event
    return { by, host, about: { devices, commit: revision, break_glass } }
  }
  if (event.type === 'device.past_doubt') {
    const { device, by, why } = event
    return { by, host: hostname(), about: { device, why } }
  }
  if (event.type === 'device.warned') {
    const { device, warning, says, exit_code, detail } = event
    return { by: 'till', host: hostname(), about: { device, warning, says, exit_code, ...(detail && { detail }) } }
  }
  if (event.type === 'run.rollback') {
    const { wave, failed, limit, devices, rollback_run } = event
    return { by: 'till', host: hostname(), about: { wave, failed, limit, devices, rollback_run } }
  }
  if (event.type !== 'run.finished') return undefined
  const [row] = yield* rowsOf(tables.selectFrom('runs').select(['mode', 'by', 'host']).where('run', '=', event.run))
  if (!row || !isChanging(row.mode as RunMode)) return undefined
  return { by: row.by, host: row.host, about: { exit_code: event.exit_code, counts: event.counts } }
}

type Tell = (kind: string, by: string, about: AuditEntry['about']) => Steps<void>

/** Puts on record what people have said about runs, who opens or closes the breaker, and who asks not to touch what. */
export function* auditAdmission(before: AdmissionContent, after: AdmissionContent, saying?: Saying): Steps<void> {
  const now = new Date()
  const tell: Tell = (kind, by, about) => appendAudit({ at: now.toISOString(), kind, by, host: hostname(), about })
  const { opened, closed } = after.breaker
  if (opened && !before.breaker.opened) yield* tell('breaker.opened', 'till', { why: opened.why })
  if (!opened && before.breaker.opened) yield* tell('breaker.closed', closed?.by ?? 'till', { why: closed?.why ?? '' })
  if (after.runs !== before.runs) yield* auditControls(before.runs ?? {}, after.runs ?? {}, { tell, saying })
  if (after.holds !== before.holds) yield* auditHolds(before.holds, after.holds, { tell, saying, now: now.getTime() })
}

interface Telling {
  readonly tell: Tell
  readonly saying: Saying | undefined
}

function* auditHolds(
  before: readonly Hold[],
  after: readonly Hold[],
  { tell, saying, now }: Telling & { readonly now: number },
): Steps<void> {
  const known = new Set(before.map(textOf))
  for (const hold of after) {
    if (!known.has(textOf(hold)))
      yield* tell('hold.set', hold.by, { on: hold.on, why: hold.why, until: timeOf(hold.until) })
  }
  const isLeft = ({ on, by }: Hold): boolean => after.some((hold) => hold.on === on && hold.by === by)
  for (const hold of before) {
    // What is over is forgotten without a word.
    if (hold.until > now && !isLeft(hold))
      yield* tell('hold.released', saying?.by ?? 'till', { on: hold.on, held_by: hold.by, why: hold.why })
  }
}

const SILENT: RunControl = { approvals: [], released: {} }

function* auditControls(
  before: Readonly<Record<string, RunControl>>,
  after: Readonly<Record<string, RunControl>>,
  telling: Telling,
): Steps<void> {
  for (const run of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was = SILENT, is = SILENT] = [before[run], after[run]]
    if (is !== was) yield* auditControl(run, { was, is }, telling)
  }
}

function* auditControl(
  run: string,
  { was, is }: { readonly was: RunControl; readonly is: RunControl },
  { tell, saying }: Telling,
): Steps<void> {
  for (const { by, ...about } of newVoices(was, is, saying)) yield* tell('run.approved', by, { run, ...about })
  const { aborted, paused } = is
  if (aborted && aborted !== was.aborted) yield* tell('run.aborted', aborted.by, { run, why: aborted.why })
  if (paused && paused !== was.paused) yield* tell('run.paused', paused.by, { run, why: paused.why })
  if (was.paused && !paused) {
    const { by = 'till', why } = saying ?? {}
    yield* tell('run.unpaused', by, { run, ...(why !== undefined && { why }) })
  }
}

/** Who has said yes by now, to which approvals and behind which waves (from 1): one entry for each that did. */
function newVoices(was: RunControl, is: RunControl, saying: Saying | undefined) {
  const known = new Map(was.approvals.map(({ id, given }) => [id, given.length]))
  const news = is.approvals.flatMap(({ id, given }) => given.slice(known.get(id) ?? 0).map((voice) => ({ id, voice })))
  const released = Object.entries(is.released).filter(([wave]) => is.released[wave] !== was.released[wave])
  const people = new Set([...news.map(({ voice }) => voice.by), ...released.map(([, { by }]) => by)])
  return [...people].map((by) => {
    const said = news.filter(({ voice }) => voice.by === by)
    const waves = released.flatMap(([wave, word]) => (word.by === by ? [Number(wave) + 1] : []))
    const proof = said[0]?.voice.proof ?? (saying?.by === by ? saying.proof : undefined)
    return {
      by,
      why: said[0]?.voice.why ?? saying?.why ?? null,
      ...(proof && { proof: { ...proof } }),
      ...(said.length > 0 && { approvals: said.map(({ id }) => id) }),
      ...(waves.length > 0 && { released: waves }),
    }
  })
}

function textOf(hold: Hold): string {
  return JSON.stringify(hold)
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
