import { isIP } from 'node:net'
import type { LocalAccount, SessionLimits } from '../../core/account.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Sender, SenderProof, ServerSettings } from '../../core/server-settings.ts'
import { valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { readProvider } from './read-provider.ts'
import { selectorOf, wrong } from './server-parts.ts'

const PROOFS = ['token', 'basic', 'hmac', 'certificate'] as const
const RATE = 1_000

/**
 * What a project file that is right by its schema says of the server, and what is wrong with it at its place. What is wrong
 * is left out: a file with problems is not used.
 */
export function readServer(
  parsed: ParsedYaml,
  sourceNames: readonly string[],
): { readonly server: ServerSettings; readonly problems: readonly Diagnostic[] } {
  const problems: Diagnostic[] = []
  const written = valueAt(parsed.value, ['server'])
  const raw = isMap(written) ? written : {}
  const { listen, tls } = raw
  const senders = Object.entries(isMap(raw['senders']) ? raw['senders'] : {}).flatMap(([name, each]) => {
    const read = isMap(each) ? readSender(parsed, name, { raw: each, sourceNames, problems }) : undefined
    return read ? [read] : []
  })
  const files = isMap(tls) ? tls : undefined
  const byCertificate = senders.find(({ proof }) => proof.kind === 'certificate')
  if (byCertificate && typeof files?.['client_ca'] !== 'string') {
    const summary = `"${byCertificate.name}" has a certificate, and nobody is named who signs it`
    problems.push(wrong(summary, 'Name the authorities as server.tls.client_ca.', byCertificate.source))
  }
  const accounts = Object.entries(isMap(raw['accounts']) ? raw['accounts'] : {}).flatMap(([name, each]) => {
    const read = isMap(each) ? readAccount(parsed, name, { raw: each, problems }) : undefined
    return read ? [read] : []
  })
  const server: ServerSettings = {
    ...(typeof listen === 'string' && { listen }),
    ...(files && {
      tls: {
        certificate: String(files['certificate']),
        key: String(files['key']),
        ...(typeof files['client_ca'] === 'string' && { clientCa: files['client_ca'] }),
      },
    }),
    senders,
    accounts,
    proxies: readProxies(parsed, problems),
    ...readProvider(parsed, problems),
    sessions: sessionLimits(raw['sessions']),
    ...('server' in (isMap(parsed.value) ? parsed.value : {}) && { source: parsed.rangeAt(['server'], 'key') }),
  }
  return { server, problems }
}

interface Written {
  readonly raw: JsonObject
  readonly sourceNames: readonly string[]
  readonly problems: Diagnostic[]
}

function readSender(parsed: ParsedYaml, name: string, { raw, sourceNames, problems }: Written): Sender | undefined {
  const path = ['server', 'senders', name]
  const source = parsed.rangeAt(path, 'key')
  const given = PROOFS.filter((proof) => proof in raw)
  if (given.length !== 1) {
    const summary =
      given.length === 0
        ? `"${name}" has no way to prove who it is`
        : `"${name}" has several ways to prove who it is: ${given.join(', ')}`
    problems.push(wrong(summary, `Give it exactly one of ${PROOFS.join(', ')}.`, source))
    return undefined
  }
  const sources = Array.isArray(raw['sources']) ? raw['sources'].map(String) : []
  for (const [index, each] of sources.entries()) {
    if (sourceNames.includes(each)) continue
    const detail = `There are ${sourceNames.join(', ')}.`
    problems.push(wrong(`There is no source "${each}"`, detail, parsed.rangeAt([...path, 'sources', index])))
  }
  const acknowledges = Array.isArray(raw['acknowledges']) ? raw['acknowledges'].map(String) : []
  const devices = selectorOf(parsed, [...path, 'devices'], problems)
  return {
    name,
    proof: proofOf(raw),
    sources,
    acknowledges,
    ...(devices && { devices }),
    perSecond: typeof raw['rate'] === 'number' ? raw['rate'] : RATE,
    source,
  }
}

const ACCOUNT_PROOFS = ['password', 'token'] as const

function readAccount(
  parsed: ParsedYaml,
  name: string,
  { raw, problems }: Pick<Written, 'raw' | 'problems'>,
): LocalAccount | undefined {
  const path = ['server', 'accounts', name]
  const source = parsed.rangeAt(path, 'key')
  const given = ACCOUNT_PROOFS.filter((proof) => proof in raw)
  if (given.length !== 1) {
    const summary =
      given.length === 0 ? `"${name}" has neither a password nor a token` : `"${name}" has a password and a token`
    problems.push(wrong(summary, 'People have a password, programs a token: give it exactly one of them.', source))
    return undefined
  }
  const devices = selectorOf(parsed, [...path, 'devices'], problems)
  const { password, token, partner } = raw
  return {
    name,
    role: raw['role'] as LocalAccount['role'],
    proof:
      typeof password === 'string' ? { kind: 'password', hash: password } : { kind: 'token', secret: String(token) },
    ...(devices && { devices }),
    ...(typeof partner === 'string' && { partner }),
    source,
  }
}

/** Most bits of an address. */
const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

function readProxies(parsed: ParsedYaml, problems: Diagnostic[]): readonly string[] {
  const path = ['server', 'proxies']
  const written = valueAt(parsed.value, path)
  const entries = Array.isArray(written) ? written.map(String) : []
  for (const [index, entry] of entries.entries()) {
    const [address = '', prefix = '0'] = entry.split('/')
    if (Number(prefix) <= (BITS[isIP(address)] ?? -1)) continue
    const detail = 'It is an address or a network: 10.0.0.7, 10.1.0.0/16, 2001:db8::/32.'
    problems.push(wrong(`"${entry}" is no address of a proxy`, detail, parsed.rangeAt([...path, index])))
  }
  return entries
}

function sessionLimits(written: JsonValue | undefined): SessionLimits {
  const raw = isMap(written) ? written : {}
  const ms = (key: string, fallback: string): number => parseDuration(String(raw[key] ?? fallback)) ?? 0
  return { idleMs: ms('idle', '1h'), wholeMs: ms('whole', '12h') }
}

function proofOf(raw: JsonObject): SenderProof {
  const { token, basic, hmac, certificate } = raw
  if (typeof token === 'string') return { kind: 'token', secret: token }
  if (isMap(basic)) return { kind: 'basic', user: String(basic['user']), secret: String(basic['password']) }
  if (!isMap(hmac)) return { kind: 'certificate', name: String(certificate) }
  const header = (key: string, fallback: string): string => String(hmac[key] ?? fallback).toLowerCase()
  return {
    kind: 'hmac',
    secret: String(hmac['secret']),
    header: header('header', 'X-Grafana-Alerting-Signature'),
    timeHeader: header('time_header', 'X-Grafana-Alerting-Timestamp'),
    withinMs: parseDuration(String(hmac['within'] ?? '5m')) ?? 0,
  }
}
