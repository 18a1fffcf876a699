import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { withPatience } from '../app/history/open-store.ts'
import { leftOutText, readBody } from '../app/hooks/place-alerts.ts'
import { type Diagnostic, InputError } from '../core/diagnostic.ts'
import type { HookStore, ToldAnswer } from '../core/hook-store.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import type { JsonValue } from '../core/json.ts'
import type { Sender } from '../core/server-settings.ts'
import { certificateNames } from './certificate-names.ts'
import { networkOf } from './client-address.ts'
import type { Dashboard } from './dashboard/dashboard.ts'
import { dashboardRoutes } from './dashboard/dashboard-routes.ts'
import type { HookLoop } from './hook-loop.ts'
import type { Doorkeeper } from './let-in.ts'
import type { Metrics } from './metrics.ts'
import { metricsRoute } from './metrics-route.ts'
import type { Rates } from './rates.ts'
import { type BodyReader, textOfBody } from './read-body.ts'
import type { Revision } from './revisions.ts'
import type { ServerLog } from './server-log.ts'
import type { SourceLoop } from './source-loop.ts'
import { AGAIN, AWAY_MS, stateAway } from './state-away.ts'

/** The answer does not wait for longer than so, until alerts have found their episodes. */
const PATIENCE_MS = 100
/** Whoever sends is answered within so long, though a store hangs: many senders wait for 10 s. */
const LATE_MS = 5_000
/** Requests a second that one address may have refused. */
const REFUSALS = 20

/** The parts of a server that its routes use. */
export interface ServerParts {
  readonly store: HookStore
  readonly incidents: IncidentStore
  readonly loop: HookLoop
  readonly revision: () => Revision
  readonly doorkeeper: () => Doorkeeper
  readonly bodies: BodyReader
  readonly rates: Rates
  readonly metrics: Metrics
  readonly log: ServerLog
  readonly isOurs: () => boolean
  readonly dashboard: Dashboard
  readonly sources: SourceLoop
  /** Why the server is not ready; empty where it is. */
  readonly troubles: () => readonly string[]
}

type Env = { Bindings: HttpBindings }

/** A request that is refused, with the reason. */
class Refused extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, why: string, headers: Readonly<Record<string, string>> = {}) {
    super(why)
    this.status = status
    this.headers = headers
  }
}

export function routesOf(serving: ServerParts): Hono<Env> {
  const app = new Hono<Env>()
  app.use('*', async (context, next) => {
    await next()
    const { headers } = context.res
    headers.set('x-content-type-options', 'nosniff')
    if (headers.get('cache-control') === null) headers.set('cache-control', 'no-store')
  })
  app.on(['POST', 'PUT'], '/hooks/:source', (context) => answered(serving, context))
  app.all('/hooks/:source', () => {
    return refusal(new Refused(405, 'Alerts are sent by POST.', { allow: 'POST, PUT' }))
  })
  app.post('/sources/:source', (context) => broughtEvents(serving, context))
  app.post('/acknowledgements/:message', (context) => acknowledged(serving, context))
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', (context) => {
    const why = serving.troubles()
    const ready = why.length === 0
    return context.json({ schema: 'till.server-ready/1', ready, works: serving.isOurs(), why }, ready ? 200 : 503)
  })
  metricsRoute(app, serving)
  app.route('/', dashboardRoutes(serving.dashboard))
  app.notFound(() => refusal(new Refused(404, 'There is nothing here.')))
  app.onError((error) => {
    const away = stateAway(error, serving.log)
    if (away !== undefined) return refusal(new Refused(503, away, AGAIN))
    serving.log.sayOf('bug', `This is a fault of Tillwright itself: ${error.stack ?? error.message}`)
    return refusal(new Refused(500, 'A fault of Tillwright itself; its log says more.'))
  })
  return app
}

async function answered(serving: ServerParts, context: Context<Env>): Promise<Response> {
  const begun = performance.now()
  const source = context.req.param('source') ?? ''
  const known = serving.revision().sources.has(source) ? source : 'other'
  const count = (status: number): void =>
    serving.metrics.count('till_hook_requests_total', 'Requests to hooks, by source and status.', {
      source: known,
      status: String(status),
    })
  try {
    const answer = await received(serving, context.env.incoming, source)
    count(202)
    serving.metrics.took('till_hook_answer_seconds', 'From a request to its answer.', performance.now() - begun)
    return context.json({ schema: 'till.hook-taken/1', ...answer }, 202)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    count(error.status)
    const from = serving.dashboard.addressOf(context.env.incoming)
    serving.log.sayOf(`${error.status} ${from}`, `Refused (${error.status}) from ${from} to ${known}: ${error.message}`)
    return refusal(error)
  }
}

