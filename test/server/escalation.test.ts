// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { dutiesOf } from '../../src/app/incidents/duties-in-force.ts'
import { incidentOpening } from '../../src/app/incidents/incident-opening.ts'
import { openProject } from '../../src/app/project.ts'
import { incidentState } from '../../src/core/incident.ts'
import type { IncidentStore } from '../../src/core/incident-store.ts'
import { processIdentity } from '../../src/stores/process-identity.ts'
import { openSqliteIncidents } from '../../src/stores/sqlite.ts'
import { errorsOf } from '../cli/published.ts'
import { Jira, type Mishap } from '../peers/jira.ts'
import { SmtpSink } from '../peers/smtp-sink.ts'
import { bearer, NORTH, SECRETS, ServedProject, zabbix } from './served-project.ts'

const seed = Number(process.env['TILL_TEST_SEED'] ?? Date.now() % 1_000_000)
let random = seed
const dice = (sides: number): number => {
  random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
  return Math.floor((random / 2_147_483_648) * sides)
}

interface Post {
  readonly key: string
  readonly authorization: string
  readonly body: { readonly to: string; readonly text: string; readonly incident: string; readonly phone: unknown }
  readonly at: number
}

/** A service that takes JSON, and may lose its answer. */
class Service {
  readonly posts: Post[] = []
  loses: () => boolean = () => false
  readonly #server: Server = createServer((request, response) => {
    void this.#read(request).then(() => (this.loses() ? request.socket.destroy() : response.end('{"id": 7}')))
  })

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #read(request: IncomingMessage): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const { authorization = '' } = request.headers
    const key = String(request.headers['idempotency-key'])
    this.posts.push({ key, authorization, body: JSON.parse(text), at: performance.now() })
  }
}

const sink = new SmtpSink()
const jira = new Jira()
const chat = new Service()
const ports: { mail: number; jira: string; chat: string } = { mail: 0, jira: '', chat: '' }
let till: ServedProject
let store: IncidentStore | undefined

beforeAll(async () => {
  Object.assign(ports, { mail: await sink.start(), jira: await jira.start(), chat: await chat.start() })
})
afterAll(async () => {
  await sink.stop()
  await jira.stop()
  chat.stop()
})
beforeEach(() => {
  sink.mails.length = 0
  chat.posts.length = 0
  jira.issues.length = 0
})
afterEach(async () => {
  await store?.close()
  store = undefined
  await till?.remove()
})

function settings(chain: string, more = ''): string {
  return `server:
  senders:
    all: {token: "env:T_ALL"}
    voice: {token: "env:T_NORTH", acknowledges: [voice, night, phone]}
responsibility:
  channels:
    mail: {smtp: {host: 127.0.0.1, port: ${ports.mail}, security: none, from: "till <till@example.com>", gather: 0s}}
    tickets: {jira: {url: "${ports.jira}", user: till@example.com, token: "env:T_BASIC", project: TILL, issue_type: Incident, close_by: Done, index: 1s}}
    chat: {http: {url: "${ports.chat}", token: "env:T_HMAC", body: {to: "\${{ contact.to }}", text: "\${{ message.text }}", incident: "\${{ incident.incident }}", phone: "\${{ store.owner }}"}}}
    voice: {http: {url: "${ports.chat}", body: {to: "\${{ contact.to }}", text: x, incident: "\${{ incident.incident }}", phone: 1}, per_second: 5, acknowledged: {within: 300ms, times: 2}}}
    night: {http: {url: "${ports.chat}", body: {to: "\${{ contact.to }}", text: x, incident: "\${{ incident.incident }}", phone: 1}, acknowledged: {within: 1m}}}
    closed: {http: {url: "${ports.chat}", body: {to: closed}, trading_hours: true, gather: 0s}}
    phone: {http: {url: "${ports.chat}", body: {to: "\${{ contact.to }}", text: "\${{ message.text }}", incident: "\${{ message.subject }}", phone: "\${{ incidents.size() }}"}, acknowledged: {within: 1m}, gather: 1s}}
    post: {smtp: {host: 127.0.0.1, port: ${ports.mail}, security: none, from: "till <till@example.com>", gather: 1s}}
  contacts:
    desk: {channel: mail, to: desk@example.com}
    boss: {channel: mail, to: boss@example.com}
    away: {channel: mail, to: away@example.com, hours: {mon-sun: closed}}
    nobody: {channel: mail, to: nobody@example.com}
    room: {channel: chat, to: "#tills"}
    issues: {channel: tickets}
    ann: {channel: voice, to: "+48"}
    bob: {channel: night, to: "+49"}
    shop: {channel: closed}
    till: {channel: phone, to: "+50"}
    owner: {channel: post, to: owner@example.com}
  teams: {desk: {chain: ${chain}}}
  rows: [{fault: [drawer, storm], team: desk}]
${more}`
}

