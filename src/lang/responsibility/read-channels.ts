import type { Diagnostic } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import { CHAIN_UNTIL, type ChainStep, type Channel, type Contact } from '../../core/escalation.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { isTimeZone } from '../../core/zoned-time.ts'
import { BATCH_VARIABLES, MESSAGE_VARIABLES } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { didYouMean } from '../suggest.ts'
import { compileTemplate } from '../template.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { serviceHours } from './service-hours.ts'

const SMTP_PORT = { tls: 465, starttls: 587, none: 25 } as const
const INDEX = '1m'
const WITHIN = '10m'
const TIMES = 3
const GATHER = '2s'

/** How something that is wrong is told: `path` leads to it from the matrix. */
export type Report = (
  path: ValuePath,
  said: { part?: 'key' | 'value'; summary: string; detail: string; hint?: string },
) => void

/** Where the matrix stands, and where what is wrong with it goes. */
export interface Reading {
  readonly parsed: ParsedYaml
  readonly at: ValuePath
  readonly report: Report
  readonly problems: Diagnostic[]
}

/** Ways to tell people, by name. */
export function readChannels(raw: JsonValue | undefined, reading: Reading): ReadonlyMap<string, Channel> {
  const channels = Object.entries(isMap(raw) ? raw : {}).flatMap(([name, each]): readonly Channel[] => {
    if (!isMap(each)) return []
    const { smtp, http, jira } = each
    if (isMap(smtp)) return [smtpOf(name, smtp)]
    if (isMap(jira)) return [jiraOf(name, jira)]
    return isMap(http) ? httpOf(name, http, reading) : []
  })
  return new Map(channels.map((channel) => [channel.name, channel]))
}

function smtpOf(name: string, raw: JsonObject): Channel {
  const { host, port, security: written, user, password, from } = raw
  const security = written === 'tls' || written === 'none' ? written : 'starttls'
  return {
    name,
    kind: 'smtp',
    host: String(host),
    port: typeof port === 'number' ? port : SMTP_PORT[security],
    security,
    from: String(from),
    gatherMs: gatherMs(raw, GATHER),
    ...(typeof user === 'string' && { login: { user, password: String(password) } }),
  }
}

function jiraOf(name: string, raw: JsonObject): Channel {
  const { url, user, token, project, issue_type: issueType, priority, close_by: closeBy, resolution } = raw
  return {
    name,
    kind: 'jira',
    url: String(url),
    flavour: raw['flavour'] === 'server' ? 'server' : 'cloud',
    ...(typeof user === 'string' && { user }),
    token: String(token),
    project: String(project),
    issueType: String(issueType),
    ...(typeof priority === 'string' && { priority }),
    components: Array.isArray(raw['components']) ? raw['components'].map(String) : [],
    ...(typeof closeBy === 'string' && { closeBy }),
    ...(typeof resolution === 'string' && { resolution }),
    indexMs: parseDuration(String(raw['index'] ?? INDEX)) ?? 0,
  }
}

function httpOf(name: string, raw: JsonObject, { parsed, at, problems }: Reading): readonly Channel[] {
  const { url, token, basic, headers, body, per_second: perSecond, attempts, acknowledged } = raw
  const path = [...at, 'channels', name, 'http', 'body']
  const compiled = compileTemplate(isMap(body) ? body : {}, { variables: MESSAGE_VARIABLES })
  if (!compiled.ok) {
    for (const problem of compiled.problems) {
      const inside = [...path, ...problem.path]
      const value = String(valueAt(parsed.value, inside))
      problems.push(expressionDiagnostic(problem, parsed, { path: inside, value }))
    }
    return []
  }
  // A body that is about one incident is made for each.
  const isAboutOne = !compileTemplate(isMap(body) ? body : {}, { variables: BATCH_VARIABLES }).ok
  const channel: Channel = {
    name,
    kind: 'http',
    url: String(url),
    ...(typeof token === 'string' && { token }),
    ...(isMap(basic) && { basic: { user: String(basic['user']), password: String(basic['password']) } }),
    headers: Object.fromEntries(
      Object.entries(isMap(headers) ? headers : {}).map(([key, value]) => [key, String(value)]),
    ),
    body: compiled.template,
    ...(typeof perSecond === 'number' && { perSecond }),
    ...(typeof attempts === 'number' && { attempts }),
    inTradingHours: raw['trading_hours'] === true,
    gatherMs: gatherMs(raw, isAboutOne ? '0s' : GATHER),
    ...(isMap(acknowledged) && { acknowledged: acknowledgedOf(acknowledged) }),
  }
  return [channel]
}

