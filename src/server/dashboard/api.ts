import type { Context } from 'hono'
import { deviceView, storeView } from '../../app/overview/device-view.ts'
import { listDevices, listStores, overview } from '../../app/overview/fleet-lists.ts'
import { ANY_STATES_WORST_FIRST } from '../../app/overview/fleet-picture.ts'
import { mapView } from '../../app/overview/map-view.ts'
import { outagesSeen } from '../../app/overview/outages-seen.ts'
import { listRuns, runDeviceView, runSeen, runView } from '../../app/overview/run-view.ts'
import { samplesSeen } from '../../app/overview/samples-view.ts'
import { searchFleet } from '../../app/overview/search-fleet.ts'
import { type Sight, withoutOthers } from '../../app/overview/sight.ts'
import { SELLS } from '../../core/can-sell.ts'
import { DEVICE_KINDS } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import { ApiRefused, notFound } from './api-refused.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { EventStream } from './event-stream.ts'
import { among, asked, pageOf } from './questions.ts'
import { type SignIn, whoIs } from './sign-in.ts'

type Asked = Context<DashboardEnv>
const MOST_DAYS = 400
const ORDERS = ['name', 'worst'] as const

/** Routes of the API: each gets the sight of who asks, and asks nothing else. */
export function apiRoutes(app: DashboardApp, dashboard: Dashboard, signIn: SignIn): void {
  const events = new EventStream(dashboard)
  const seen =
    (answer: (sight: Sight, context: Asked) => Promise<JsonObject> | JsonObject) =>
    async (context: Asked): Promise<Response> => {
      const sight = await dashboard.sightOf((await dashboard.visitor(context, 'anyone')).known)
      const told = { as_of: new Date(sight.picture.at).toISOString(), ...(await answer(sight, context)) }
      return context.json(withoutOthers(sight, told))
    }
  app.post('/api/v1/session', (context) => signIn.signIn(context))
  app.get('/api/v1/session', async (context) => context.json(whoIs(await dashboard.visitor(context, 'anyone'))))
  app.delete('/api/v1/session', async (context) => signIn.signOut(context, await dashboard.visitor(context, 'anyone')))
  app.get(
    '/api/v1/overview',
    seen((sight, context) => {
      asked(context, [])
      return { schema: 'till.api-overview/1', ...overview(sight) }
    }),
  )
  app.get('/api/v1/events', (context) => events.open(context))
  app.get('/api/v1/map', seen(map))
  app.get('/api/v1/outages', seen(outages))
  app.get(
    '/api/v1/stores',
    seen((sight, context) => stores(dashboard, sight, context)),
  )
  app.get('/api/v1/stores/:store', seen(store))
  app.get(
    '/api/v1/devices',
    seen((sight, context) => devices(dashboard, sight, context)),
  )
  app.get('/api/v1/devices/:store/:device', seen(device))
  app.get('/api/v1/devices/:store/:device/samples', seen(samples))
  app.get(
    '/api/v1/search',
    seen((sight, context) => search(dashboard, sight, context)),
  )
  app.get(
    '/api/v1/runs',
    seen((sight, context) => runs(dashboard, sight, context)),
  )
  app.get(
    '/api/v1/runs/:run',
    seen((sight, context) => run(dashboard, sight, context)),
  )
  app.get('/api/v1/runs/:run/devices/:store/:device', seen(runDevice))
}

function stores({ lists }: Dashboard, sight: Sight, context: Asked): JsonObject {
  const { limit, after, order, ...wanted } = asked(context, [
    'region',
    'store',
    'state',
    'sells',
    'order',
    'limit',
    'after',
  ])
  among('state', wanted.state, ANY_STATES_WORST_FIRST)
  among('sells', wanted.sells, SELLS)
  among('order', order, ORDERS)
  const { rows, ...page } = listStores(
    sight,
    { ...wanted, order: order[0] },
    pageOf(context, { limit, after }, { lists, key: sight.key }),
  )
  return { schema: 'till.api-stores/1', ...page, stores: rows }
}

async function outages(sight: Sight, context: Asked): Promise<JsonObject> {
  asked(context, [])
  return { schema: 'till.api-outages/1', outages: await outagesSeen(sight) }
}

function map(sight: Sight, context: Asked): JsonObject {
  const wanted = asked(context, ['region', 'state', 'sells'])
  among('state', wanted.state, ANY_STATES_WORST_FIRST)
  among('sells', wanted.sells, SELLS)
  return { schema: 'till.api-map/1', ...mapView(sight, wanted) }
}

