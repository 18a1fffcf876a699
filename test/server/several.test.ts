// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { NORTH, RULES, ServedProject, zabbix } from './served-project.ts'
import { Visitor } from './visitor.ts'

const DEVICES = 30
const ALERTS = 240
/** A server is missed for 20 s, on a machine that may be busy. */
const LONG = 240_000

const database = new PostgresServer()
const called: string[] = []
const chat: Server = createServer((request, response) => {
  called.push(String(request.headers['idempotency-key']))
  request.resume()
  response.end('{"id": 1}')
})
let servers: ServedProject[] = []
let schemas = 0
let settings = ''

/** Each on a checkout of its own, as on two machines; both share what is in the database. */
async function serveBoth(): Promise<readonly [ServedProject, ServedProject]> {
  process.env['TILL_STATE'] = `${database.url}?schema=s${++schemas}`
  const [first, second] = [new ServedProject(settings, DEVICES), new ServedProject(settings, DEVICES)]
  servers = [first, second]
  await first.serve()
  await second.serve()
  return [first, second]
}

async function ready(till: ServedProject): Promise<{ ready: boolean; works: boolean }> {
  const answer = (await (await fetch(`${till.url}/readyz`)).json()) as { ready: boolean; works: boolean }
  expect(errorsOf('server-ready', answer)).toEqual([])
  return answer
}

const works = (till: ServedProject) => expect.poll(async () => (await ready(till)).works, { timeout: 90_000 })

interface Episode {
  readonly device: string
  readonly state: string
  readonly occurrences: number
  readonly attempts: readonly { readonly result: string }[]
}

async function episodesOf(till: ServedProject): Promise<readonly Episode[]> {
  return JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
}

