import { InputError } from '../../core/diagnostic.ts'
import type { JsonObject } from '../../core/json.ts'
import { isFull, type Outbox, type SinkPosition, type SinkSettings } from '../../core/sink.ts'
import { didYouMean } from '../../lang/suggest.ts'
import { openOutbox } from '../history/open-store.ts'
import type { Project } from '../project.ts'

/** A sink as it stands: what it goes to, and how far it is. */
export interface SinkStatus extends SinkPosition {
  readonly to: string
  /** Of the project as it is now; others are left of before, and lack something still. */
  readonly configured: boolean
  readonly full: boolean
}

/** Every sink of a project, and those of before that lack something. */
export async function sinksStatus(settings: readonly SinkSettings[], outbox: Outbox): Promise<readonly SinkStatus[]> {
  const positions = await outbox.positions()
  const configured = settings.map((one) => {
    const position = positions.find(({ sink }) => sink === one.name) ?? { ...NOTHING_YET, sink: one.name }
    return { ...position, to: targetText(one), configured: true, full: isFull(position, one.keep, new Date()) }
  })
  const others = positions
    .filter(({ sink, pending }) => pending > 0 && settings.every(({ name }) => name !== sink))
    .map((position) => ({ ...position, to: '', configured: false, full: false }))
  return [...configured, ...others]
}

const NOTHING_YET: SinkPosition = {
  sink: '',
  pending: 0,
  pending_bytes: 0,
  oldest_at: null,
  sent: 0,
  skipped: 0,
  refused: 0,
  dropped: 0,
  trouble: null,
  trouble_since: null,
  last_sent_at: null,
}

function targetText({ to }: SinkSettings): string {
  if (to.kind === 'kafka') return `kafka ${to.brokers.join(', ')}`
  return to.kind === 'file' ? `file ${to.path}` : `${to.kind} ${to.url}`
}

/** As JSON. */
export function statusDocument(sinks: readonly SinkStatus[]): JsonObject {
  return { schema: 'till.sinks/1', sinks: sinks.map((sink) => ({ ...sink })) }
}

/** For a terminal: a block a sink. */
export function statusText(sinks: readonly SinkStatus[], now: Date): string {
  if (sinks.length === 0) return 'There are no sinks. See docs/streams.md for `sinks` of tillwright.yaml.\n'
  return sinks.map((sink) => blockOf(sink, now)).join('')
}

function blockOf(sink: SinkStatus, now: Date): string {
  const waits =
    sink.pending === 0
      ? 'nothing waits'
      : `${sink.pending} wait (${sizeText(sink.pending_bytes)}), the oldest for ${ageText(sink.oldest_at, now)}`
  const head = `${sink.sink}  ${sink.configured ? sink.to : 'not in tillwright.yaml any more'}`
  const lines = [
    `  ${waits}; ${sink.sent} sent, ${sink.skipped} left out, ${sink.refused} refused, ${sink.dropped} dropped`,
  ]
  if (sink.trouble !== null) lines.push(`  takes nothing for ${ageText(sink.trouble_since, now)}: ${sink.trouble}`)
  if (sink.full) lines.push('  full: it lacks more than is kept for it')
  return `${head}\n${lines.join('\n')}\n`
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 100_000) / 10} MB`
}

function ageText(at: string | null, now: Date): string {
  const seconds = at === null ? 0 : Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

/** The settings of a sink by its name. Throws InputError with SINK_UNKNOWN. */
export function namedSink(settings: readonly SinkSettings[], name: string): SinkSettings {
  const found = settings.find((one) => one.name === name)
  if (found) return found
  const names = settings.map((one) => one.name)
  throw new InputError([
    {
      code: 'SINK_UNKNOWN',
      severity: 'error',
      summary: `There is no sink "${name}"`,
      detail: names.length === 0 ? 'tillwright.yaml has none.' : `There are ${names.join(', ')}.`,
      ...didYouMean(name, names),
    },
  ])
}

/** Opens the outbox of a project, with its sinks known to it. The caller closes it. */
export async function registeredOutbox(project: Project, settings: readonly SinkSettings[]): Promise<Outbox> {
  const outbox = await openOutbox(project.state)
  await outbox.register(settings.map(({ name }) => name))
  return outbox
}
