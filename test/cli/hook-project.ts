import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const TILL = fileURLToPath(new URL('../../bin/till', import.meta.url))
/** This machine is the device; the store is this process's own, since a device keeps a record of changes by its name. */
export const STORE = `HK-${process.pid}`

export const HOOKS = `hooks:
  hostnames: ["device.store + '-' + device.id"]
  sources:
    desk:
      alerts: payload.events
      id: item.key
      firing: item.open
      alert: item.problem
      device: item.till
      labels: item
  rules:
    - {name: line, match: "alert.name == 'LineDown'", about: store, settle: 0s}
    - name: marker
      match: alert.name == 'MarkerGone'
      mode: act
      runbook: marker
      settle: 0s
      cooldown: 0s
      params: {name: {from: alert.labels.file, one_of: [a, b]}}
    - {name: watch, match: "alert.name == 'Watched'", runbook: slow, settle: 0s}
    - {name: asking, match: "alert.name == 'Asked'", runbook: slow, mode: ask, settle: 0s, cooldown: 0s}
    - {name: slow, match: "alert.name == 'Slow'", runbook: slow, mode: act, settle: 0s, cooldown: 0s}
    - name: settling
      match: alert.name == 'Settling'
      mode: act
      runbook: marker
      settle: 2s
      cooldown: 0s
      params: {name: {from: alert.labels.file, one_of: [a, b]}}
    - {name: people, match: "alert.name == 'Seen'", settle: 0s, params: {name: {from: alert.labels.file, one_of: [a, b]}}}
`

export interface Answer {
  readonly code: number | null
  readonly answer: {
    readonly alerts: readonly {
      readonly why: string | null
      readonly device: string | null
      readonly rule: string | null
    }[]
    readonly left_out: number
    readonly waiting: readonly { readonly until: string }[]
    readonly episodes: readonly {
      readonly episode: string
      readonly state: string
      readonly why: string | null
      readonly rule: string
      readonly attempts: readonly { readonly result: string }[]
    }[]
  }
  readonly stderr: string
}

/** A repository with rules of hooks, and `till hook fire` in it. */
export class HookProject extends TestProject {
  constructor(settings = HOOKS) {
    super({ 'tillwright.yaml': settings })
    const devices = `      pos1: {profile: till, address: 127.0.0.1}\n      pos2: {profile: till, address: 127.0.0.2}\n`
    const inventory = inventoryWith(devices).replace('type: ssh', 'type: local').replace('PL-0001', STORE)
    this.write('inventory/fleet.yaml', inventory)
    const file = `  - file: {path: "${this.path('marker')}-\${{ params.name }}", content: "here\\n"}\n`
    this.write('runbooks/marker.yaml', `name: marker\nparams: {name: {type: string, default: a}}\nsteps:\n${file}`)
    const slow = `[ -e "${this.path('quick')}" ] || { : > "${this.path('begun')}"; sleep 60; }; echo >> "${this.path('times')}"`
    this.write('runbooks/slow.yaml', `name: slow\nsteps:\n  - command: {run: ${JSON.stringify(slow)}, always: true}\n`)
  }

  /** The command, with the payload on its stdin. */
  firing(source: string, body: string, more: readonly string[] = ['--wait', '1s', '--json']) {
    const args = [TILL, 'hook', 'fire', '--source', source, ...more]
    const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
    const child = spawn(process.execPath, args, { cwd: this.root, env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.end(body)
    return child
  }

  async fire(source: string, body: unknown): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { code, stdout, stderr } = await ended(this.firing(source, text))
    const answer = JSON.parse(stdout)
    if (answer.schema === 'till.hook-fire/1') expect(errorsOf('hook-fire', answer)).toEqual([])
    return { code, answer, stderr }
  }

  /** All episodes, newest first. */
  async episodes(): Promise<Answer['answer']['episodes']> {
    return JSON.parse((await this.till('episodes', 'list', '--all', '--json')).stdout).episodes
  }
}

export const zabbix = (id: number, name: string, more: object = {}) => {
  return { event_id: String(id), event_value: '1', event_name: name, host: `${STORE}-pos1`, ...more }
}
export const file = (name: string) => ({ event_tags: JSON.stringify([{ tag: 'file', value: name }]) })

export const group = (
  ...alerts: readonly { readonly name: string; readonly status?: string; readonly labels: object }[]
) => ({
  version: '4',
  alerts: alerts.map(({ name, status = 'firing', labels }, index) => ({
    status,
    labels: { alertname: name, ...labels },
    annotations: {},
    startsAt: '2026-11-22T01:40:33Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: `${index}${name}`,
  })),
})