async function settled(till: ServedProject): Promise<readonly Episode[]> {
  for (;;) {
    const episodes = await episodesOf(till)
    if (episodes.every(({ state }) => state !== 'waiting' && state !== 'repairing')) return episodes
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** The same alert to both, as a pair of Alertmanagers does it; one that is not there is left alone. */
async function sendAll(from: number, to: number, when: (alert: number) => Promise<void> = async () => undefined) {
  for (let alert = from; alert < to; alert++) {
    const body = zabbix(alert, 'MarkerGone', `${NORTH}/pos${(alert % DEVICES) + 1}`)
    const answers = await Promise.allSettled(servers.map((till) => till.send('zabbix', body)))
    expect(answers.some((answer) => answer.status === 'fulfilled' && answer.value.status === 202)).toBe(true)
    await when(alert)
  }
}

/** What devices saw: each repair leaves a line. */
const repairsOf = (device: string): number =>
  servers.flatMap((till) => till.log()).filter((line) => line === `${device.split('/')[1]} made`).length

describe.skipIf(!hasPostgres)('several servers on one state in PostgreSQL', () => {
  beforeAll(async () => {
    await database.start()
    chat.listen(0, '127.0.0.1')
    await once(chat, 'listening')
    settings = `server:
  senders: {all: {token: "env:T_ALL"}}
  accounts: {anna: {role: admin, password: '${hashOf(PASSWORD)}'}}
sources: {pushed: {push: true, device: event.till, kind: event.type, id: event.id, rules: [{kinds: [SOLD], count: [receipts]}]}}
responsibility:
  channels: {chat: {http: {url: "http://127.0.0.1:${(chat.address() as AddressInfo).port}", body: {text: "\${{ message.text }}"}}}}
  contacts: {room: {channel: chat, to: "#tills"}}
  teams: {desk: {chain: [{to: room}]}}
  rows: [{fault: [drawer, line, marker, slow, storm], team: desk}]
${RULES}    - {name: people, match: "alert.name == 'Drawer'", fault: drawer, settle: 0s}
`
  })
  afterAll(() => {
    chat.close()
    database.stop()
  })
  beforeEach(() => {
    called.length = 0
  })
  afterEach(async () => {
    for (const till of servers) await till.remove()
    delete process.env['TILL_STATE']
  })

  test(
    'each fault of a storm that is told to both is repaired once, though the one that works is killed in its middle',
    async () => {
      const [first, second] = await serveBoth()
      expect([await ready(first), await ready(second)]).toMatchObject([
        { ready: true, works: true },
        { ready: true, works: false },
      ])
      expect(second.told).toContain(`Process ${first.server?.pid} on `)
      await sendAll(0, ALERTS, async (alert) => {
        if (alert === ALERTS / 2) await first.end('SIGKILL')
      })
      await works(second).toBe(true)
      expect(second.told).toContain('This server works on the alerts of this state from now on.')
      // What the one that was killed had taken in is worked off by now, or soon.
      const occurrences = async () => (await settled(second)).reduce((sum, one) => sum + one.occurrences, 0)
      await expect.poll(occurrences, { timeout: 60_000 }).toBe(ALERTS)
      const episodes = await settled(second)
      expect(episodes).toHaveLength(DEVICES)
      for (const { attempts, device } of episodes) {
        expect(attempts, device).toHaveLength(1)
        if (attempts[0]?.result === 'helped') expect(repairsOf(device), device).toBe(1)
        else expect([attempts[0]?.result, repairsOf(device) <= 1], device).toEqual(['doubtful', true])
      }
      // The one that was killed comes back, and stands by.
      await first.serve()
      expect(await ready(first)).toMatchObject({ ready: true, works: false })
      // Whoever is stopped in an orderly way hands over.
      await second.end('SIGTERM')
      await works(first).toBe(true)
    },
    LONG,
  )

  test(
    'one that sleeps for longer than its claim and wakes does nothing twice, and people are called once',
    async () => {
      const [first, second] = await serveBoth()
      await sendAll(0, 20)
      first.server?.kill('SIGSTOP')
      const sender = servers
      servers = [second]
      await sendAll(20, ALERTS)
      for (let alert = 1000; alert < 1010; alert++)
        await second.send('zabbix', zabbix(alert, 'Drawer', `${NORTH}/pos${alert - 999}`))
      await works(second).toBe(true)
      servers = sender
      await expect.poll(() => new Set(called).size, { timeout: 60_000 }).toBe(10)
      first.server?.kill('SIGCONT')
      await expect.poll(() => first.told, { timeout: 30_000 }).toContain('this one takes alerts in, and stands by')
      expect([await ready(first), await ready(second)]).toMatchObject([{ works: false }, { works: true }])
      const repaired = (await settled(second)).filter(({ attempts }) => attempts.length > 0)
      expect(repaired).toHaveLength(DEVICES)
      for (const { device, attempts } of repaired) expect([attempts.length, repairsOf(device)], device).toEqual([1, 1])
      expect(called).toHaveLength(10)
    },
    LONG,
  )

  test(
    'whoever is signed in at one is so at the other, and events that devices push are counted once wherever they come in',
    async () => {
      const [first, second] = await serveBoth()
      const anna = new Visitor(first.url)
      expect((await anna.signIn('anna')).status).toBe(200)
      const elsewhere = new Visitor(second.url)
      elsewhere.cookie = anna.cookie
      expect((await elsewhere.ask('/api/v1/session')).json).toMatchObject({ account: 'anna' })
      const push = async (till: ServedProject, id: number) => {
        const headers = { authorization: 'Bearer token-of-all-0123456789' }
        const body = JSON.stringify({ till: `${NORTH}/pos1`, type: 'SOLD', id: String(id) })
        const answer = await fetch(`${till.url}/sources/pushed`, { method: 'POST', headers, body })
        return [answer.status, ((await answer.json()) as { taken: number }).taken]
      }
      await expect.poll(async () => (await push(first, 0))[0], { timeout: 20_000 }).toBe(200)
      await expect.poll(async () => (await push(second, 0))[0], { timeout: 20_000 }).toBe(200)
      expect([await push(first, 1), await push(second, 1), await push(second, 2), await push(first, 2)]).toEqual([
        [200, 1],
        [200, 0],
        [200, 1],
        [200, 0],
      ])
      await first.end('SIGKILL')
      expect((await elsewhere.ask('/api/v1/session')).status).toBe(200)
      expect(await push(second, 3)).toEqual([200, 1])
    },
    LONG,
  )
})
