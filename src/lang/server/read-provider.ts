import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type ClaimPath, isLoopback, type RoleRule, type SignInProvider } from '../../core/sign-in-provider.ts'
import { valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { selectorOf, wrong } from './server-parts.ts'

interface Read {
  readonly publicUrl?: string
  readonly provider?: SignInProvider
}

/** `server.public_url` and `server.oidc`, right by their schema; what is wrong all the same is added to the problems at its place. */
export function readProvider(parsed: ParsedYaml, problems: Diagnostic[]): Read {
  const publicUrl = publicUrlOf(parsed, problems)
  const raw = valueAt(parsed.value, ['server', 'oidc'])
  if (!isMap(raw)) return publicUrl === undefined ? {} : { publicUrl }
  const source = parsed.rangeAt(['server', 'oidc'], 'key')
  if (valueAt(parsed.value, ['server', 'public_url']) === null) {
    const detail = 'Say as server.public_url what browsers call it by: the provider leads people back to it.'
    problems.push(
      wrong('Nobody can sign in by OpenID Connect: the server does not know its own address', detail, source),
    )
  }
  const issuer = issuerOf(parsed, raw, problems)
  const roles = rulesOf(parsed, raw['roles'], problems)
  if (issuer === undefined) return publicUrl === undefined ? {} : { publicUrl }
  const { name, client_id: clientId, client_secret: clientSecret } = raw
  const provider: SignInProvider = {
    name: typeof name === 'string' ? name : new URL(issuer).host,
    issuer,
    clientId: String(clientId),
    ...(typeof clientSecret === 'string' && { clientSecret }),
    scopes: scopesOf(parsed, raw['scopes'], problems),
    person: pathOf(raw['person']),
    roles,
    source,
  }
  return { ...(publicUrl !== undefined && { publicUrl }), provider }
}

function publicUrlOf(parsed: ParsedYaml, problems: Diagnostic[]): string | undefined {
  const path = ['server', 'public_url']
  const written = valueAt(parsed.value, path)
  if (typeof written !== 'string') return undefined
  const url = safeUrl(written)
  if (url) return url.origin
  const detail = `It is https://HOST, or https://HOST:PORT; http only on this machine, as http://127.0.0.1:8455.`
  problems.push(wrong(`"${written}" is no address that people can sign in at`, detail, parsed.rangeAt(path)))
  return undefined
}

function issuerOf(parsed: ParsedYaml, raw: JsonObject, problems: Diagnostic[]): string | undefined {
  const written = String(raw['issuer'])
  if (safeUrl(written)) return written
  const detail = 'It is https://…, or http://… on this machine alone: on the way nobody may change who somebody is.'
  problems.push(
    wrong(`"${written}" is no issuer that can be trusted`, detail, parsed.rangeAt(['server', 'oidc', 'issuer'])),
  )
  return undefined
}

/** Over TLS, or on this machine. */
function safeUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'https:' || isLoopback(url.hostname) ? url : undefined
}

function scopesOf(parsed: ParsedYaml, written: JsonValue | undefined, problems: Diagnostic[]): readonly string[] {
  const scopes = Array.isArray(written) ? written.map(String) : ['openid']
  if (!scopes.includes('openid')) {
    const detail = 'Without it the provider does not say who somebody is (OpenID Connect Core 1.0, 3.1.2.1).'
    problems.push(wrong('"openid" is not among the scopes', detail, parsed.rangeAt(['server', 'oidc', 'scopes'])))
  }
  return scopes
}

function rulesOf(parsed: ParsedYaml, written: JsonValue | undefined, problems: Diagnostic[]): readonly RoleRule[] {
  const first = new Map<string, number>()
  return (Array.isArray(written) ? written : []).flatMap((raw, index) => {
    if (!isMap(raw)) return []
    const path = ['server', 'oidc', 'roles', index]
    const claim = pathOf(raw['claim'])
    const is = String(raw['is'])
    const key = JSON.stringify([claim, is])
    const before = first.get(key)
    if (before !== undefined) {
      const detail = `Rule ${before + 1} is about the same value, and the first one that fits counts: this one never does.`
      problems.push(wrong(`Rule ${index + 1} is never reached`, detail, parsed.rangeAt(path)))
    } else first.set(key, index)
    const devices = selectorOf(parsed, [...path, 'devices'], problems)
    const { partner } = raw
    return {
      claim,
      is,
      role: raw['role'] as RoleRule['role'],
      ...(devices && { devices }),
      ...(typeof partner === 'string' && { partner }),
      source: parsed.rangeAt(path),
    }
  })
}

function pathOf(written: JsonValue | undefined): ClaimPath {
  return Array.isArray(written) ? written.map(String) : [String(written)]
}
