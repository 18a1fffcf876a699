import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { KnownAccounts } from '../../app/accounts/known-accounts.ts'
import type { KnownAccount } from '../../app/accounts/open-accounts.ts'
import { mayDo, type Right } from '../../core/account.ts'
import { isSameText } from '../same-text.ts'
import { ApiRefused } from './api-refused.ts'
import { csrfOf, type Sessions } from './sessions.ts'

/** Who asks. */
export interface Visitor {
  readonly known: KnownAccount
  /** Of a browser. */
  readonly session?: { readonly key: string; readonly until: number }
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** The name of the cookie; over TLS no other host, and nobody on the way, can set it (RFC 6265bis, 4.1.3.2). */
export function cookieName(isSecure: boolean): string {
  return isSecure ? '__Host-till' : 'till'
}

export function isPrivate(request: IncomingMessage): boolean {
  return (request.socket as TLSSocket).encrypted === true
}

/** Who asks, by a token or a session. Throws ApiRefused with 401 where that is nobody, and with 403 where another page asks through a browser. */
export async function visitorOf(
  request: IncomingMessage,
  of: {
    readonly accounts: KnownAccounts
    readonly sessions: Sessions
    readonly isUse?: boolean
    readonly publicUrl?: string | undefined
  },
): Promise<Visitor> {
  const { authorization } = request.headers
  const key = keyOf(request)
  // A proxy in front that asks for a password of its own hands that on.
  const isOfProxy = key !== undefined && /^basic /i.test(authorization ?? '')
  if (authorization !== undefined && !isOfProxy) return { known: byToken(authorization, of.accounts) }
  const isUse = of.isUse ?? request.headers['x-till-background'] === undefined
  const open = key === undefined ? undefined : await of.sessions.find(key, { accounts: of.accounts, isUse })
  if (key === undefined || !open) throw new ApiRefused(401, 'Nobody has signed in, or the session is over.')
  if (!SAFE.has(request.method ?? '')) {
    refuseOthers(request, of.publicUrl)
    const given = request.headers['x-till-csrf']
    if (typeof given !== 'string' || !isSameText(given, csrfOf(key)))
      throw new ApiRefused(403, 'The header X-Till-CSRF is missing or wrong.')
  }
  return { known: open.known, session: { key, until: open.until } }
}

/** Throws ApiRefused where a browser says that the page of somebody else asks; a proxy may call the server what it likes. */
export function refuseOthers({ headers }: IncomingMessage, publicUrl: string | undefined): void {
  const site = headers['sec-fetch-site']
  const isOther = site !== undefined && site !== 'same-origin' && site !== 'none'
  const { origin, host } = headers
  if (isOther) throw new ApiRefused(403, 'The page of another site asks.')
  if (origin === undefined || hostOf(origin) === host) return
  if (publicUrl !== undefined && new URL(publicUrl).origin === origin) return
  const told = `The page of another site asks: "${origin.slice(0, 200)}", and this server is asked as "${(host ?? '').slice(0, 200)}".`
  throw new ApiRefused(403, `${told} Behind a proxy, name the address of the browser in server.public_url.`)
}

/** Throws ApiRefused where the role does not reach so far. */
export function demand({ known: { account } }: Visitor, right: Right): void {
  if (mayDo(account.role, right)) return
  throw new ApiRefused(403, `The role ${account.role} may not do that.`)
}

/** The key that the browser keeps. One that no other host can have set counts before one that comes without TLS, as by a proxy or without one. */
function keyOf(request: IncomingMessage): string | undefined {
  const own = cookieOf(request, cookieName(true))
  return own === undefined && !isPrivate(request) ? cookieOf(request, cookieName(false)) : own
}

/** The value of a cookie that the browser sends. */
export function cookieOf({ headers }: IncomingMessage, cookie: string): string | undefined {
  const name = `${cookie}=`
  const found = (headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(name))
  return found?.slice(name.length)
}

function byToken(authorization: string, accounts: KnownAccounts): KnownAccount {
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? []
  if (token === undefined) throw new ApiRefused(401, 'Its Authorization is not Bearer.')
  const digest = createHash('sha256').update(token).digest()
  let found: KnownAccount | undefined
  // With all of them, so that how long it takes says nothing.
  for (const known of accounts.all()) if (known.token && timingSafeEqual(known.token, digest)) found = known
  if (found) return found
  throw new ApiRefused(401, 'Its token is not right.', { 'www-authenticate': 'Bearer realm="till"' })
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}
