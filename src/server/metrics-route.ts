import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import { withPatience } from '../app/history/open-store.ts'
import { ApiRefused, problem } from './dashboard/api-refused.ts'
import type { Dashboard } from './dashboard/dashboard.ts'
import { visitorOf } from './dashboard/visitor.ts'
import type { Metrics } from './metrics.ts'
import { AWAY_MS } from './state-away.ts'

/**
 * Numbers of the whole fleet. Where there is somebody for whom only a part of it exists, they are told to accounts that see all of it,
 * and to nobody else; otherwise to whoever reaches the server, as a scraper does.
 */
export function metricsRoute(
  app: Hono<{ Bindings: HttpBindings }>,
  { metrics, dashboard }: { readonly metrics: Metrics; readonly dashboard: Dashboard },
): void {
  app.get('/metrics', async (context) => {
    try {
      await withPatience(AWAY_MS, () => demandWhole(dashboard, context.env.incoming))
    } catch (error) {
      if (error instanceof ApiRefused) return problem(context, error)
      throw error
    }
    const text = await withPatience(AWAY_MS, () => metrics.text())
    return context.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
}

async function demandWhole(dashboard: Dashboard, request: IncomingMessage): Promise<void> {
  const accounts = dashboard.accounts()
  if (!accounts.someSeePart) return
  const { known } = await visitorOf(request, { accounts, sessions: dashboard.sessions, isUse: false })
  if (known.account.devices)
    throw new ApiRefused(403, 'These are numbers of the whole fleet, and this account sees a part of it.')
}
