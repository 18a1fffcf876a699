import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEvent, RunStore } from '../../src/core/run-store.ts'
import type { Outbox, SinkSettings, SinkTarget } from '../../src/core/sink.ts'
import { openPostgresOutbox, openPostgresStore } from '../../src/stores/postgres/open.ts'
import { openSqliteOutbox, openSqliteStore } from '../../src/stores/sqlite.ts'
import type { Sending } from '../../src/streams/send.ts'
import type { Sink } from '../../src/streams/sink.ts'

/** A state store with its outbox in a folder of their own, or in a database. */
export class OutboxWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'till-streams-'))
  readonly warnings: string[] = []
  store!: RunStore
  outbox!: Outbox

  readonly #others: RunStore[] = []
  #address: string | undefined

  async open(address?: string): Promise<this> {
    this.#address = address
    if (address !== undefined) {
      this.store = await openPostgresStore(address)
      this.outbox = await openPostgresOutbox(address)
      return this
    }
    this.store = await openSqliteStore(this.state)
    this.outbox = await openSqliteOutbox(this.state)
    return this
  }

  /** The same state as another process has it open. */
  async another(): Promise<RunStore> {
    const store = this.#address === undefined ? openSqliteStore(this.state) : openPostgresStore(this.#address)
    this.#others.push(await store)
    return store
  }

  get state(): string {
    return join(this.folder, 'state.db')
  }

  sending(settings: SinkSettings, sink: Sink): Sending {
    return { settings, sink, outbox: this.outbox, warn: (text) => this.warnings.push(text) }
  }

  async close(): Promise<void> {
    for (const other of this.#others) await other.close()
    await this.outbox.close()
    await this.store.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const HEAD = { schema: 'till.event/1', at: '2026-11-30T10:00:00.000Z' } as const

/** `count` events of a run, of `devices` devices in turn. */
export function someEvents(run: string, count: number, devices = 5): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    ...HEAD,
    run,
    type: 'device.started',
    device: `PL-0001/pos${index % devices}`,
    store: 'PL-0001',
  }))
}

/** Settings of a sink with nothing special. */
export function someSink(to: SinkTarget, more: Partial<SinkSettings> = {}): SinkSettings {
  return {
    name: 'one',
    to,
    topic: 'till/{store}/{kind}',
    topics: {},
    maxBytes: 100_000,
    keep: { days: 7, megabytes: 500, whenFull: 'refuse' },
    source: { file: 'tillwright.yaml' } as SinkSettings['source'],
    ...more,
  }
}

export const asHttp = (url: string, more: Partial<Extract<SinkTarget, { kind: 'http' }>> = {}) =>
  ({ kind: 'http', url, headers: {}, batch: 50, timeoutMs: 2_000, ...more }) as const satisfies SinkTarget

/** What a server for events was sent, and how it answers: a status for each request, by what it holds. */
export class EventServer {
  readonly events: { readonly id: string; readonly subject: string; readonly type: string }[] = []
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = []
  /** `undefined`: it never answers. */
  answer: (ids: readonly string[]) => number | undefined = () => 200
  #server!: Server

  async open(port = 0): Promise<this> {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks).toString()
      const events = JSON.parse(body) as EventServer['events']
      const status = this.answer(events.map(({ id }) => id))
      this.requests.push({ headers: request.headers, body })
      if (status === undefined) return
      if (status < 300) this.events.push(...events)
      response.writeHead(status).end(status < 300 ? '' : 'as the test wants it')
    })
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** The ids in the order in which they came first, by key. */
export function firstByKey(events: EventServer['events']): ReadonlyMap<string, readonly string[]> {
  const seen = new Set<string>()
  const byKey = new Map<string, string[]>()
  for (const { id, subject } of events) {
    if (seen.has(id)) continue
    seen.add(id)
    byKey.set(subject, [...(byKey.get(subject) ?? []), id])
  }
  return byKey
}