interface Taken {
  readonly entry: string
  /** null: they are still being placed. */
  readonly alerts: readonly ToldAnswer[] | null
  readonly left_out: number
}

async function received(serving: ServerParts, request: IncomingMessage, source: string): Promise<Taken> {
  return takeIn(serving, request, async ({ sender, body }) => {
    const { sources } = serving.revision()
    if (!sources.has(source) || !mayTell(sender, source))
      throw refusedFor(serving, request, 404, 'There is no such source.')
    const leftOut = leftOutOf(serving, request, { source, body })
    const [entry = ''] = await kept(() => serving.store.receive([{ source, sender: sender.name, body }]))
    if (leftOut > 0) {
      const what = 'Payloads that say that alerts were left out of them, by source.'
      serving.metrics.count('till_hook_payloads_cut_total', what, { source })
      serving.log.sayOf(`left out ${source}`, `A payload of ${source} from ${sender.name}: ${leftOutText(leftOut)}`)
    }
    return { entry, alerts: await placed(serving, entry), left_out: leftOut }
  })
}

/** How many alerts a payload says that it is without. */
function leftOutOf(
  serving: ServerParts,
  request: IncomingMessage,
  { source, body }: { readonly source: string; readonly body: string },
): number {
  try {
    return readBody({ sources: serving.revision().sources }, source, body).leftOut
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw refusedFor(serving, request, 400, sentence(error.diagnostics[0]))
  }
}

/**
 * What a store has kept; Refused where it cannot, or does not in time: what is sent again then and was kept after all comes to the
 * same. What is kept in parts says so of each, and has time again.
 */
async function kept<T>(keep: (tookPart: () => void) => Promise<T>): Promise<T> {
  const refused = () => new Refused(503, 'It could not be kept: send it again later.', AGAIN)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(refused()), LATE_MS)
  })
  try {
    return await Promise.race([withPatience(AWAY_MS, () => keep(() => timer?.refresh())), late])
  } catch (error) {
    throw error instanceof InputError ? refused() : error
  } finally {
    clearTimeout(timer)
  }
}

const UNKNOWN_SOURCE = { state: 'unknown-source' } as const

/** Somebody brings events of devices. They are kept when he is answered. */
async function broughtEvents(serving: ServerParts, context: Context<Env>): Promise<Response> {
  const request = context.env.incoming
  const source = context.req.param('source') ?? ''
  return answerOf(context, () =>
    takeIn(serving, request, async ({ sender, body }) => {
      const reach = serving.revision().reachOf(sender.name)
      const brought = mayTell(sender, source)
        ? await kept((tookPart) => serving.sources.bring(source, body, { reach, tookPart }))
        : UNKNOWN_SOURCE
      if (brought.state === 'unknown-source') throw refusedFor(serving, request, 404, 'There is no such source.')
      if (brought.state === 'too-many') throw refusedFor(serving, request, 413, 'It has more than 10000 events.')
      if (brought.state === 'not-yet')
        throw new Refused(503, 'They are not taken in yet: send them again later.', AGAIN)
      const { taken, repeated } = brought
      return { schema: 'till.events-taken/1', source, taken, repeated }
    }),
  )
}

async function answerOf(context: Context<Env>, taking: () => Promise<object>): Promise<Response> {
  try {
    return context.json(await taking())
  } catch (error) {
    if (error instanceof Refused) return refusal(error)
    throw error
  }
}

function mayTell({ sources, acknowledges }: Sender, source: string): boolean {
  return sources.length > 0 ? sources.includes(source) : acknowledges.length === 0
}

/** Somebody says that a message was heard, or that it was not. */
async function acknowledged(serving: ServerParts, context: Context<Env>): Promise<Response> {
  const request = context.env.incoming
  const message = context.req.param('message') ?? ''
  return answerOf(context, () =>
    takeIn(serving, request, async ({ sender, body }) => {
      const said = readAcknowledgement(body)
      if (!said)
        throw refusedFor(
          serving,
          request,
          400,
          'It is JSON: {"heard": true, "by": "…"}, both of which may be left out.',
        )
      const of = { ...said, channels: sender.acknowledges, now: new Date() }
      const isKnown = await kept(() => serving.incidents.escalations.acknowledge(message, of))
      if (!isKnown) throw refusedFor(serving, request, 404, 'There is no such message.')
      return { schema: 'till.acknowledged/1', message, heard: said.heard }
    }),
  )
}

function readAcknowledgement(body: string): { readonly heard: boolean; readonly by: string | null } | undefined {
  try {
    const value = (body.trim() === '' ? {} : JSON.parse(body)) as JsonValue
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    const { heard = true, by = null } = value as { readonly heard?: JsonValue; readonly by?: JsonValue }
    if (typeof heard !== 'boolean' || (by !== null && typeof by !== 'string')) return undefined
    return { heard, by: by === null ? null : by.slice(0, 200) }
  } catch {
    return undefined
  }
}

