import type { Context } from 'hono'
import { closedMonths } from '../../app/overview/contracts-seen.ts'
import { type ReportAsked, reportJson, reportSeen } from '../../app/overview/report-view.ts'
import { withoutOthers } from '../../app/overview/sight.ts'
import type { Report } from '../../core/report.ts'
import { GROUPINGS, type Grouping, NAMED_REPORTS, type NamedReport, uselessWord } from '../../core/report-names.ts'
import { ApiRefused, notFound, tried } from './api-refused.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { among, asked, pageOf } from './questions.ts'

type Asked = Context<DashboardEnv>
const OF = ['devices', 'selling'] as const
const ORDERS = ['name', 'worst'] as const
const PERIOD = ['period', 'since', 'until'] as const
const AMONG = ['region', 'store', 'kind', 'partner', 'model', 'device'] as const
const OWN = ['by', 'of', 'contract', 'weeks', 'order', 'limit', 'after'] as const
const MOST_WEEKS = 106

/** Reports for those who look: what `till report` tells, of what each sees. */
export function reportRoutes(app: DashboardApp, dashboard: Dashboard): void {
  app.get('/api/v1/reports/:report', async (context) => {
    const { known } = await dashboard.visitor(context, 'anyone')
    const sight = await dashboard.sightOf(known)
    const { wanted, given, order } = questionOf(context)
    const terms = dashboard.terms()
    const from = { ...terms, incidents: dashboard.incidents }
    const page = pageOf(context, given, { lists: dashboard.lists, key: JSON.stringify([sight.key, terms.digest]) })
    // What is kept was made for who sees the same, by the same terms.
    const key = JSON.stringify([dashboard.sightKey(known), sight.fleet.digest, terms.digest, wanted])
    const begun = page.begun as Report | undefined
    const report = begun ?? (await tried(() => dashboard.reports.of(key, () => reportSeen(sight, wanted, from))))
    return context.json(withoutOthers(sight, { schema: 'till.api-report/1', ...reportJson(report, { page, order }) }))
  })
  app.get('/api/v1/sla/closed', async (context) => {
    asked(context, [])
    const sight = await dashboard.sightOf((await dashboard.visitor(context, 'anyone')).known)
    const months = await closedMonths(sight)
    return context.json(withoutOthers(sight, { schema: 'till.api-sla-closed/1', months }))
  })
}

function questionOf(context: Asked) {
  const name = context.req.param('report') ?? ''
  if (!(NAMED_REPORTS as readonly string[]).includes(name)) throw notFound(`report "${name.slice(0, 40)}"`)
  const given = asked(context, [...PERIOD, ...AMONG, ...OWN])
  among('by', given.by, GROUPINGS)
  among('of', given.of, OF)
  among('order', given.order, ORDERS)
  const [period, since, until] = PERIOD.map((each) => given[each][0])
  const [weeks] = given.weeks.map(Number)
  if (weeks !== undefined && !(Number.isInteger(weeks) && weeks >= 1 && weeks <= MOST_WEEKS))
    throw new ApiRefused(400, `"weeks" is a number from 1 to ${MOST_WEEKS}.`)
  const useless = uselessWord(
    name as NamedReport,
    [...AMONG, ...OWN].filter((each) => given[each].length > 0),
  )
  if (useless) throw new ApiRefused(400, `${useless.why}. ${useless.detail}`)
  const groups = AMONG.filter((each) => given[each].length > 0).map((each) => [each, given[each]])
  const wanted: ReportAsked = {
    name: name as NamedReport,
    ...{ period, since, until, weeks },
    by: given.by[0] as Grouping | undefined,
    of: given.of[0] as ReportAsked['of'],
    among: Object.fromEntries(groups),
    contracts: given.contract,
  }
  return { wanted, given, order: (given.order[0] ?? 'name') as (typeof ORDERS)[number] }
}
