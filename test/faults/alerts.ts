// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { TestProject } from '../cli/project.ts'
import type { Random } from '../engine/admission/model/random.ts'
import { localFleet } from './fleet.ts'
import type { AlertSeen } from './judge.ts'

const STORE = `ALERT-${process.pid}`
const TOKEN = 'token-of-all-0123456789'
/** Every other alert is for people. */
const isForPeople = (alert: number): boolean => alert % 2 === 1
const LEAST_TIMES = 3
const MOST_TIMES = 20
const PATIENCE_MS = 5_000

/** What a query to the store's tables answers. */
type Rows = (text: string) => Promise<readonly (readonly string[])[]>

/** Two servers or more that take alerts, each of its own till, and what came of each. */
export class Alerts {
  readonly project = new TestProject({})
  readonly #random: Random
  readonly #ports: readonly number[]
  readonly #most: number
  readonly #taken = new Set<number>()
  readonly #keys: string[] = []
  readonly #sending: Promise<void>[] = []
  readonly #chat: Server = createServer((request, response) => {
    this.#keys.push(String(request.headers['idempotency-key']))
    request.resume()
    response.end('{"id": 1}')
  })
  #sent = 0

  /** `most`: alerts. */
  constructor(most: number, ports: readonly number[], random: Random) {
    this.#most = most
    this.#ports = ports
    this.#random = random
  }

  async open(): Promise<void> {
    this.#chat.listen(0, '127.0.0.1')
    await once(this.#chat, 'listening')
    process.env['T_ALL'] = TOKEN
    this.project.write('tillwright.yaml', settings((this.#chat.address() as AddressInfo).port))
    this.project.write('inventory/fleet.yaml', fleet(this.#most))
    const log = `echo "\${{ device.id }}" >> "${this.project.path('log')}"`
    const step = `command: {run: ${JSON.stringify(log)}, always: true}`
    this.project.write('runbooks/marker.yaml', `name: marker\nsteps:\n  - ${step}\n`)
  }

  /** Sends one after the other, each several times to any of the servers, until `isOver`. */
  async send(everyMs: number, isOver: () => boolean): Promise<void> {
    while (!isOver() && this.#sent < this.#most) {
      this.#sending.push(this.#sendOne(this.#sent))
      this.#sent += 1
      await delay(everyMs * (0.5 + this.#random.whole(1_000) / 1_000))
    }
  }

  /** Whoever sends alerts does so until one is taken. */
  async #sendOne(alert: number): Promise<void> {
    const times = LEAST_TIMES + this.#random.whole(MOST_TIMES - LEAST_TIMES + 1)
    for (let time = 0; time < times || !this.#taken.has(alert); time += 1) {
      if (await this.#post(alert)) this.#taken.add(alert)
      await delay(this.#random.whole(3_000))
    }
  }

  async #post(alert: number): Promise<boolean> {
    const name = isForPeople(alert) ? 'Drawer' : 'MarkerGone'
    const body = { event_id: String(alert), event_value: '1', event_name: name, host: deviceOf(alert) }
    const url = `http://127.0.0.1:${this.#random.pick(this.#ports)}/hooks/zabbix`
    const headers = { authorization: `Bearer ${TOKEN}` }
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch(
      () => undefined,
    )
    await answer?.text().catch(() => undefined)
    return answer?.status === 202
  }

  /** When all was sent, and something came of each, or `isOver`. */
  async settled(rows: Rows, schema: string, isOver: () => boolean): Promise<readonly AlertSeen[]> {
    await Promise.race([Promise.all(this.#sending), until(isOver)])
    for (;;) {
      const seen = await this.#seen(rows, schema)
      if (isOver() || seen.every(isAnswered)) return seen
      await delay(1_000)
    }
  }

  async #seen(rows: Rows, schema: string): Promise<readonly AlertSeen[]> {
    const episodes = listed(await rows(`SELECT device, episode FROM ${schema}.episodes`))
    const attempts = listed(await rows(`SELECT device, result FROM ${schema}.hook_attempts`))
    const messages = listed(
      await rows(`SELECT e.device, coalesce(m.batch, m.message), m.state FROM ${schema}.messages m
        JOIN ${schema}.incident_episodes i ON i.incident = m.incident JOIN ${schema}.episodes e ON e.episode = i.episode`),
    )
    const log = this.project.path('log')
    const acts = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []
    return Array.from({ length: this.#sent }, (_, alert): AlertSeen => {
      const device = deviceOf(alert)
      const own = messages.get(device) ?? []
      return {
        device,
        isForPeople: isForPeople(alert),
        isTaken: this.#taken.has(alert),
        episodes: episodes.get(device)?.length ?? 0,
        attempts: (attempts.get(device) ?? []).map(([, result = '']) => result),
        acts: acts.filter((id) => `${STORE}/${id}` === device).length,
        messages: own.map(([, key = '', state = '']) => {
          return { state, received: this.#keys.filter((each) => each === key).length }
        }),
      }
    })
  }

  async close(): Promise<void> {
    this.#chat.closeAllConnections()
    this.#chat.close()
    await this.project.remove()
  }
}

/**
 * Whether what was to come of it has come: a rule whose repairs do not help asks people in place of the next one. A message that is in
 * doubt is sent again after ten minutes, and not waited for.
 */
function isAnswered({ isTaken, isForPeople: forPeople, attempts, messages }: AlertSeen): boolean {
  if (!isTaken || attempts.includes('running')) return false
  if (!forPeople && attempts.length > 0) return true
  return messages.length > 0 && messages.every(({ received }) => received > 0)
}

async function until(isOver: () => boolean): Promise<void> {
  while (!isOver()) await delay(200)
}

/** Rows by their first column. */
function listed(rows: readonly (readonly string[])[]): ReadonlyMap<string, readonly (readonly string[])[]> {
  const lists = new Map<string, (readonly string[])[]>()
  for (const row of rows) lists.set(row[0] ?? '', [...(lists.get(row[0] ?? '') ?? []), row])
  return lists
}

const deviceOf = (alert: number): string => `${STORE}/pos${alert + 1}`

function settings(chat: number): string {
  const body = '{text: "${{ message.text }}"}'
  return `run: {lease: 8s}
policies: {default: {caps: [], keep: [], rollout: {waves: false}}}
server: {senders: {all: {token: "env:T_ALL"}}}
responsibility:
  channels: {chat: {http: {url: "http://127.0.0.1:${chat}", body: ${body}}}}
  contacts: {room: {channel: chat, to: "#tills"}}
  teams: {desk: {chain: [{to: room}]}}
  rows: [{fault: [drawer, marker, storm], team: desk}]
hooks:
  breaker: {episodes: 100000, within: 1m}
  rules:
    - {name: marker, match: "alert.name == 'MarkerGone'", mode: act, runbook: marker, settle: 0s, cooldown: 0s, per_hour: 100000}
    - {name: people, match: "alert.name == 'Drawer'", fault: drawer, settle: 0s}
`
}

function fleet(devices: number): string {
  const tills = Array.from(
    { length: devices },
    (_, n) => `      pos${n + 1}: {profile: till, address: 127.0.${1 + Math.floor(n / 250)}.${(n % 250) + 1}}\n`,
  )
  return localFleet(STORE, tills.join(''))
}
