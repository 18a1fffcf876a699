import { createHash } from 'node:crypto'
import type { Channel } from '../../core/escalation.ts'
import type { MessageResult } from '../../core/escalation-store.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { askHttp, basicAuthorization, type HttpAnswer, mayPass } from './ask-http.ts'
import { type ChannelSender, failed, type Outgoing } from './outgoing.ts'

type JiraChannel = Extract<Channel, { kind: 'jira' }>

const LONGEST_SUMMARY = 255
const LOOK_AGAIN_MS = 2_000

/**
 * Issues of Jira Cloud (API 3, texts as documents) and of Jira Data Center (API 2, plain texts). It has no key by which a request is
 * done once: an issue bears a label that is the message's own, and whatever may have arrived is looked for before it is sent again.
 */
export function jiraSender(channel: JiraChannel, token: string): ChannelSender {
  const { url, flavour, user } = channel
  const authorization = user === undefined ? `Bearer ${token}` : basicAuthorization(user, token)
  const root = `${url.replace(/\/$/, '')}/rest/api/${flavour === 'cloud' ? 3 : 2}`
  const ask = (method: string, path: string, body?: JsonValue): Promise<HttpAnswer> =>
    askHttp(`${root}/${path}`, {
      method,
      headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const jira: Jira = { channel, ask, textOf: (text) => (flavour === 'cloud' ? documentOf(text) : text) }
  return {
    async send(outgoing) {
      if (outgoing.kind === 'call') return createIssue(jira, outgoing)
      if (outgoing.ticket === null) return { ...WAITS, why: 'Its issue is not made yet.' }
      return outgoing.kind === 'transition'
        ? moveIssue(jira, outgoing.ticket)
        : comment(jira, outgoing, outgoing.ticket)
    },
  }
}

interface Jira {
  readonly channel: JiraChannel
  readonly ask: (method: string, path: string, body?: JsonValue) => Promise<HttpAnswer>
  readonly textOf: (text: string) => JsonValue
}

const WAITS = { ok: false, inDoubt: false, isFinal: false, isPostponed: true, afterMs: LOOK_AGAIN_MS } as const

/** Label of the issue of a message: what it is found by. */
export function issueLabel(message: string): string {
  return `till-${createHash('sha256').update(message).digest('hex').slice(0, 20)}`
}

async function createIssue(jira: Jira, outgoing: Outgoing): Promise<MessageResult> {
  const { channel, ask, textOf } = jira
  const label = issueLabel(outgoing.message)
  if (outgoing.doubtSince !== null) {
    const found = await findIssue(jira, label)
    if (found.done) return found.result
    // The index may be behind: only silence that has lasted is a no.
    const silence = Date.now() - Date.parse(outgoing.doubtSince)
    const why = 'Whether the issue was made is not known, and Jira does not show it yet.'
    if (silence < channel.indexMs) return { ...WAITS, inDoubt: true, why }
  }
  const { project, issueType, priority, components } = channel
  const summary = outgoing.subject.replace(/\s+/g, ' ').slice(0, LONGEST_SUMMARY)
  const fields: JsonObject = {
    project: { key: project },
    issuetype: { name: issueType },
    summary,
    description: textOf(outgoing.text),
    labels: [label],
    ...(priority !== undefined && { priority: { name: priority } }),
    ...(components.length > 0 && { components: components.map((name) => ({ name })) }),
  }
  const properties = [
    { key: 'till.incident', value: { incident: outgoing.incidents[0] ?? null, message: outgoing.message } },
  ]
  const answer = await ask('POST', 'issue', { fields, properties })
  const key = answer.ok && answer.status === 201 ? keyOf(answer.text) : undefined
  if (key !== undefined) return { ok: true, reference: key }
  // A success that cannot be read is an issue whose key has to be found.
  return notDone(answer, 'making an issue')
}

async function findIssue(
  { channel, ask }: Jira,
  label: string,
): Promise<{ readonly done: true; readonly result: MessageResult } | { readonly done: false }> {
  const jql = `project = "${channel.project}" AND labels = "${label}"`
  const answer =
    channel.flavour === 'cloud'
      ? await ask('POST', 'search/jql', { jql, fields: ['summary'], maxResults: 2 })
      : await ask('POST', 'search', { jql, fields: ['summary'], maxResults: 2 })
  if (!answer.ok || answer.status !== 200) {
    return { done: true, result: { ...notDone(answer, 'looking for an issue'), inDoubt: true, isFinal: false } }
  }
  const { issues } = parsed(answer.text)
  if (!Array.isArray(issues))
    return { done: true, result: failed('Jira: its answer to a search has no issues.', { inDoubt: true }) }
  const [first] = (issues as readonly JsonValue[]).filter(isMap)
  return first === undefined ? { done: false } : { done: true, result: { ok: true, reference: String(first['key']) } }
}

async function comment(
  { ask, textOf }: Jira,
  { message, text, doubtSince }: Outgoing,
  ticket: string,
): Promise<MessageResult> {
  const path = `issue/${encodeURIComponent(ticket)}/comment`
  // Comments have no labels: the message's own name stands in the text.
  const mark = `(${message})`
  if (doubtSince !== null) {
    const known = await ask('GET', `${path}?orderBy=-created&maxResults=100`)
    if (!known.ok || known.status !== 200) return { ...notDone(known, 'reading comments'), inDoubt: true }
    // What is no list of comments says nothing of them.
    if (!Array.isArray(parsed(known.text)['comments']))
      return failed('Jira: its answer has no comments.', { inDoubt: true })
    if (known.text.includes(mark)) return { ok: true, reference: ticket }
  }
  const answer = await ask('POST', path, { body: textOf(`${text}\n\n${mark}`) })
  return answer.ok && answer.status === 201 ? { ok: true, reference: ticket } : notDone(answer, 'a comment')
}

/** Moves an issue by the name of a transition. One that is done already is done. */
async function moveIssue({ channel, ask }: Jira, ticket: string): Promise<MessageResult> {
  const path = `issue/${encodeURIComponent(ticket)}`
  const status = await ask('GET', `${path}?fields=status`)
  if (!status.ok || status.status !== 200) return notDone(status, 'reading its status')
  const category = categoryOf(parsed(status.text))
  if (category === undefined) return failed('Jira: its answer has no status of the issue.')
  if (category === 'done') return { ok: true, reference: ticket }
  const offered = await ask('GET', `${path}/transitions`)
  if (!offered.ok || offered.status !== 200) return notDone(offered, 'reading transitions')
  const { transitions } = parsed(offered.text)
  if (!Array.isArray(transitions)) return failed('Jira: its answer has no transitions of the issue.')
  const all = (transitions as readonly JsonValue[]).filter(isMap)
  const wanted = all.find(({ name }) => String(name).toLowerCase() === channel.closeBy?.toLowerCase())
  if (!wanted) {
    const names = all.map(({ name }) => String(name)).join(', ')
    return failed(`Jira: ${ticket} has no transition "${channel.closeBy}" (it has ${names || 'none'}).`, {
      isFinal: true,
    })
  }
  const fields = channel.resolution === undefined ? {} : { fields: { resolution: { name: channel.resolution } } }
  const answer = await ask('POST', `${path}/transitions`, { transition: { id: String(wanted['id']) }, ...fields })
  return answer.ok && answer.status === 204 ? { ok: true, reference: ticket } : notDone(answer, 'a transition')
}

function notDone(answer: HttpAnswer, what: string): Extract<MessageResult, { readonly ok: false }> {
  if (!answer.ok) return failed(`Jira, ${what}: ${answer.why}.`, { inDoubt: answer.sent })
  const { status, text, afterMs } = answer
  const { errorMessages, errors } = parsed(text)
  const said = [...(Array.isArray(errorMessages) ? errorMessages : []), ...Object.values(isMap(errors) ? errors : {})]
  const detail = said.length > 0 ? ` (${said.map(String).join('; ').slice(0, 300)})` : ''
  // What is answered with a success, or by something between us, may have been done.
  const inDoubt = status < 300 || status >= 500
  return failed(`Jira, ${what}: it answers ${status}${detail}.`, {
    inDoubt,
    isFinal: !mayPass(status) && status >= 300,
    afterMs,
  })
}

function keyOf(text: string): string | undefined {
  const { key } = parsed(text)
  return typeof key === 'string' && key !== '' ? key : undefined
}

function categoryOf({ fields }: JsonObject): string | undefined {
  const status = isMap(fields) && isMap(fields['status']) ? fields['status'] : {}
  const category = isMap(status['statusCategory']) ? status['statusCategory'] : {}
  return typeof category['key'] === 'string' ? category['key'] : undefined
}

function parsed(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as JsonValue
    return isMap(value) ? value : {}
  } catch {
    return {}
  }
}

/** A text in the document format of Atlassian: a paragraph a line. */
function documentOf(text: string): JsonObject {
  const content = text.split('\n').map((line) => {
    return line === ''
      ? { type: 'paragraph', content: [] }
      : { type: 'paragraph', content: [{ type: 'text', text: line }] }
  })
  return { type: 'doc', version: 1, content }
}