function acknowledgedOf({ within, times }: JsonObject): { readonly withinMs: number; readonly times: number } {
  return {
    withinMs: parseDuration(String(within ?? WITHIN)) ?? 0,
    times: typeof times === 'number' ? times : TIMES,
  }
}

function gatherMs({ gather }: JsonObject, otherwise: string): number {
  return parseDuration(String(gather ?? otherwise)) ?? 0
}

/** People by name, with the hours in which they are there. */
export function readContacts(
  raw: JsonValue | undefined,
  { channels, report }: Reading & { readonly channels: ReadonlyMap<string, Channel> },
): ReadonlyMap<string, Contact> {
  const contacts = Object.entries(isMap(raw) ? raw : {}).flatMap(([name, each]): readonly Contact[] => {
    if (!isMap(each)) return []
    const { channel, to, hours: written, time_zone: zone } = each
    const path = ['contacts', name]
    unlessKnown([...path, 'channel'], { what: 'channel', name: String(channel), names: [...channels.keys()] }, report)
    const contact = { name, channel: String(channel), to: String(to ?? '') }
    if (written === undefined) return [contact]
    const { hours, problems } = serviceHours(written)
    for (const { path: inside, ...said } of problems) report([...path, 'hours', ...inside], said)
    const timeZone = String(zone ?? 'UTC')
    if (!isTimeZone(timeZone))
      report([...path, 'time_zone'], {
        summary: `There is no time zone "${timeZone}"`,
        detail: 'Use an IANA name such as Europe/Warsaw.',
      })
    return [{ ...contact, duty: { hours, timeZone } }]
  })
  return new Map(contacts.map((contact) => [contact.name, contact]))
}

/** The chain of a team: who is told, one after the other. */
export function readChain(
  raw: JsonValue | undefined,
  { team, contacts, report }: Reading & { readonly team: string; readonly contacts: ReadonlyMap<string, Contact> },
): readonly ChainStep[] {
  const times = new Map<string, number>()
  return (Array.isArray(raw) ? (raw as readonly JsonValue[]) : []).flatMap((each, index) => {
    if (!isMap(each)) return []
    const contact = String(each['to'])
    const path = ['teams', team, 'chain', index, 'to']
    unlessKnown(path, { what: 'contact', name: contact, names: [...contacts.keys()] }, report)
    const count = (times.get(contact) ?? 0) + 1
    times.set(contact, count)
    return {
      key: count === 1 ? contact : `${contact}-${count}`,
      contact,
      afterMs: parseDuration(String(each['after'] ?? '0s')) ?? 0,
      until: CHAIN_UNTIL.find((one) => one === each['until']) ?? 'taken',
    }
  })
}

/** Reports a name that nothing bears, with the nearest one. */
export function unlessKnown(
  path: ValuePath,
  { what, name, names }: { readonly what: string; readonly name: string; readonly names: readonly string[] },
  report: Report,
): void {
  if (names.includes(name)) return
  const detail = names.length === 0 ? `No ${what}s are written.` : `There are ${names.join(', ')}.`
  report(path, { summary: `There is no ${what} "${name}"`, detail, ...didYouMean(name, names) })
}
