import type { Context } from 'hono'
import { CALLBACK, type KnownProvider } from '../../app/accounts/open-provider.ts'
import { ProviderFailed, type ProviderReason } from '../../app/accounts/provider-failure.ts'
import { explainError } from '../../core/explain-error.ts'
import { ApiRefused } from './api-refused.ts'
import { beginSession } from './begin-session.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { PLACE_NAMES, SIGN_IN_PLACE } from './pages.ts'
import { readJson } from './questions.ts'
import { BOND_MS, beginWay, placeOf, WaysBack } from './sign-in-bond.ts'
import type { Tries } from './tries.ts'
import { cookieOf, refuseOthers } from './visitor.ts'

type Asked = Context<DashboardEnv>
/** Why somebody is not in, as the page tells it. */
type Reason = ProviderReason | 'again' | 'nobody' | 'tries' | 'busy'

/** Each waits for the provider for ten seconds at most, three times. */
const MOST_AT_ONCE = 32

/** Lets people in whom a provider of OpenID Connect knows. */
export class ProviderSignIn {
  readonly #dashboard: Dashboard
  readonly #tries: Tries
  readonly #waysBack = new WaysBack(PLACE_NAMES)
  #atOnce = 0

  constructor(dashboard: Dashboard, tries: Tries) {
    this.#dashboard = dashboard
    this.#tries = tries
  }

  /** How somebody can sign in. */
  ways(context: Asked): Response {
    const accounts = this.#dashboard.accounts()
    const provider = accounts.provider ? { name: accounts.provider.provider.name } : null
    return context.json({ schema: 'till.api-sign-in/1', passwords: accounts.hasPasswords, provider })
  }

  /** Tells a page of ours where to go, and gives the browser what it has to come back with. Throws ApiRefused. */
  async begin(context: Asked): Promise<Response> {
    const { incoming } = context.env
    refuseOthers(incoming, this.#dashboard.publicUrl)
    const known = this.#dashboard.accounts().provider
    if (!known) throw new ApiRefused(404, 'Nobody signs in here by a provider.')
    const { origin } = incoming.headers
    // The browser comes back to the public address, and has the cookie there alone.
    if (origin !== known.publicUrl) throw new ApiRefused(409, `That begins at ${known.publicUrl} only.`)
    const { to } = await readJson(context, this.#dashboard)
    const from = this.#dashboard.addressOf(incoming)
    const waitMs = this.#tries.waitMs(undefined, from)
    if (waitMs > 0) throw new ApiRefused(429, 'Too many tries.', { 'retry-after': String(Math.ceil(waitMs / 1000)) })
    const { cookie, bond } = beginWay(placeOf(to, PLACE_NAMES), Date.now())
    try {
      const url = await known.client.begin(bond)
      setBond(context, known, { cookie, seconds: BOND_MS / 1000 })
      return context.json({ schema: 'till.api-sign-in-begun/1', url: url.href })
    } catch (error) {
      if (!(error instanceof ProviderFailed)) throw error
      this.#tell(known, error, from)
      throw new ApiRefused(503, `${known.provider.name} cannot sign anybody in at the moment.`, { 'retry-after': '10' })
    }
  }

  /** Somebody comes back from the provider. Every end is a page: where that one wanted to go, or the sign-in with a reason. */
  async finish(context: Asked): Promise<Response> {
    const { incoming } = context.env
    const from = this.#dashboard.addressOf(incoming)
    const known = this.#dashboard.accounts().provider
    if (!known) return failed(context, 'again')
    const cookie = cookieOf(incoming, bondName(known))
    setBond(context, known, { cookie: '', seconds: 0 })
    const query = new URL(context.req.url).searchParams
    const state = query.get('state')
    if (this.#tries.waitMs(undefined, from) > 0) return failed(context, 'tries')
    const way = this.#waysBack.take(cookie, state, Date.now())
    if (!way) {
      this.#dashboard.log.sayOf(
        `way ${from}`,
        `Somebody from ${from} came back from ${known.provider.name} without having been sent there`,
      )
      return failed(context, 'again')
    }
    if (this.#atOnce >= MOST_AT_ONCE) return failed(context, 'busy')
    this.#atOnce += 1
    this.#tries.begun(undefined, from)
    try {
      const claims = await known.client.finish(query.toString(), way, (told) => known.lacks(told))
      this.#tries.right(undefined, from)
      const admitted = known.admit(claims)
      if (!admitted.ok) {
        this.#dashboard.log.sayOf(`nobody ${from}`, `Not let in from ${from}: ${admitted.told}`)
        return failed(context, 'nobody')
      }
      const { rule, subject } = admitted
      const about = {
        from,
        issuer: known.provider.issuer,
        subject: subject.slice(0, 255),
        role: rule.role,
        rule: `${rule.claim.join('.')} = ${rule.is}`,
      }
      await beginSession(this.#dashboard, context, { known: admitted.known, about, isSecure: isSecure(known) })
      return context.redirect(way.to, 303)
    } catch (error) {
      if (!(error instanceof ProviderFailed)) throw error
      if (error.reason !== 'refused') this.#tries.right(undefined, from)
      this.#tell(known, error, from)
      return failed(context, error.reason)
    } finally {
      this.#atOnce -= 1
    }
  }

  #tell({ provider }: KnownProvider, { reason, message }: ProviderFailed, from: string): void {
    const { log } = this.#dashboard
    const who = `${provider.name} (${provider.issuer})`
    if (reason === 'denied') log.sayOf(`denied ${from}`, `${who} did not sign in somebody from ${from}: ${message}`)
    else if (reason === 'refused')
      log.sayOf(`refused ${from}`, `What ${who} said of somebody from ${from} does not hold: ${message}`)
    else {
      const { code, advice } = explainError('OIDC_PROVIDER_UNUSABLE')
      log.sayOf(`provider ${reason}`, `${code}: ${who}: ${message}. ${advice}`)
    }
  }
}

/** The routes of it; the way back is a page, as a browser comes there. */
export function providerRoutes(app: DashboardApp, signIn: ProviderSignIn): void {
  app.get('/api/v1/sign-in', (context) => signIn.ways(context))
  app.post('/api/v1/sign-in/provider', (context) => signIn.begin(context))
  app.get(CALLBACK, (context) => signIn.finish(context))
}

function failed(context: Asked, why: Reason): Response {
  return context.redirect(`${SIGN_IN_PLACE}?why=${why}`, 303)
}

function isSecure({ publicUrl }: KnownProvider): boolean {
  return publicUrl.startsWith('https:')
}

function bondName(known: KnownProvider): string {
  return isSecure(known) ? '__Host-till-sign-in' : 'till-sign-in'
}

/** Lax, since the browser comes back from another site; over TLS nobody else can set it (RFC 6265bis, 4.1.3.2). */
function setBond(
  context: Asked,
  known: KnownProvider,
  { cookie, seconds }: { readonly cookie: string; readonly seconds: number },
): void {
  const secure = isSecure(known) ? '; Secure' : ''
  const value = `${bondName(known)}=${cookie}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`
  context.header('set-cookie', value, { append: true })
}
