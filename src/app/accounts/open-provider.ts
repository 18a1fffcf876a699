import { createHash } from 'node:crypto'
import { NotNow } from '../../core/diagnostic.ts'
import type { JsonObject } from '../../core/json.ts'
import { PROVIDER_MARK, type RoleRule, type SignInProvider } from '../../core/sign-in-provider.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader, shown } from '../reach/secrets.ts'
import { claimAt, nameIn, valuesAt } from './claims.ts'
import type { KnownAccount } from './open-accounts.ts'
import { ProviderClient } from './provider-client.ts'

/** Where the provider leads people back to, below the public address. */
export const CALLBACK = '/sign-in/callback'

/** Whom the claims let in, or why nobody; `told` is for the log of the server. */
export type Admitted =
  | { readonly ok: true; readonly known: KnownAccount; readonly rule: RoleRule; readonly subject: string }
  | { readonly ok: false; readonly told: string }

/** A provider with what is open to its people; it is asked by `client`. */
export class KnownProvider {
  readonly provider: SignInProvider
  readonly publicUrl: string
  readonly client: ProviderClient
  readonly #rules: readonly { readonly rule: RoleRule; readonly proof: string }[]

  constructor(provider: SignInProvider, of: { readonly publicUrl: string; readonly client: ProviderClient }) {
    this.provider = provider
    this.publicUrl = of.publicUrl
    this.client = of.client
    const settings = digestOf(provider)
    this.#rules = provider.roles.map((rule, index) => ({ rule, proof: `${settings} ${index}` }))
  }

  /** Whether these settings let in the same people. */
  letsInAs(settings: SignInProvider | undefined): boolean {
    return settings !== undefined && digestOf(settings) === digestOf(this.provider)
  }

  /** A rule lets in somebody for whom only some devices exist. */
  get someSeePart(): boolean {
    return this.#rules.some(({ rule }) => rule.devices !== undefined)
  }

  /** Who somebody is by claims that were verified, and by which rule that one is let in. */
  admit(claims: JsonObject): Admitted {
    const { person } = this.provider
    const { sub } = claims
    const name = nameIn(claims, person)
    if (typeof sub !== 'string' || name === undefined) {
      const told = `The claim "${person.join('.')}" is ${claimAt(claims, person) === undefined ? 'missing' : 'no name that can be on record'}`
      return { ok: false, told }
    }
    const found = this.#rules.find(({ rule }) => valuesAt(claims, rule.claim).includes(rule.is))
    if (!found) {
      const paths = new Map(this.provider.roles.map(({ claim }) => [claim.join('.'), claim]))
      const counts = [...paths].map(([path, claim]) => `"${path}" has ${valuesAt(claims, claim).length} values`)
      return { ok: false, told: `No rule of server.oidc.roles fits ${PROVIDER_MARK}${name}: ${counts.join(', ')}` }
    }
    return { ok: true, known: knownAs(`${PROVIDER_MARK}${name}`, found), rule: found.rule, subject: sub }
  }

  /** Whom a session is of that began by a rule which still stands in the same settings. */
  ofProof(account: string, proof: string): KnownAccount | undefined {
    const found = this.#rules.find((one) => one.proof === proof)
    return found && knownAs(account, found)
  }

  /** Claims that rules and names need, and that these lack. */
  lacks(claims: JsonObject): boolean {
    const { person, roles } = this.provider
    return [person, ...roles.map(({ claim }) => claim)].some((path) => claimAt(claims, path) === undefined)
  }
}

function knownAs(name: string, { rule, proof }: { readonly rule: RoleRule; readonly proof: string }): KnownAccount {
  const { role, devices, partner, source } = rule
  const account = { name, role, source, ...(devices && { devices }), ...(partner !== undefined && { partner }) }
  return { account, proof }
}

/** Another one where anything is another by which people are let in. */
function digestOf({ issuer, clientId, person, roles }: SignInProvider): string {
  const rules = roles.map(({ claim, is, role, devices, partner }) => [claim, is, role, devices?.text, partner])
  return createHash('sha256')
    .update(JSON.stringify([issuer, clientId, person, rules]))
    .digest('hex')
}

/** The provider of a repository with its secret, read anew; nobody is asked yet. Throws NotNow where the secret cannot be read. */
export async function openProvider(project: Project): Promise<KnownProvider | undefined> {
  const { provider, publicUrl } = project.settings.server()
  if (!provider || publicUrl === undefined) return undefined
  const { clientSecret, source } = provider
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const secret = clientSecret === undefined ? undefined : await secrets.read(clientSecret)
  if (secret && !secret.ok) {
    const summary = `server.oidc: its secret "${shown(clientSecret ?? '')}" cannot be read`
    const detail = secret.failure.message
    throw new NotNow([{ code: 'SERVER_INVALID', severity: 'error', summary, detail, source }])
  }
  const client = new ProviderClient({ ...provider, secret: secret?.value, redirectUri: `${publicUrl}${CALLBACK}` })
  return new KnownProvider(provider, { publicUrl, client })
}
