import { hostname } from 'node:os'
import type { Context } from 'hono'
import type { KnownAccount } from '../../app/accounts/open-accounts.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Dashboard, DashboardEnv } from './dashboard.ts'
import { cookieName, isPrivate, type Visitor } from './visitor.ts'

/** Begins a session of somebody who has proved who it is, on record with what belongs to it. `isSecure`: that one has come by https for certain. */
export async function beginSession(
  dashboard: Dashboard,
  context: Context<DashboardEnv>,
  {
    known,
    about,
    isSecure = dashboard.isSecure(context.env.incoming),
  }: { readonly known: KnownAccount; readonly about: JsonObject; readonly isSecure?: boolean },
): Promise<Visitor> {
  const key = await dashboard.sessions.begin(known)
  const store = await dashboard.runs()
  const at = new Date().toISOString()
  await store.audit.append({ at, kind: 'session.begun', by: known.account.name, host: hostname(), about })
  const { wholeMs, idleMs } = dashboard.limits()
  setSessionCookie(context, { key, seconds: Math.floor(wholeMs / 1000), isSecure })
  return { known, session: { key, until: Date.now() + idleMs } }
}

/** The cookie of a session; `seconds` 0 takes it away. */
export function setSessionCookie(
  context: Context<DashboardEnv>,
  { key, seconds, isSecure = false }: { readonly key: string; readonly seconds: number; readonly isSecure?: boolean },
): void {
  const { incoming } = context.env
  const isByTls = isSecure || isPrivate(incoming)
  const secure = isByTls ? '; Secure' : ''
  const value = `${cookieName(isByTls)}=${key}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`
  context.header('set-cookie', value, { append: true })
}
