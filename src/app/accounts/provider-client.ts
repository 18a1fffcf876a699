import type { ClientAuth, Configuration } from 'openid-client'
import type { JsonObject } from '../../core/json.ts'
import type { Secret } from '../../core/secret.ts'
import { isLoopback, type SignInProvider } from '../../core/sign-in-provider.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { failureOf, ProviderFailed } from './provider-failure.ts'

/** The library is loaded when somebody signs in. */
const library = () => import('openid-client')

const TIMEOUT_S = 10
/** What a provider says of itself holds for so long; that it cannot be asked, for so long. */
const KEPT_MS = 3_600_000
const AWAY_MS = 2_000

/** What binds the way there to the way back. Each is 43 characters by chance. */
export interface SignInBond {
  readonly state: string
  readonly nonce: string
  /** Of PKCE (RFC 7636). */
  readonly verifier: string
}

interface Options extends Pick<SignInProvider, 'issuer' | 'clientId' | 'scopes'> {
  readonly secret: Secret | undefined
  readonly redirectUri: string
}

/**
 * Signs people in by the authorization code flow (OpenID Connect Core 1.0, 3.1) with PKCE, state and nonce, by openid-client,
 * which verifies the ID token with its signature. Every failure is a ProviderFailed.
 */
export class ProviderClient {
  readonly #options: Options
  #known: { readonly at: number; readonly configuration: Promise<Configuration> } | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Where the browser goes to sign in. */
  async begin({ state, nonce, verifier }: SignInBond): Promise<URL> {
    const { redirectUri, scopes } = this.#options
    const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await library()
    const configuration = await this.#configuration()
    const url = await attempt(async () =>
      buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )
    if (url.protocol === 'https:' || isLoopback(url.hostname)) return url
    throw new ProviderFailed('setup', 'its authorization_endpoint is not https')
  }

  /**
   * The claims of whoever came back with this query: those of the ID token, and below them those that the provider tells when
   * asked, where `lacks` says that some are missing.
   */
  async finish(query: string, bond: SignInBond, lacks: (claims: JsonObject) => boolean): Promise<JsonObject> {
    const { authorizationCodeGrant, fetchUserInfo } = await library()
    const configuration = await this.#configuration()
    return attempt(async () => {
      // What the browser was told to come back to, whatever the request says of its host.
      const url = new URL(this.#options.redirectUri)
      url.search = query
      const checks = {
        expectedState: bond.state,
        expectedNonce: bond.nonce,
        pkceCodeVerifier: bond.verifier,
        idTokenExpected: true,
      }
      const tokens = await authorizationCodeGrant(configuration, url, checks)
      const claims = tokens.claims()
      if (!claims) throw new ProviderFailed('refused', 'it gave no ID token')
      const told = claims as unknown as JsonObject
      if (!lacks(told) || configuration.serverMetadata().userinfo_endpoint === undefined) return told
      const more = await fetchUserInfo(configuration, tokens.access_token, claims.sub)
      return { ...(more as unknown as JsonObject), ...told }
    })
  }

  async #configuration(): Promise<Configuration> {
    const known = this.#known
    if (known && performance.now() < known.at) return known.configuration
    const configuration = attempt(() => this.#discover())
    const kept = { at: performance.now() + KEPT_MS, configuration }
    this.#known = kept
    configuration.catch(() => {
      if (this.#known === kept) this.#known = { ...kept, at: performance.now() + AWAY_MS }
    })
    return configuration
  }

  async #discover(): Promise<Configuration> {
    const { allowInsecureRequests, customFetch, discovery, enableNonRepudiationChecks } = await library()
    const { issuer, clientId } = this.#options
    const server = new URL(issuer)
    const isHere = isLoopback(server.hostname)
    const configuration = await discovery(server, clientId, {}, await this.#authentication(), {
      timeout: TIMEOUT_S,
      [customFetch]: boundedFetch,
      execute: [enableNonRepudiationChecks, ...(isHere ? [allowInsecureRequests] : [])],
    })
    // The library lets Microsoft's common issuers be those of any tenant, where anybody may have made himself a group.
    if (new URL(configuration.serverMetadata().issuer).href === server.href) return configuration
    throw new ProviderFailed('setup', 'it names itself by another issuer; name that of one tenant')
  }

  /** By HTTP Basic, which is the default of OpenID Connect Core 1.0 (9), unless the provider says that it takes it in the body alone. */
  async #authentication(): Promise<ClientAuth> {
    const { ClientSecretBasic, ClientSecretPost, None } = await library()
    const secret = this.#options.secret?.reveal()
    if (secret === undefined) return None()
    const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)]
    return (server, ...rest) => {
      const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
      const isBasic = methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
      return (isBasic ? basic : post)(server, ...rest)
    }
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error)
  }
}
