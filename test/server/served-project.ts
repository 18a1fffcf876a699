// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type Ended, ended, inventoryWith, TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { TILL } from '../peers/till.ts'

/** Of the senders below. */
export const SECRETS = {
  T_ALL: 'token-of-all-0123456789',
  T_NORTH: 'token-of-north-0123456789',
  T_BASIC: 'password-0123456789',
  T_HMAC: 'key-of-hmac-0123456789',
  T_SLOW: 'token-of-slow-0123456789',
  T_STREAMS: 'token-of-streams-0123456789',
} as const

/** This machine is every device; the stores are this process's own, since a device keeps a record of changes by its name. */
export const NORTH = `SN-${process.pid}`
export const SOUTH = `SS-${process.pid}`

export const SENDERS = `server:
  senders:
    all: {token: "env:T_ALL"}
    north: {token: "env:T_NORTH", sources: [zabbix], devices: "store.id == '${NORTH}' && device.id != 'office'"}
    grafana: {basic: {user: graf, password: "env:T_BASIC"}}
    desk: {hmac: {secret: "env:T_HMAC", header: X-Sign, time_header: X-Time, within: 1m}}
    slow: {token: "env:T_SLOW", rate: 1}
    streams: {token: "env:T_STREAMS", devices: "store.id == '${NORTH}'"}
`

export const RULES = `hooks:
  breaker: {episodes: 100000, within: 1m}
  rules:
    - {name: line, match: "alert.name == 'LineDown'", about: store, settle: 0s}
    - {name: marker, match: "alert.name == 'MarkerGone'", mode: act, runbook: marker, settle: 0s, cooldown: 0s, per_hour: 100000, attempts: {useless: 100000}}
    - {name: slow, match: "alert.name == 'Slow'", mode: act, runbook: slow, settle: 0s, cooldown: 0s}
`

/** A repository with a server that has been started in it. */
export class ServedProject extends TestProject {
  server: ChildProcess | undefined
  url = ''
  /** Where it listens; by default a port of its own each time. */
  listen = '127.0.0.1:0'
  /** How many files it may have open, where that is not what this process may. */
  files: number | undefined
  /** What the server has told so far. */
  told = ''

  /** Stores that are closed let themselves be changed at any time of the day. */
  constructor(settings: string, devices = 1, hours = 'closed') {
    super({ 'tillwright.yaml': settings })
    this.write('inventory/fleet.yaml', inventory(devices, hours))
    const log = (word: string): string => JSON.stringify(`echo "$WHO ${word}" >> "${this.path('log')}"`)
    const who = "environment: {WHO: '${{ device.id }}'}"
    this.write(
      'runbooks/marker.yaml',
      `name: marker\nsteps:\n  - command: {run: ${log('made')}, always: true, ${who}}\n`,
    )
    const slow = `echo begun >> "${this.path('log')}"; until [ -e "${this.path('quick')}" ]; do sleep 0.05; done; echo ended >> "${this.path('log')}"`
    this.write('runbooks/slow.yaml', `name: slow\nsteps:\n  - command: {run: ${JSON.stringify(slow)}, always: true}\n`)
  }

  /** Starts the server, and waits until it listens. */
  async serve(...args: string[]): Promise<void> {
    const env = { ...process.env, ...SECRETS, TILL_SANDBOX: undefined, NO_COLOR: '1' }
    const command = [process.execPath, TILL, 'serve', '--listen', this.listen, '--json', ...args]
    const few = this.files === undefined ? [] : ['sh', '-c', `ulimit -n ${this.files}; exec "$@"`, 'sh']
    const [program = '', ...rest] = [...few, ...command]
    const child = spawn(program, rest, {
      cwd: this.root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      this.told += chunk
    })
    this.server = child
    await until(child, () => out.includes('\n')).catch((error) => {
      throw new Error(`${error.message}\n${out}${this.told}`)
    })
    const serving = JSON.parse(out)
    expect(errorsOf('serving', serving), out).toEqual([])
    this.url = serving.url
  }

  /** Ends the server by a signal, and waits for it. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    const { server } = this
    if (!server) throw new Error('there is no server')
    const end = ended(server)
    server.kill(signal)
    this.server = undefined
    return end
  }

  async send(
    source: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = bearer('T_ALL'),
  ): Promise<Answer> {
    const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    const answer = await fetch(`${this.url}/hooks/${source}`, { method: 'POST', headers, body: text })
    const json = JSON.parse(await answer.text())
    expect(errorsOf(answer.status === 202 ? 'hook-taken' : 'hook-refused', json)).toEqual([])
    return { status: answer.status, ...json }
  }

  /** Lines that repairs have left. */
  log(): readonly string[] {
    try {
      return readFileSync(this.path('log'), 'utf8').trimEnd().split('\n')
    } catch {
      return []
    }
  }

  async has(holds: () => boolean): Promise<void> {
    if (!this.server) throw new Error('there is no server')
    await until(this.server, holds).catch((error) => {
      throw new Error(`${error.message}\n${this.told}`)
    })
  }
}

export interface Answer {
  readonly status: number
  readonly why?: string
  readonly entry?: string
  readonly alerts?: readonly {
    readonly episode: string | null
    readonly device: string | null
    readonly why: string | null
  }[]
}

function inventory(devices: number, hours: string): string {
  const tills = Array.from(
    { length: devices },
    (_, n) => `      pos${n + 1}: {profile: till, address: 127.${(n + 1) >> 8}.0.${(n + 1) % 256}}\n`,
  )
  const north = inventoryWith(`${tills.join('')}      office: {profile: till, address: 127.0.1.1}\n`)
    .replace('type: ssh', 'type: local')
    .replace('mon-sun: closed', `mon-sun: ${hours}`)
    .replace('PL-0001', NORTH)
  const store = north.slice(north.indexOf(`  ${NORTH}:`), north.indexOf('    devices:'))
  return `${north}${store.replace(NORTH, SOUTH)}    devices:\n      pos1: {profile: till, address: 127.0.2.1}\n`
}

export function bearer(secret: keyof typeof SECRETS): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${SECRETS[secret]}` }
}

/** Headers that sign a body, as Grafana does. */
export function signed(body: string, at = Date.now(), key: string = SECRETS.T_HMAC): Readonly<Record<string, string>> {
  const time = String(Math.round(at / 1000))
  return { 'x-time': time, 'x-sign': createHmac('sha256', key).update(`${time}:${body}`).digest('hex') }
}

export const zabbix = (id: number, name: string, host = `${NORTH}/pos1`, value = '1') => {
  return { event_id: String(id), event_value: value, event_name: name, host }
}