/** What became of its alerts, where that is known soon. */
async function placed({ store, loop, isOurs }: ServerParts, entry: string): Promise<Taken['alerts']> {
  if (!isOurs()) return null
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS)
  })
  const taken = store.entry(entry).then((kept) => (kept ? loop.take(kept) : null))
  try {
    return await Promise.race([taken, late])
  } catch {
    // It is kept, and is taken up again.
    return null
  } finally {
    clearTimeout(timer)
    taken.catch(() => undefined)
  }
}

interface Visitor {
  readonly sender: Sender
  readonly body: string
  /** It was not taken in: its signature may come again. */
  giveBack(): void
}

/** Takes in what somebody sends who may. The signature of what was not taken in may come again. */
async function takeIn<T>(
  serving: ServerParts,
  request: IncomingMessage,
  take: (brings: Pick<Visitor, 'sender' | 'body'>) => Promise<T>,
): Promise<T> {
  const { sender, body, giveBack } = await letIn(serving, request)
  try {
    return await take({ sender, body })
  } catch (error) {
    giveBack()
    throw error
  }
}

/** Whoever may not send is told so before its body is read, unless that is what is signed. */
async function letIn(serving: ServerParts, request: IncomingMessage): Promise<Visitor> {
  const { rates } = serving
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(',') : value
  }
  const doorkeeper = serving.doorkeeper()
  const first = doorkeeper.atTheDoor({
    authorization: request.headers.authorization,
    header,
    certificateNames: certificateNames(request.socket, Date.now()),
  })
  // Whoever is known at the door is let in, whatever others from that address do: all may come by one proxy.
  const isKnown = first !== 'signed' && first.ok
  if (!isKnown && !rates.hasRoom(refusalsOf(serving, request), REFUSALS))
    throw new Refused(429, 'Too much from this address was refused.', { 'retry-after': '1' })
  if (first !== 'signed' && !first.ok) throw refusedFor(serving, request, first.status, first.why)
  if (first !== 'signed') limit(serving, first.sender)
  const bytes = await bytesOf(serving, request, first !== 'signed')
  const then = first === 'signed' ? doorkeeper.bySignature({ header }, bytes, Date.now()) : first
  if (!then.ok) throw refusedFor(serving, request, then.status, then.why)
  const { sender, signature } = then
  const giveBack = (): void => {
    if (signature !== undefined) doorkeeper.giveBack(signature)
  }
  if (first === 'signed') {
    try {
      limit(serving, sender)
    } catch (error) {
      giveBack()
      throw error
    }
  }
  const body = textOfBody(bytes)
  if (body !== undefined) return { sender, body, giveBack }
  giveBack()
  throw refusedFor(serving, request, 400, 'Its body is not UTF-8.')
}

async function bytesOf(serving: ServerParts, request: IncomingMessage, isKnown: boolean): Promise<Buffer> {
  const address = serving.dashboard.addressOf(request)
  const read = await serving.bodies.read(request, isKnown ? { kind: 'known' } : { kind: 'unproven', address })
  if (read.ok) return read.bytes
  if (read.status === 503) throw new Refused(503, read.why, AGAIN)
  throw refusedFor(serving, request, read.status, read.why)
}

function limit({ rates }: ServerParts, { name, perSecond }: Sender): void {
  if (rates.take(`sender ${name}`, perSecond)) return
  throw new Refused(429, `More than ${perSecond} requests a second.`, { 'retry-after': '1' })
}

function refusalsOf({ dashboard }: ServerParts, request: IncomingMessage): string {
  return `address ${networkOf(dashboard.addressOf(request))}`
}

function refusedFor(serving: ServerParts, request: IncomingMessage, status: number, why: string): Refused {
  serving.rates.take(refusalsOf(serving, request), REFUSALS)
  return new Refused(status, why, status === 401 ? { 'www-authenticate': 'Bearer realm="till"' } : {})
}

/**
 * The answer to what is refused. A body that was not read is the server's to pass over: who still sends one when its connection
 * is closed never gets to see the answer.
 */
function refusal({ status, message, headers }: Refused): Response {
  const body = JSON.stringify({ schema: 'till.hook-refused/1', status, why: message })
  return new Response(`${body}\n`, { status, headers: { 'content-type': 'application/json', ...headers } })
}

function sentence(diagnostic: Diagnostic | undefined): string {
  return `${diagnostic?.summary ?? 'It cannot be read'}: ${diagnostic?.detail ?? ''}`
}
