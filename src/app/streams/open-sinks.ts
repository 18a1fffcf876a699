import { isAbsolute, join } from 'node:path'
import { counted } from '../../core/counted.ts'
import { InputError } from '../../core/diagnostic.ts'
import { isFull, type Outbox, type SinkPosition, type SinkSettings } from '../../core/sink.ts'
import { FileSink } from '../../streams/file-sink.ts'
import { HttpSink } from '../../streams/http-sink.ts'
import { type LibraryMissing, loadRdkafka } from '../../streams/kafka-library.ts'
import { KafkaSink } from '../../streams/kafka-sink.ts'
import { MqttSink } from '../../streams/mqtt-sink.ts'
import { drain, keepSending, type Sending } from '../../streams/send.ts'
import type { Sink } from '../../streams/sink.ts'
import { openOutbox } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import { withAuthority } from '../reach/key-files.ts'
import { clearSecret } from './clear-secret.ts'

/** What sends events in this process, until it is stopped. */
export interface Senders {
  /** Throws InputError with SINK_FULL where a sink lacks more than it may, and nothing of it may be let go of. */
  refuseFull(): Promise<void>
  positions(): Promise<readonly SinkPosition[]>
  /** Sends what is left, for so long at most, and lets go. Tells of sinks that still lack something. */
  stop(withinMs: number): Promise<void>
}

/** The sinks of a project; none for a sandbox, whose events are nobody's business. */
export function sinksOf(project: Project): readonly SinkSettings[] {
  return project.paths.state.endsWith('sandbox-state.db') ? [] : project.settings.sinks()
}

/**
 * Has events wait for the sinks of a project, and sends them while this process lives. Throws InputError with
 * SECRET_UNREADABLE where one cannot be spoken to.
 */
export async function startSenders(project: Project, warn: (text: string) => void): Promise<Senders | undefined> {
  const settings = sinksOf(project)
  if (settings.length === 0) return undefined
  const outbox = await openOutbox(project.state)
  const stopping = new AbortController()
  try {
    await outbox.register(settings.map(({ name }) => name))
    const sinks = await openAll(settings, (one) => openSink(project, one, outbox))
    const sending = sinks.map((one) => ({ ...one, outbox, warn }))
    const loops = sending.map((one) => keepSending(one, stopping.signal))
    return {
      refuseFull: () => refuseFull(outbox, settings),
      positions: () => outbox.positions(),
      async stop(withinMs) {
        stopping.abort()
        await Promise.all(loops)
        const late = AbortSignal.timeout(withinMs)
        await Promise.all(sending.map((one) => lastWords(one, late).catch((error) => warn(failed(one, error)))))
        await outbox.close()
      },
    }
  } catch (error) {
    await outbox.close()
    throw error
  }
}

/** Whoever has several to mend is told of all of them. Throws InputError. */
async function openAll(
  settings: readonly SinkSettings[],
  open: (one: SinkSettings) => Promise<Sink>,
): Promise<readonly { readonly settings: SinkSettings; readonly sink: Sink }[]> {
  const opened = await Promise.allSettled(settings.map(async (one) => ({ settings: one, sink: await open(one) })))
  const reasons = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  const bug = reasons.find((reason) => !(reason instanceof InputError))
  if (bug !== undefined) throw bug
  if (reasons.length > 0) throw new InputError((reasons as InputError[]).flatMap(({ diagnostics }) => diagnostics))
  return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

function failed({ settings }: Pick<Sending, 'settings'>, error: unknown): string {
  return `The sink "${settings.name}": ${(error as Error).message}. What waits is kept; see: till sinks status`
}

async function lastWords(one: Sending, signal: AbortSignal): Promise<void> {
  const { trouble } = await drain(one, signal)
  if (trouble === undefined) return
  const position = (await one.outbox.positions()).find(({ sink }) => sink === one.settings.name)
  if (!position || position.pending === 0) return
  one.warn(
    `${counted(position.pending, 'event waits', 'events wait')} for the sink "${one.settings.name}". ${trouble.replace(/\.?$/, '.')} They are kept; see: till sinks status`,
  )
}

async function refuseFull(outbox: Outbox, settings: readonly SinkSettings[]): Promise<void> {
  const positions = await outbox.positions()
  const full = settings.filter(({ name, keep }) => {
    const position = positions.find(({ sink }) => sink === name)
    return keep.whenFull === 'refuse' && position !== undefined && isFull(position, keep, new Date())
  })
  if (full.length === 0) return
  throw new InputError(
    full.map(({ name, source, keep }) => ({
      code: 'SINK_FULL' as const,
      severity: 'error' as const,
      summary: `The sink "${name}" lacks more events than are kept for it (${keep.days} days, ${keep.megabytes} MB), so no new run begins`,
      detail:
        'See what is wrong with it by `till sinks status`; then `till sinks drain`. Or let old ones go: keep.when_full: drop-oldest.',
      source,
    })),
  )
}

/** The sink of settings, with its secrets. Throws InputError with SECRET_UNREADABLE. */
export async function openSink(project: Project, { name, to, source }: SinkSettings, outbox: Outbox): Promise<Sink> {
  const inRoot = (path: string): string => (isAbsolute(path) ? path : join(project.root, path))
  const clear = (reference: string): Promise<string> =>
    clearSecret(project, reference, { what: `The sink "${name}"`, source })
  if (to.kind === 'file') return new FileSink(inRoot(to.path), to)
  if (to.kind === 'kafka') {
    const loaded = await loadRdkafka()
    if (!loaded.library) throw libraryMissing(name, loaded, source)
    const password = to.password === undefined ? undefined : await clear(to.password)
    return new KafkaSink(loaded.library, withAuthority(to, project.root), {
      origin: outbox.id,
      ...(password !== undefined && { password }),
    })
  }
  if (to.kind === 'mqtt') {
    const password = to.password === undefined ? undefined : await clear(to.password)
    return new MqttSink(name, withAuthority(to, project.root), {
      origin: outbox.id,
      ...(password !== undefined && { password }),
    })
  }
  const headers = await Promise.all(
    Object.entries(to.headers).map(
      async ([key, value]) => [key, /^(env|file|command|age):./.test(value) ? await clear(value) : value] as const,
    ),
  )
  const key = to.hmac && (await clear(to.hmac.secret))
  return new HttpSink(withAuthority(to, project.root), {
    headers: Object.fromEntries(headers),
    ...(key !== undefined && { key }),
  })
}

function libraryMissing(name: string, { why, advice }: LibraryMissing, source: SinkSettings['source']): InputError {
  const summary = `The sink "${name}" goes to Kafka, and node-rdkafka ${why}`
  return new InputError([{ code: 'SINK_LIBRARY_MISSING', severity: 'error', summary, detail: advice, source }])
}
