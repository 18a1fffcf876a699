import { createHash, randomBytes } from 'node:crypto'
import type { SignInBond } from '../../app/accounts/provider-client.ts'

/** Within so long somebody comes back from the provider. */
export const BOND_MS = 10 * 60_000
/** Most that are remembered as used; beyond, the oldest is forgotten, and the provider takes its code once all the same. */
const MOST_USED = 10_000
const LONGEST_PLACE = 1_500
const HERE = 'http://here.invalid'

/** A bond with the place that somebody wants to go to. */
export interface WayBack extends SignInBond {
  readonly to: string
}

/** The value of the cookie for somebody who goes to the provider, and what is told there of it. */
export function beginWay(to: string, now: number): { readonly cookie: string; readonly bond: SignInBond } {
  const cookie = [now.toString(36), randomBytes(32).toString('base64url'), Buffer.from(to).toString('base64url')].join(
    '.',
  )
  return { cookie, bond: bondOf(cookie) }
}

/**
 * What comes back has to fit to the cookie that the browser was sent away with: state, nonce and verifier are digests of it, so
 * that they are its own, and any server of several knows them. A way back is taken once.
 */
export class WaysBack {
  readonly #places: readonly string[]
  readonly #used = new Map<string, number>()

  /** `places`: first parts of the paths that there are pages for. */
  constructor(places: readonly string[]) {
    this.#places = places
  }

  /** The way back that the cookie and the state belong to; undefined where it is over, was used, or is somebody else's. */
  take(cookie: string | undefined, state: string | null, now: number): WayBack | undefined {
    const [, begun, to] = /^([0-9a-z]{1,12})\.[\w-]{43}\.([\w-]*)$/.exec(cookie ?? '') ?? []
    if (cookie === undefined || begun === undefined || to === undefined || state === null) return undefined
    const age = now - Number.parseInt(begun, 36)
    const bond = bondOf(cookie)
    if (!(age >= 0 && age < BOND_MS) || state !== bond.state || this.#used.has(state)) return undefined
    this.#forget(now)
    this.#used.set(state, now)
    return { ...bond, to: placeOf(Buffer.from(to, 'base64url').toString(), this.#places) }
  }

  #forget(now: number): void {
    for (const [state, at] of this.#used) {
      if (now - at < BOND_MS && this.#used.size < MOST_USED) return
      this.#used.delete(state)
    }
  }
}

/** A place of ours as a path with its question; `/` for what is none, such as an address of somebody else. */
export function placeOf(wanted: unknown, places: readonly string[]): string {
  if (typeof wanted !== 'string' || wanted.length > LONGEST_PLACE || !URL.canParse(wanted, HERE)) return '/'
  const { origin, pathname, search } = new URL(wanted, HERE)
  const [, first = ''] = pathname.split('/')
  return origin === HERE && (pathname === '/' || places.includes(first)) ? `${pathname}${search}` : '/'
}

function bondOf(cookie: string): SignInBond {
  const part = (what: string): string => createHash('sha256').update(`${what}\0${cookie}`).digest('base64url')
  return { state: part('state'), nonce: part('nonce'), verifier: part('verifier') }
}