async function store(sight: Sight, context: Asked): Promise<JsonObject> {
  asked(context, [])
  const id = context.req.param('store') ?? ''
  const view = await storeView(sight, id)
  if (!view) throw notFound(`store "${id.slice(0, 80)}"`)
  return { schema: 'till.api-store/1', ...view }
}

function devices({ lists }: Dashboard, sight: Sight, context: Asked): JsonObject {
  const { limit, after, order, ...wanted } = asked(context, [
    'region',
    'store',
    'kind',
    'state',
    'order',
    'limit',
    'after',
  ])
  among('state', wanted.state, ANY_STATES_WORST_FIRST)
  among('kind', wanted.kind, DEVICE_KINDS)
  among('order', order, ORDERS)
  const { rows, ...page } = listDevices(
    sight,
    { ...wanted, order: order[0] },
    pageOf(context, { limit, after }, { lists, key: sight.key }),
  )
  return { schema: 'till.api-devices/1', ...page, devices: rows }
}

async function device(sight: Sight, context: Asked): Promise<JsonObject> {
  asked(context, [])
  const name = nameIn(context)
  const view = await deviceView(sight, name)
  if (!view) throw notFound(`device "${name}"`)
  return { schema: 'till.api-device/1', ...view }
}

async function samples(sight: Sight, context: Asked): Promise<JsonObject> {
  const { days: asks } = asked(context, ['days'])
  const days = Number(asks[0] ?? 8)
  if (!(days >= 1 && days <= MOST_DAYS)) throw new ApiRefused(400, `"days" is a number from 1 to ${MOST_DAYS}.`)
  const view = await samplesSeen(sight, nameIn(context), days)
  if (!view) throw notFound(`device "${nameIn(context)}"`)
  return { schema: 'till.api-samples/1', ...view }
}

async function search({ incidents }: Dashboard, sight: Sight, context: Asked): Promise<JsonObject> {
  const { q } = asked(context, ['q'])
  return {
    schema: 'till.api-search/1',
    ...(await searchFleet({ sight, store: incidents }, (q.join(' ') ?? '').slice(0, 100))),
  }
}

async function runs({ lists }: Dashboard, sight: Sight, context: Asked): Promise<JsonObject> {
  const { limit, after } = asked(context, ['limit', 'after'])
  const { rows, next } = await listRuns(sight, pageOf(context, { limit, after }, { lists, key: sight.key }))
  return { schema: 'till.api-runs/1', next, runs: rows }
}

async function run({ follower, plans, lists }: Dashboard, sight: Sight, context: Asked): Promise<JsonObject> {
  const { limit, after, state } = asked(context, ['state', 'limit', 'after'])
  among('state', state, ANY_STATES_WORST_FIRST)
  const id = context.req.param('run') ?? ''
  const found = await runSeen(sight, id)
  if (!found) throw notFound(`run "${id.slice(0, 80)}"`)
  const progress = await follower.of(sight.store, id, { isOver: found.state !== 'running' })
  return {
    schema: 'till.api-run/1',
    appliable: plans.deviceOf(id) !== undefined,
    paused: await pausedOf(sight, found),
    ...(await runView(sight, found, {
      progress,
      page: pageOf(context, { limit, after }, { lists, key: sight.key }),
      states: state,
    })),
  }
}

/** Who holds a run that is in progress. */
async function pausedOf({ store, fleet }: Sight, { run, state }: RunSummary): Promise<JsonObject | null> {
  if (state !== 'running') return null
  const paused = (await store.admission.read(await store.fleets.keyOf(fleet))).runs?.[run]?.paused
  return paused ? { by: paused.by, why: paused.why, at: new Date(paused.at).toISOString() } : null
}

async function runDevice(sight: Sight, context: Asked): Promise<JsonObject> {
  asked(context, [])
  const id = context.req.param('run') ?? ''
  const found = await runSeen(sight, id)
  const view = found && (await runDeviceView(sight, found, nameIn(context)))
  if (!view) throw notFound(`device "${nameIn(context)}" in a run "${id.slice(0, 80)}"`)
  return { schema: 'till.api-run-device/1', ...view }
}

function nameIn(context: Asked): string {
  return `${context.req.param('store')}/${context.req.param('device')}`.slice(0, 160)
}
