import { hostname } from 'node:os'
import { addOutage, endOutage } from '../../app/outages/change-outages.ts'
import { allOutages, coversIn, outageNote } from '../../app/outages/known-outages.ts'
import { hold } from '../../app/safety/holds.ts'
import { ApiRefused, notFound, tried } from './api-refused.ts'
import type { Dashboard, DashboardApp } from './dashboard.ts'
import { readJson } from './questions.ts'
import { demand, type Visitor } from './visitor.ts'

const LONGEST = 500

/** Changes of devices, and asking that there are none: as `till apply PLAN` and `till hold`, under the name of the account. */
export function changeRoutes(app: DashboardApp, dashboard: Dashboard): void {
  app.post('/api/v1/runs/:run/apply', async (context) => {
    const who = await dashboard.visitor(context, 'change')
    await readJson(context, dashboard)
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
    const who = await dashboard.visitor(context, 'change')
    const { on, until, why } = await readJson(context, dashboard)
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

/** What is known to be out of order: as `till outages add` and `end`. Time that contracts may leave out is for those who may change something. */
export function outageRoutes(app: DashboardApp, dashboard: Dashboard): void {
  app.post('/api/v1/outages', async (context) => {
    const who = await dashboard.visitor(context, 'attend')
    const { on, until, why, closed } = await readJson(context, dashboard)
    const [place, end, because] = [on, until, why].map((one) => (typeof one === 'string' ? one.trim() : ''))
    const isClosed = closed === true || closed === 'on'
    if (
      !place ||
      !end ||
      !because ||
      because.length > LONGEST ||
      !(isClosed || closed === undefined || closed === false)
    )
      throw new ApiRefused(400, 'It is {"on": "STORE or STORE/DEVICE", "until": "4h", "why": "…", "closed": true}.')
    if (isClosed) demand(who, 'change')
    await seen(dashboard, who, place)
    const { fleet, store } = await dashboard.sightOf(who.known)
    const scope = place.includes('/') ? { devices: [place] } : { stores: [place] }
    const wanted = { scope, until: end, because, closed: isClosed, by: who.known.account.name }
    const { outage } = await tried(() => addOutage({ fleet, store }, wanted))
    return context.json({ schema: 'till.api-outage/1', ...outageNote(outage) })
  })
  app.delete('/api/v1/outages/:outage', async (context) => {
    const who = await dashboard.visitor(context, 'attend')
    const id = context.req.param('outage') ?? ''
    const sight = await dashboard.sightOf(who.known)
    const known = (await allOutages(sight.store, sight.fleet)).find(({ outage }) => outage === id)
    const devices = known ? [...sight.fleet.devices.values()].filter(coversIn(sight.fleet, known.scope)) : []
    if (
      !known ||
      !devices.every(({ name }) => sight.picture.devices.has(name)) ||
      (devices.length === 0 && !sight.isWhole)
    )
      throw notFound(`outage "${id.slice(0, 80)}"`)
    if (known.closed) demand(who, 'change')
    const ended = await tried(() => endOutage(sight, { outage: id, by: who.known.account.name }))
    return context.json({ schema: 'till.api-outage/1', ...outageNote(ended) })
  })
}

/** A store is held by those who see all of it. */
async function seen(dashboard: Dashboard, { known }: Visitor, place: string): Promise<void> {
  const { fleet, picture } = await dashboard.sightOf(known)
  const devices = fleet.stores.get(place)?.devices.map(({ name }) => name) ?? [place]
  if (devices.length === 0 || !devices.every((name) => picture.devices.has(name)))
    throw notFound(`store or device "${place.slice(0, 160)}"`)
}
