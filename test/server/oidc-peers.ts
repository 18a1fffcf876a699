import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error it brings no types
import Provider from 'oidc-provider'

export const CLIENT = { id: 'till', secret: 'T_BASIC' } as const

/** A server on this machine that somebody else speaks through. */
export interface Peer {
  readonly issuer: string
  close(): Promise<void>
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await closed(server)
  return port
}

/** oidc-provider with its own pages for signing in, where any password is right: groups are those of the name. */
export async function oidcProvider(of: {
  readonly redirectUri: string
  readonly secret: string
  readonly groups: Readonly<Record<string, unknown>>
  /** As its address calls this machine; a browser takes "localhost" for another site than 127.0.0.1. */
  readonly host?: string
}): Promise<Peer> {
  const server = createServer()
  const issuer = `http://${of.host ?? '127.0.0.1'}:${await listening(server)}`
  const client = { client_id: CLIENT.id, client_secret: of.secret, redirect_uris: [of.redirectUri] }
  const provider = new Provider(issuer, {
    clients: [client, { ...client, client_id: 'bare', client_secret: undefined, token_endpoint_auth_method: 'none' }],
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: of.groups[id] }),
    }),
    cookies: { keys: ['a key of the test'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
  })
  server.on('request', provider.callback())
  return { issuer, close: () => closed(server) }
}

type Claims = Record<string, unknown>

/** What a provider that lies says in place of the truth. */
export interface Lie {
  readonly claims?: Claims
  readonly algorithm?: 'none' | 'RS256'
  readonly isForged?: boolean
  readonly token?: { readonly status: number; readonly body: unknown }
  readonly userinfo?: Claims
  readonly issuer?: string
  /** What it leads back with. */
  readonly back?: Readonly<Record<string, string>>
}

/** A provider of our own that says what it is told to say. */
export class LyingProvider implements Peer {
  issuer = ''
  lie: Lie = {}
  readonly #server = createServer()
  readonly #key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  readonly #other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  #nonce = ''

  async open(): Promise<void> {
    this.#server.on('request', (request, response) => {
      const url = new URL(request.url ?? '', this.issuer)
      const json = (body: unknown, status = 200): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      if (url.pathname === '/.well-known/openid-configuration') json(this.#metadata())
      else if (url.pathname === '/jwks')
        json({ keys: [{ ...this.#key.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: '1' }] })
      else if (url.pathname === '/userinfo') json(this.lie.userinfo ?? { sub: 's' })
      else if (url.pathname === '/token') json(this.lie.token?.body ?? this.#tokens(), this.lie.token?.status)
      else {
        this.#nonce = url.searchParams.get('nonce') ?? ''
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        const answer = this.lie.back ?? { code: 'a-code' }
        for (const [name, value] of Object.entries({ state: url.searchParams.get('state') ?? '', ...answer }))
          back.searchParams.set(name, value)
        response.writeHead(303, { location: back.href }).end()
      }
    })
    this.issuer = `http://127.0.0.1:${await listening(this.#server)}`
  }

  close(): Promise<void> {
    return closed(this.#server)
  }

  #metadata(): Claims {
    const at = (path: string): string => `${this.issuer}/${path}`
    const endpoints = {
      authorization_endpoint: at('authorize'),
      token_endpoint: at('token'),
      jwks_uri: at('jwks'),
      userinfo_endpoint: at('userinfo'),
    }
    return {
      issuer: this.lie.issuer ?? this.issuer,
      ...endpoints,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'none'],
    }
  }

  #tokens(): Claims {
    const now = Math.floor(Date.now() / 1000)
    const truth = {
      iss: this.issuer,
      aud: CLIENT.id,
      sub: 's',
      nonce: this.#nonce,
      iat: now,
      exp: now + 60,
      preferred_username: 'anna',
      groups: ['tills'],
    }
    const { claims, algorithm = 'RS256', isForged = false } = this.lie
    const key = isForged ? this.#other.privateKey : this.#key.privateKey
    return {
      access_token: 'an-access-token',
      token_type: 'Bearer',
      id_token: signed({ ...truth, ...claims }, algorithm, key),
    }
  }
}

function signed(claims: Claims, algorithm: 'none' | 'RS256', key: KeyObject): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: algorithm, kid: '1' })}.${part(claims)}`
  return `${text}.${algorithm === 'none' ? '' : createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
}

/** A browser as far as signing in goes: cookies by origin, and forms that are sent. */
export class Browser {
  readonly cookies = new Map<string, Map<string, string>>()
  /** Every `Set-Cookie`, as it was sent. */
  readonly told: string[] = []

  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url)
    const jar = this.cookies.get(origin) ?? new Map<string, string>()
    this.cookies.set(origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...(init.headers as object), cookie } })
    for (const set of answer.headers.getSetCookie()) {
      this.told.push(set)
      const [pair = ''] = set.split(';')
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }

  /** Begins to sign in by the provider, as the page does; the address that the browser is sent to. */
  async begin(till: string, to: unknown = '/'): Promise<Response> {
    return this.ask(`${till}/api/v1/sign-in/provider`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: till },
      body: JSON.stringify({ to }),
    })
  }

  /** Goes through the pages of the provider as this person; the address that it leads back to. */
  async wayBack(start: string, till: string, login = ''): Promise<string> {
    let url = start
    for (let steps = 0; steps < 20; steps += 1) {
      const answer = await this.ask(url)
      const location = answer.headers.get('location')
      const next = location ? new URL(location, url).href : await this.#form(url, await answer.text(), login)
      if (next.startsWith(`${till}/`)) return next
      url = next
    }
    throw new Error('the provider does not lead back')
  }

  async #form(url: string, page: string, login: string): Promise<string> {
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(page) ?? []
    const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(page) ?? []
    if (action === '') throw new Error(`no form at ${url}: ${page.slice(0, 2_000)}`)
    const sent = await this.ask(new URL(action, url).href, {
      method: 'POST',
      body: new URLSearchParams({ prompt, login, password: 'any' }),
    })
    return new URL(sent.headers.get('location') ?? '', url).href
  }

  /** All of it; where the browser stands in the end. */
  async signIn(till: string, login: string, to: unknown = '/'): Promise<string> {
    const begun = await this.begin(till, to)
    const { url } = (await begun.json()) as { url: string }
    return this.arrive(await this.wayBack(url, till, login))
  }

  /** Where the server leads from the way back. */
  async arrive(back: string): Promise<string> {
    return (await this.ask(back)).headers.get('location') ?? ''
  }
}
