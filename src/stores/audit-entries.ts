import { hostname } from 'node:os'
import type { AdmissionContent, Hold } from '../core/admission.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { RunEvent } from '../core/events.ts'
import { appendAudit } from './audit.ts'
import { tables } from './schema.ts'
import { rowsOf, type Steps } from './steps.ts'

/** Types of events that may become rows of the log. */
export const AUDITED: ReadonlySet<RunEvent['type']> = new Set([
  'run.started',
  'run.resumed',
  'run.approved',
  'run.aborted',
  'run.paused',
  'run.unpaused',
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
    return isChange(mode)
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
  if (event.type === 'run.rollback') {
    const { wave, failed, limit, devices, rollback_run } = event
    return { by: 'till', host: hostname(), about: { wave, failed, limit, devices, rollback_run } }
  }
  if (event.type === 'run.approved') {
    const { by, why, proof } = event
    return { by, host: hostname(), about: { why, ...(proof && { proof }) } }
  }
  if (event.type === 'run.aborted' || event.type === 'run.paused' || event.type === 'run.unpaused') {
    const { by, why } = event
    return { by, host: hostname(), about: { ...(why !== undefined && { why }) } }
  }
  if (event.type !== 'run.finished') return undefined
  const [row] = yield* rowsOf(tables.selectFrom('runs').select(['mode', 'by', 'host']).where('run', '=', event.run))
  if (!row || !isChange(row.mode)) return undefined
  return { by: row.by, host: row.host, about: { exit_code: event.exit_code, counts: event.counts } }
}

function isChange(mode: string): boolean {
  return mode === 'apply' || mode === 'exec'
}

/** Puts on record who opens or closes the breaker, and who asks not to touch what. */
export function* auditAdmission(before: AdmissionContent, after: AdmissionContent): Steps<void> {
  const tell = (kind: string, by: string, about: AuditEntry['about']): Steps<void> =>
    appendAudit({ at: new Date().toISOString(), kind, by, host: hostname(), about })
  const { opened, closed } = after.breaker
  if (opened && !before.breaker.opened) yield* tell('breaker.opened', 'till', { why: opened.why })
  if (!opened && before.breaker.opened) yield* tell('breaker.closed', closed?.by ?? 'till', { why: closed?.why ?? '' })
  if (after.holds === before.holds) return
  const known = new Set(before.holds.map(textOf))
  for (const hold of after.holds) {
    if (!known.has(textOf(hold)))
      yield* tell('hold.set', hold.by, { on: hold.on, why: hold.why, until: timeOf(hold.until) })
  }
}

function textOf(hold: Hold): string {
  return JSON.stringify(hold)
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
