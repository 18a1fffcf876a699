import { hostname } from 'node:os'
import type { Context } from 'hono'
import { hold } from '../../app/safety/holds.ts'
import { ApiRefused, notFound, tried } from './api-refused.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { readJson } from './questions.ts'
import { demand, type Visitor, visitorOf } from './visitor.ts'

type Asked = Context<DashboardEnv>
const LONGEST = 500

/** Changes of devices, and asking that there are none: as `till apply PLAN` and `till hold`, under the name of the account. */
export function changeRoutes(app: DashboardApp, dashboard: Dashboard): void {
  const visitor = (context: Asked) =>
    visitorOf(context.env.incoming, { accounts: dashboard.accounts(), sessions: dashboard.sessions })
  app.post('/api/v1/runs/:run/apply', async (context) => {
    const who = await visitor(context)
    demand(who, 'change')
    await readJson(context, dashboard.bodies)
    const plan = context.req.param('run') ?? ''
    const device = dashboard.plans.deviceOf(plan)
    const sight = await dashboard.sightOf(who.known)
    if (device !== undefined && !sight.picture.devices.has(device)) throw notFound(`run "${plan.slice(0, 80)}"`)
    const by = who.known.account.name
    const run = await tried(() => dashboard.plans.apply(plan, by))
    const about = { plan, run, device: device ?? null }
    const entry = { at: new Date().toISOString(), kind: 'plan.applied', by, host: hostname(), about }
    await (await dashboard.runs()).audit.append(entry)
    return context.json({ schema: 'till.api-started/1', run }, 202)
  })
  app.post('/api/v1/holds', async (context) => {
    const who = await visitor(context)
    demand(who, 'change')
    const { on, until, why } = await readJson(context, dashboard.bodies)
    const [place, end, because] = [on, until, why].map((one) => (typeof one === 'string' ? one.trim() : ''))
    if (!place || !end || !because || because.length > LONGEST)
      throw new ApiRefused(400, 'It is {"on": "STORE or STORE/DEVICE", "until": "4h", "why": "…"}.')
    await seen(dashboard, who, place)
    const by = who.known.account.name
    const made = await tried(() => hold(dashboard.project(), place, { until: end, because, by }))
    const told = { on: made.on, until: new Date(made.until).toISOString(), by, why: made.why }
    return context.json({ schema: 'till.api-held/1', ...told })
  })
}

/** A store is held by those who see all of it. */
async function seen(dashboard: Dashboard, { known }: Visitor, place: string): Promise<void> {
  const { fleet, picture } = await dashboard.sightOf(known)
  const devices = fleet.stores.get(place)?.devices.map(({ name }) => name) ?? [place]
  if (devices.length === 0 || !devices.every((name) => picture.devices.has(name)))
    throw notFound(`store or device "${place.slice(0, 160)}"`)
}
