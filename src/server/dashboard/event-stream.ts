import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { deviceRow } from '../../app/overview/fleet-lists.ts'
import type { RunProgress } from '../../app/overview/run-progress.ts'
import { runSeen } from '../../app/overview/run-view.ts'
import { type Sight, seesDevice } from '../../app/overview/sight.ts'
import type { JsonValue } from '../../core/json.ts'
import { ApiRefused, notFound } from './api-refused.ts'
import type { Dashboard, DashboardEnv } from './dashboard.ts'
import { asked } from './questions.ts'
import { type Visitor, visitorOf } from './visitor.ts'

/** How often it is looked whether there are news; a browser that is gone is noticed by what is sent in between. */
const LOOK_MS = 1_000
const ALIVE_EACH = 15
const MOST_STREAMS = 500
/** Of one account, so that nobody takes the places of all. */
const MOST_OF_ONE = 100
/** What is not taken for so long is read by nobody. */
const MOST_UNREAD_MS = 30_000

/**
 * Tells pages that there are news, and nothing else: what they are, each asks for itself, and gets what it may see. The stream ends
 * with the session and with the server.
 */
export class EventStream {
  readonly #dashboard: Dashboard
  readonly #marks = new WeakMap<Sight, string>()
  /** Whose each is. */
  readonly #streams = new Map<ServerResponse, string>()

  constructor(dashboard: Dashboard) {
    this.#dashboard = dashboard
  }

  async open(context: Context<DashboardEnv>): Promise<Response> {
    const { incoming, outgoing } = context.env
    // Hono answers it as GET and reads nothing of the answer, which would never end.
    if (incoming.method === 'HEAD') throw new ApiRefused(405, 'It is a stream: ask by GET.', { allow: 'GET' })
    const {
      run: [run],
    } = asked(context, ['run'])
    const visitor = await this.#visitor(context)
    if (run !== undefined && !(await runSeen(await this.#dashboard.sightOf(visitor.known), run)))
      throw notFound(`run "${run.slice(0, 80)}"`)
    this.#take(outgoing, visitor.known.account.name)
    const response = streamSSE(context, async (stream) => {
      try {
        await this.#tell(stream, context, { run, visitor })
      } catch (error) {
        this.#dashboard.log.sayOf('events', `A stream of events has ended: ${error}`)
      } finally {
        this.#streams.delete(outgoing)
      }
    })
    response.headers.set('cache-control', 'no-store')
    // nginx keeps answers back until its buffer is full (ngx_http_proxy_module, proxy_buffering).
    response.headers.set('x-accel-buffering', 'no')
    return response
  }

  /** A place, until the answer is over. Throws ApiRefused where there is none. */
  #take(outgoing: ServerResponse, account: string): void {
    const own = [...this.#streams.values()].filter((name) => name === account).length
    if (this.#streams.size >= MOST_STREAMS || own >= MOST_OF_ONE)
      throw new ApiRefused(503, 'Too many listen.', { 'retry-after': '30' })
    this.#streams.set(outgoing, account)
    outgoing.once('close', () => this.#streams.delete(outgoing))
  }

  async #tell(
    stream: SSEStreamingApi,
    context: Context<DashboardEnv>,
    { run, visitor: first }: { readonly run: string | undefined; readonly visitor: Visitor },
  ): Promise<void> {
    let visitor: Visitor | undefined = first
    let accounts = this.#dashboard.accounts()
    const seen = { fleet: '', run: '' }
    const { outgoing } = context.env
    const goesOn = (): boolean =>
      !stream.aborted && !stream.closed && !outgoing.destroyed && !this.#dashboard.isStopping
    const tell = async (event: string, turn: number): Promise<void> => {
      const timer = setTimeout(() => outgoing.destroy(), MOST_UNREAD_MS)
      await stream.writeSSE({ event, data: String(turn) }).finally(() => clearTimeout(timer))
    }
    for (let turn = 0; goesOn(); turn += 1) {
      const isTime = turn > 0 && turn % ALIVE_EACH === 0
      // Another revision may give that one other devices, or none any more.
      if (isTime || accounts !== this.#dashboard.accounts()) {
        accounts = this.#dashboard.accounts()
        visitor = await this.#visitorStill(context)
      }
      if (!visitor) return
      if (isTime) await tell('alive', turn)
      const now = await this.#news(run, visitor)
      for (const event of ['fleet', 'run'] as const) {
        if (now[event] !== seen[event]) await tell(event, turn)
        seen[event] = now[event]
      }
      await stream.sleep(LOOK_MS)
    }
  }

  async #news(run: string | undefined, { known }: Visitor): Promise<{ readonly fleet: string; readonly run: string }> {
    const sight = await this.#dashboard.sightOf(known)
    const fleet = sight.isWhole ? String(this.#dashboard.keeper.version) : this.#markOf(sight)
    if (run === undefined) return { fleet, run: '' }
    const found = await runSeen(sight, run)
    const progress = await this.#dashboard.follower.of(sight.store, run, { isOver: found?.state !== 'running' })
    const part = sight.isWhole ? progress.seq : partOf(sight, progress)
    return { fleet, run: JSON.stringify([part, found?.state, found?.counts, found?.resumed]) }
  }

  /** Another one where something of what somebody sees is another; a change elsewhere is no news for that one. */
  #markOf(sight: Sight): string {
    const known = this.#marks.get(sight)
    if (known !== undefined) return known
    const hash = createHash('sha256')
    for (const { store } of sight.picture.stores.values()) hash.update(JSON.stringify([store.id, store.name]))
    for (const one of sight.picture.devices.values()) hash.update(JSON.stringify(deviceRow(one)))
    const mark = hash.digest('hex')
    this.#marks.set(sight, mark)
    return mark
  }

  #visitor(context: Context<DashboardEnv>): Promise<Visitor> {
    const { sessions } = this.#dashboard
    return visitorOf(context.env.incoming, { accounts: this.#dashboard.accounts(), sessions, isUse: false })
  }

  /** Who listens, as the revision in force knows that one; undefined: nobody who may. */
  #visitorStill(context: Context<DashboardEnv>): Promise<Visitor | undefined> {
    return this.#visitor(context).catch((error) => {
      if (error instanceof ApiRefused) return undefined
      throw error
    })
  }
}

/** What of a run in progress is about devices of somebody. */
function partOf(sight: Sight, { working, waiting }: RunProgress): JsonValue {
  const own = [...working].filter((name) => seesDevice(sight, name))
  const told = [...waiting.values()].filter(({ device }) => seesDevice(sight, device))
  return [own, told.map(({ device, seq }) => [device, seq])]
}