/** Opens incidents as `till incidents open` does. */
async function openIncidents(count: number): Promise<readonly string[]> {
  const project = await openProject(till.root)
  const fleet = await project.fleet()
  store ??= await openSqliteIncidents(till.path('.till/state.db'))
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const of = {
      device: `${NORTH}/pos1`,
      store: NORTH,
      origin: 'hand',
      fault: 'drawer',
      severity: 'high',
      by: 'test',
    } as const
    const call = { ...of, key: `k${n}`, title: `Drawer ${n} is stuck, says "--help"` }
    const opening = incidentOpening({ fleet, duties: dutiesOf(project, fleet) }, call)
    ids.push((await store.open(opening, new Date())).incident.incident)
  }
  await project.close()
  return ids
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`not in time: ${what}\\n${till.told}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

async function settled(ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    const messages = (await store?.escalations.messages(id)) ?? []
    if (messages.length < 5 || messages.some(({ state }) => state !== 'sent')) return false
  }
  return true
}

test(`a server that is killed in the middle tells each one once, whatever answers are lost (seed ${seed})`, async () => {
  till = new ServedProject(
    settings(
      '[{to: desk}, {to: room}, {to: issues}, {to: boss, after: 1500ms}, {to: room, after: 2500ms, until: fixed}]',
    ),
  )
  const mishaps: readonly Mishap[] = ['none', 'none', 'after', 'before', '502', 'garbage']
  jira.mishap = () => mishaps[dice(mishaps.length)] ?? 'none'
  jira.indexMs = 500
  chat.loses = () => dice(4) === 0
  sink.loses = () => dice(4) === 0
  await till.serve()
  const ids = await openIncidents(3)
  for (let kill = 0; kill < 3; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 50 + dice(900)))
    await till.end('SIGKILL')
    await till.serve()
  }
  jira.mishap = () => 'none'
  chat.loses = () => false
  sink.loses = () => false
  await until(() => settled(ids), 'everybody is told')
  // E-mail and HTTP may bring one again, under the same name; Jira has one issue each.
  const once = <T>(all: readonly T[], name: (each: T) => string): number => new Set(all.map(name)).size
  expect(jira.issues).toHaveLength(ids.length)
  expect(once(jira.issues, ({ key }) => key)).toBe(ids.length)
  expect(once(sink.mails, ({ id }) => id)).toBe(2 * ids.length)
  expect(once(sink.mails, ({ id, to, text }) => `${id} ${to} ${/X-Till-Incident: (\\S+)/i.exec(text)?.[1]}`)).toBe(
    2 * ids.length,
  )
  expect(once(chat.posts, ({ key }) => key)).toBe(2 * ids.length)
  expect(once(chat.posts, ({ key, body }) => `${key} ${body.incident}`)).toBe(2 * ids.length)
  const [first = ''] = ids
  const calls = (await store?.events(first))?.flatMap((event) => (event.type === 'called' ? [event.step] : []))
  expect([...(calls ?? [])].sort()).toEqual(['boss', 'desk', 'issues', 'room', 'room-2'])
  expect(chat.posts[0]).toMatchObject({
    authorization: `Bearer ${SECRETS.T_HMAC}`,
    body: { to: '#tills', phone: { team: 'ops' } },
  })
  const mail = sink.mails[0]?.text.replaceAll('=\\r\\n', '').replaceAll('=3D', '=')
  for (const words of ['till incidents show ', 'till incidents take ', 'Fault drawer, severity high', 'says "--help"'])
    expect(mail).toContain(words)

  const closing = ['incidents', 'close', first, '--cause', 'worn', '--json']
  const closed = JSON.parse((await till.till(...closing)).stdout)
  expect(errorsOf('incident', closed)).toEqual([])
  const ticket = closed.messages.find(({ contact }: { contact: string }) => contact === 'issues').reference
  await until(() => jira.issues.find(({ key }) => key === ticket)?.status === 'done', 'the issue is moved')
  const issue = jira.issues.find(({ key }) => key === ticket)
  expect(issue?.comments.filter((text) => text.includes('Cause: worn'))).toHaveLength(1)
}, 120_000)

test('whoever is called says that it was heard, or is called again; the next one is told when nobody does', async () => {
  till = new ServedProject(settings('[{to: ann}, {to: bob, after: 30m}, {to: boss, after: 40m}]'))
  await till.serve()
  const [id = ''] = await openIncidents(1)
  await until(() => chat.posts.length >= 3, 'ann was called twice and bob once')
  const to = chat.posts.map(({ body }) => body.to)
  expect(to.slice(0, 3)).toEqual(['+48', '+48', '+49'])
  expect(new Set(chat.posts.slice(0, 2).map(({ key }) => key)).size).toBe(1)
  const key = chat.posts[2]?.key ?? ''
  const say = async (message: string, body: string, headers: Record<string, string> = bearer('T_NORTH')) => {
    const answer = await fetch(`${till.url}/acknowledgements/${message}`, { method: 'POST', body, headers })
    return [answer.status, await answer.json()]
  }
  expect((await say(key, '', {}))[0]).toBe(401)
  expect(await say(key, '{}', bearer('T_ALL'))).toMatchObject([404, { why: 'There is no such message.' }])
  expect(await say('M0', '{}')).toMatchObject([404, {}])
  expect(await say(key, '[]')).toMatchObject([400, {}])
  expect((await till.send('zabbix', {}, bearer('T_NORTH'))).status).toBe(404)
  const heard = await say(key, '{"heard": true, "by": "Bob of the night"}')
  expect([heard, errorsOf('acknowledged', heard[1])]).toMatchObject([[200, { heard: true }], []])
  const shown = JSON.parse((await till.till('incidents', 'show', id, '--json')).stdout)
  expect(errorsOf('incident', shown)).toEqual([])
  expect(shown).toMatchObject({ state: 'taken', owner: 'Bob of the night' })
  expect(shown.messages).toMatchObject([
    { contact: 'ann', state: 'given-up', why: 'Nobody has said that it was heard.' },
    { contact: 'bob', state: 'acknowledged' },
  ])
  expect((await till.till('incidents', 'show', id)).stdout).toContain('heard by Bob of the night')
})

test('several faults of one shop are one call and one mail, also after kill -9; that it was heard counts for all of them', async () => {
  till = new ServedProject(settings('[{to: till}, {to: owner, until: fixed}]'))
  const ids = await openIncidents(3)
  // The answers get lost, so that whether it arrived is in doubt when the server is killed.
  chat.loses = () => true
  sink.loses = () => true
  await till.serve()
  await until(() => chat.posts.length > 0 && sink.mails.length > 0, 'they are told')
  await till.end('SIGKILL')
  const [over = ''] = ids
  await store?.note(over, ({ opened_at: at }) => [{ type: 'closed', at, by: 'test', despite: null }])
  chat.loses = () => false
  sink.loses = () => false
  const known = chat.posts.length
  await till.serve()
  await until(() => chat.posts.length > known, 'the shop is called again')
  const [first, last] = [chat.posts[0], chat.posts.at(-1)]
  expect([first?.body.phone, last?.body.phone, new Set(chat.posts.map(({ key }) => key)).size]).toEqual([3, 2, 1])
  expect(first?.body.incident).toMatch(/^3 incidents at /)
  for (const id of ids) {
    expect(first?.body.text).toContain(`till incidents take ${id}`)
    expect(last?.body.text.includes(id)).toBe(id !== over)
  }
  const all = async () =>
    (await Promise.all(ids.map(async (id) => store?.escalations.messages(id)))).flatMap((of) => of ?? [])
  await until(async () => (await all()).every(({ state }) => !['waiting', 'sending'].includes(state)), 'all are told')
  expect(new Set(sink.mails.map(({ id }) => id)).size).toBe(1)
  expect([...(sink.mails[0]?.text ?? '').matchAll(/X-Till-Incident: (\S+)/gi)].map(([, id]) => id).sort()).toEqual(
    [...ids].sort(),
  )

  const body = '{"by": "Eve"}'
  const url = `${till.url}/acknowledgements/${first?.key}`
  expect((await fetch(url, { method: 'POST', body, headers: bearer('T_NORTH') })).status).toBe(200)
  const owners = await Promise.all(ids.map(async (id) => (await store?.incident(id))?.owner ?? null))
  expect(owners).toEqual([null, 'Eve', 'Eve'])
  const shown = JSON.parse((await till.till('incidents', 'show', ids[1] ?? '', '--json')).stdout)
  expect(errorsOf('incident', shown)).toEqual([])
  const stateOf = ({ contact, state }: Record<string, string>) => [contact, state]
  expect(Object.fromEntries(shown.messages.map(stateOf))).toEqual({ till: 'acknowledged', owner: 'sent' })
  expect(shown.messages.map(({ batch }: Record<string, string>) => batch)).toContain(first?.key)
}, 120_000)

test('whoever is not there is passed over; who is refused for good is given up, and the next one is told', async () => {
  till = new ServedProject(settings('[{to: away}, {to: shop}, {to: nobody}, {to: desk, after: 30m}]'))
  sink.answerTo = (address) => (address.startsWith('nobody') ? '550 no such user' : '250 ok')
  await till.serve()
  const [id = ''] = await openIncidents(1)
  await until(() => sink.mails.length > 0, 'the desk is told')
  expect(sink.mails.map(({ to }) => to)).toEqual([['desk@example.com']])
  const messages = (await store?.escalations.messages(id)) ?? []
  const states = Object.fromEntries(messages.map(({ contact, state, why }) => [contact, [state, why]]))
  expect(states).toMatchObject({
    shop: ['waiting', 'The store does not trade at this hour.'],
    nobody: ['given-up', '127.0.0.1: it answers 550 to RCPT TO: no such user.'],
  })
  const events = (await store?.events(id)) ?? []
  expect(events.filter(({ type }) => type === 'called')).toMatchObject([
    { contact: 'away', message: null },
    { contact: 'shop' },
    { contact: 'nobody' },
    { contact: 'desk' },
  ])
  sink.answerTo = () => '250 ok'

  // The shop need not be called any more once it opens.
  expect((await till.till('incidents', 'take', id)).code).toBe(0)
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  database.prepare("UPDATE messages SET next_at = '2026-01-01T00:00:00.000Z' WHERE contact = 'shop'").run()
  database.close()
  const shop = async () => (await store?.escalations.messages(id))?.find(({ contact }) => contact === 'shop')
  await until(async () => (await shop())?.state === 'given-up', 'it is over')
  expect([(await shop())?.why, chat.posts]).toEqual(['It was over before it could be sent.', []])
})

test('who was not called because it was over is told when it is back', async () => {
  const rule = `{name: drawer, match: "alert.name == 'Drawer'", settle: 0s, quiet: 0s}`
  till = new ServedProject(settings('[{to: shop}, {to: desk, after: 8h}]', `hooks: {rules: [${rule}]}\n`))
  await till.serve()
  store = await openSqliteIncidents(till.path('.till/state.db'))
  const say = async (id: number, value: '0' | '1') => till.send('zabbix', zabbix(id, 'Drawer', `${NORTH}/pos1`, value))
  const told = async () => {
    const [{ incident } = { incident: '' }] = (await store?.incidents()) ?? []
    return (await store?.escalations.messages(incident)) ?? []
  }
  const areTold = async (...expected: readonly (readonly [string, string])[]): Promise<boolean> =>
    JSON.stringify((await told()).map(({ kind, state }) => [kind, state])) === JSON.stringify(expected)
  const timePasses = (): void => {
    const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
    database.prepare("UPDATE messages SET next_at = '2026-01-01T00:00:00.000Z' WHERE state = 'waiting'").run()
    database.close()
  }
  await say(1, '1')
  await until(() => areTold(['call', 'waiting']), 'the shop is called once it opens')
  await say(1, '0')
  await until(async () => incidentState(((await store?.incidents()) ?? [])[0] as never) === 'cleared', 'it is clear')
  timePasses()
  await until(() => areTold(['call', 'given-up']), 'it was over before')
  await say(2, '1')
  await until(() => areTold(['call', 'given-up'], ['returned', 'waiting']), 'it hears of it once it opens')
  expect((await told())[1]?.why ?? '').not.toContain('issue')
  const inventory = till.read('inventory/fleet.yaml')
  till.write('inventory/fleet.yaml', inventory.replaceAll('mon-sun: closed', 'mon-sun: 00:00-24:00'))
  await until(() => {
    timePasses()
    return areTold(['call', 'given-up'], ['returned', 'sent'])
  }, 'it hears that it is back')
  expect(chat.posts.map(({ body }) => body.to)).toEqual(['closed'])
})

test('what returns soon is told to whoever was told of it; what returns later is another incident, with its own calls', async () => {
  const rule = `{name: drawer, match: "alert.name == 'Drawer'", settle: 0s, quiet: 0s}`
  till = new ServedProject(settings('[{to: desk}, {to: boss, after: 30m}]', `hooks: {rules: [${rule}]}\n`))
  await till.serve()
  store = await openSqliteIncidents(till.path('.till/state.db'))
  const say = async (id: number, value: '0' | '1') => till.send('zabbix', zabbix(id, 'Drawer', `${NORTH}/pos1`, value))
  const texts = (): readonly string[] => sink.mails.map(({ text }) => text)
  const is = async (count: number, state: string): Promise<boolean> => {
    const all = (await store?.incidents()) ?? []
    return all.length === count && all[0] !== undefined && incidentState(all[0]) === state
  }
  await say(1, '1')
  await until(() => sink.mails.length === 1, 'the desk is told')
  await say(1, '0')
  await until(() => is(1, 'cleared'), 'it is clear')
  await say(2, '1')
  await until(() => sink.mails.length === 2, 'the desk hears that it is back')
  expect(texts()[1]).toContain('It fires again.')
  await say(2, '0')
  await until(() => is(1, 'cleared'), 'it is clear again')
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  const ago = new Date(Date.now() - 3_700_000).toISOString()
  database.prepare("UPDATE incidents SET json = json_set(json, '$.cleared_at', ?)").run(ago)
  database.close()
  await say(3, '1')
  await until(() => sink.mails.length === 3, 'the desk is told of another')
  expect(texts()[2]).toContain('Fault drawer')
  expect(await is(2, 'open')).toBe(true)

  // Its team has another name by now, and another chain.
  const [{ incident: id } = { incident: '' }] = (await store?.incidents()) ?? []
  const chain = '[{to: desk}, {to: nobody, until: fixed}]'
  const renamed = settings(chain, `hooks: {rules: [${rule}]}\n`).replace('teams: {desk:', 'teams: {ops:')
  till.write('tillwright.yaml', renamed.replace('team: desk', 'team: ops'))
  await till.has(() => till.told.includes('A new revision'))
  expect((await till.till('incidents', 'comment', id, 'who sees to it?')).code).toBe(0)
  await until(() => sink.mails.some(({ to }) => to.includes('nobody@example.com')), 'those who see to it now are told')
})

test('Jira makes one issue, however requests are lost; what follows one that is never made has an end', async () => {
  const slow = settings('[{to: issues}]').replace('index: 1s', 'index: 3s')
  till = new ServedProject(slow)
  const mishaps: Mishap[] = ['before', 'after']
  jira.mishap = (what) => (what === 'POST issue' ? (mishaps.shift() ?? 'none') : 'none')
  jira.indexMs = 2_500
  await till.serve()
  const [first = ''] = await openIncidents(1)
  const all = async (id: string) => (await store?.escalations.messages(id)) ?? []
  await until(async () => (await all(first))[0]?.state === 'sent', 'the issue is found')
  expect([jira.issues.length, mishaps]).toEqual([1, []])

  jira.mishap = () => '503'
  await store?.note(first, ({ opened_at: at }) => [{ type: 'closed', at, by: 'test', despite: null }])
  const [second = ''] = await openIncidents(1)
  await until(async () => (await all(second))[0]?.why?.includes('503') ?? false, 'it is tried')
  expect((await till.till('incidents', 'close', second, '--cause', 'worn')).code).toBe(0)
  await until(async () => (await all(second)).length === 3, 'it is to hear of its end')
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  const end = "UPDATE messages SET state = 'given-up', next_at = NULL WHERE kind = 'call' AND state = 'waiting'"
  await until(() => database.prepare(end).run().changes === 1, 'it is given up')
  database.close()
  await until(async () => (await all(second)).every(({ state }) => state === 'given-up'), 'all of it has an end')
  jira.mishap = () => 'none'
}, 120_000)

test('nobody is told of what is known to be out of order until that is over', async () => {
  till = new ServedProject(settings('[{to: room}, {to: issues, until: fixed}]'))
  const [id = ''] = await openIncidents(1)
  await till.till('outages', 'add', `${NORTH}/pos1`, '--until', '15s', '--because', 'works')
  const known = await till.till('outages', 'list', '--json')
  const [{ until: over } = { until: '' }] = (JSON.parse(known.stdout) as { outages: { until: string }[] }).outages
  const end = Date.parse(over)
  await till.serve()
  await until(() => chat.posts.length > 0 && jira.issues.length > 0, 'they are told when it is over')
  expect(Math.min(...chat.posts.map(({ at }) => performance.timeOrigin + at))).toBeGreaterThanOrEqual(end)
  const messages = (await store?.escalations.messages(id)) ?? []
  expect(messages.map(({ created_at }) => Date.parse(created_at) >= end)).toEqual([true, true])

  // Of what is over nothing is to be done any more, whatever is known there.
  await till.till('outages', 'add', `${NORTH}/pos1`, '--until', '2h', '--because', 'works')
  expect((await till.till('incidents', 'close', id, '--cause', 'worn')).code).toBe(0)
  const soon = new Date(Date.now() + 3_600_000)
  await until(async () => (await store?.escalations.due(soon, 9))?.length === 0, 'it is not looked at again')
})

test('what fails while a message is taken, sent or noted loses none, and sends none twice', async () => {
  till = new ServedProject(settings('[{to: desk}]'))
  await till.serve()
  await till.till('outages', 'add', `${NORTH}/office`, '--until', '2h', '--because', 'works')
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  const known = "state_facts SET value = ? WHERE name = 'outages Test'"
  const read = database.prepare("SELECT value FROM state_facts WHERE name = 'outages Test'")
  const { value } = read.get() as { value: string }
  sink.answerTo = () => '451 later'
  const [id = ''] = await openIncidents(1)
  const message = async () => (await store?.escalations.messages(id))?.[0]
  await until(async () => (await message())?.why?.includes('451') ?? false, 'it is tried')
  database.prepare(`UPDATE ${known}`).run('{')
  await until(() => till.told.includes('People cannot be told'), 'what is known cannot be read')
  database.exec(`CREATE TRIGGER full BEFORE UPDATE ON messages WHEN NEW.state <> 'sending'
    BEGIN SELECT RAISE(ABORT, 'no space'); END`)
  sink.answerTo = () => '250 ok'
  database.prepare(`UPDATE ${known}`).run(value)
  const unnoted = (): number => till.told.split('What came of a message could not be noted').length - 1
  await until(() => unnoted() >= 3, 'it cannot be noted')
  expect([(await message())?.state, sink.mails.length]).toEqual(['sending', 1])
  database.exec('DROP TRIGGER full')
  await until(async () => (await message())?.state === 'sent', 'it is noted')
  expect(sink.mails).toHaveLength(1)

  const pid = till.server?.pid ?? 0
  const own = "UPDATE messages SET state = 'sending', host = ?, pid = ?, process = ?"
  database.prepare(own).run(hostname(), pid, processIdentity(pid))
  database.close()
  await until(() => sink.mails.length === 2, 'a sending without an end is made anew')
  await until(async () => (await message())?.state === 'sent', 'it is sent')
  expect(new Set(sink.mails.map((mail) => mail.id)).size).toBe(1)
}, 180_000)
