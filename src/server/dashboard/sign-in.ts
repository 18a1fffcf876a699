import type { Context } from 'hono'
import { PasswordCheck } from '../../app/accounts/check-password.ts'
import { VERSION } from '../../app/version.ts'
import { rightsOf } from '../../core/account.ts'
import { ApiRefused } from './api-refused.ts'
import { beginSession, setSessionCookie } from './begin-session.ts'
import type { Dashboard, DashboardEnv } from './dashboard.ts'
import { readJson } from './questions.ts'
import { csrfOf } from './sessions.ts'
import type { Tries } from './tries.ts'
import { refuseOthers, type Visitor } from './visitor.ts'

/** Lets people in by their password, a limited number of tries at a time. */
export class SignIn {
  readonly #passwords = new PasswordCheck()
  readonly #dashboard: Dashboard
  readonly #tries: Tries

  constructor(dashboard: Dashboard, tries: Tries) {
    this.#dashboard = dashboard
    this.#tries = tries
  }

  /** Begins a session. Throws ApiRefused; why somebody is not let in is never told. */
  async signIn(context: Context<DashboardEnv>): Promise<Response> {
    const { incoming } = context.env
    refuseOthers(incoming, this.#dashboard.publicUrl)
    const { account = '', password = '' } = await readJson(context, this.#dashboard)
    if (typeof account !== 'string' || typeof password !== 'string' || account.length > 64)
      throw new ApiRefused(400, 'It is {"account": "…", "password": "…"}.')
    const from = this.#dashboard.addressOf(incoming)
    const known = this.#dashboard.accounts().named(account)
    // What is no name of an account may be a password that was typed into the wrong field.
    const whose = known ? `for "${account}"` : 'for a name that there is not'
    const waitMs = this.#tries.waitMs(account, from)
    if (waitMs > 0) {
      this.#dashboard.log.sayOf(
        `tries ${from} ${known && account}`,
        `Too many wrong passwords ${whose}: refused from ${from}`,
      )
      throw new ApiRefused(429, 'Too many wrong passwords.', { 'retry-after': String(Math.ceil(waitMs / 1000)) })
    }
    this.#tries.begun(account, from)
    const isRight = await this.#passwords.isRight(known, password).catch((error) => {
      this.#tries.unjudged(account, from)
      throw error
    })
    if (isRight === 'busy') this.#tries.unjudged(account, from)
    if (isRight === 'busy') throw new ApiRefused(503, 'Too many sign in at once.', { 'retry-after': '2' })
    if (!isRight || !known) {
      this.#dashboard.log.sayOf(`wrong ${from} ${known && account}`, `A wrong password ${whose}, from ${from}`)
      throw new ApiRefused(401, 'The name or the password is not right.')
    }
    this.#tries.right(account, from)
    return context.json(whoIs(await beginSession(this.#dashboard, context, { known, about: { from } })))
  }

  async signOut(context: Context<DashboardEnv>, { session }: Visitor): Promise<Response> {
    if (!session) throw new ApiRefused(400, 'A token has no session.')
    await this.#dashboard.sessions.end(session.key)
    setSessionCookie(context, { key: '', seconds: 0, isSecure: this.#dashboard.isSecure(context.env.incoming) })
    return context.json({ schema: 'till.api-signed-out/1' })
  }
}

/** What a visitor is told of itself. */
export function whoIs({ known: { account }, session }: Visitor) {
  const { name, role } = account
  return {
    schema: 'till.api-session/1',
    account: name,
    role,
    rights: rightsOf(role),
    sees: account.devices ? 'some' : 'all',
    csrf: session ? csrfOf(session.key) : null,
    until: session ? new Date(session.until).toISOString() : null,
    version: VERSION,
  }
}
