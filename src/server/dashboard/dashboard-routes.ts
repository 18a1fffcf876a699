import { Hono } from 'hono'
import { withPatience } from '../../app/history/open-store.ts'
import { AGAIN, AWAY_MS, stateAway } from '../state-away.ts'
import { actionRoutes } from './actions.ts'
import { apiRoutes } from './api.ts'
import { ApiRefused, problem } from './api-refused.ts'
import { changeRoutes, outageRoutes } from './change-actions.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { incidentRoutes } from './incidents.ts'
import { pageRoutes } from './pages.ts'
import { ProviderSignIn, providerRoutes } from './provider-sign-in.ts'
import { reportRoutes } from './reports.ts'
import { SignIn } from './sign-in.ts'
import { Tries } from './tries.ts'
import { isPrivate } from './visitor.ts'

/** No script, style or address but our own; nobody frames us. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
  ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** The API and the pages, for the server to mount at its root. */
export function dashboardRoutes(dashboard: Dashboard): DashboardApp {
  const app: DashboardApp = new Hono<DashboardEnv>()
  app.use('*', async (context, next) => {
    await withPatience(AWAY_MS, next)
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
    if (context.res.headers.get('cache-control') === null) context.res.headers.set('cache-control', 'no-store')
    if (isPrivate(context.env.incoming)) context.res.headers.set('strict-transport-security', 'max-age=31536000')
  })
  const lost = pageRoutes(app)
  actionRoutes(app, dashboard)
  changeRoutes(app, dashboard)
  outageRoutes(app, dashboard)
  incidentRoutes(app, dashboard)
  reportRoutes(app, dashboard)
  // Apart: where a provider fails everybody of an office, accounts with a password are there for that.
  const tries = (): Tries => new Tries(() => performance.now())
  providerRoutes(app, new ProviderSignIn(dashboard, tries()))
  apiRoutes(app, dashboard, new SignIn(dashboard, tries()))
  app.all('/api/*', (context) => problem(context, new ApiRefused(404, 'There is no such question.')))
  app.get('*', lost)
  app.onError((error, context) => {
    if (error instanceof ApiRefused) return problem(context, error)
    const away = stateAway(error, dashboard.log)
    if (away !== undefined) return problem(context, new ApiRefused(503, away, AGAIN))
    dashboard.log.sayOf('bug', `This is a fault of Tillwright itself: ${error.stack ?? error.message}`)
    return context.json(
      { schema: 'till.api-problem/1', status: 500, why: 'A fault of Tillwright itself; its log says more.' },
      500,
    )
  })
  return app
}
