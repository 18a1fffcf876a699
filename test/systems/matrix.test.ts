import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { MODULES } from '../../src/modules/index.ts'
import { bootSystem, type SystemName, whyNoBoot } from './booted-systems.ts'
import { moduleOn } from './module-on.ts'

const PAGE = fileURLToPath(new URL('../../docs/systems.md', import.meta.url))
const BEGIN = '<!-- written by test/systems/matrix.test.ts -->\n'

/** What is done on each system. Of several parameters one after the other is applied, and has to leave nothing that differs. */
const TRIED: Readonly<Record<string, readonly JsonObject[]>> = {
  clock: [{ max_skew_s: 60 }],
  command: [{ run: 'mkdir /opt/till-tried', creates: '/opt/till-tried' }],
  config: [{ path: '/etc/till-tried.ini', format: 'ini', create: true, set: { 'server.host': '10.0.0.1' } }],
  directory: [{ path: '/var/till-tried', mode: '0750' }],
  disk: [{ path: '/', free_min: '1MiB' }],
  facts: [{}],
  file: [{ path: '/etc/till-tried', content: 'hello\n', mode: '0640' }],
  'log: a file': [{ path: '/etc/passwd', pattern: 'root', min: 1 }],
  'log: the journal': [{ journal: { since: '1d' }, min: 1 }],
  'package: on hold': [
    { name: 'procps', hold: true },
    { name: 'procps', hold: false },
  ],
  'package: removed': [{ name: 'cups-client', state: 'absent' }],
  process: [{ name: 'cron' }],
  'reboot: asked whether it is due': [{}],
  script: [{ body: 'echo yes >/etc/till-script', unless: '[ -e /etc/till-script ]' }],
  'service: now': [
    { name: 'cron', state: 'stopped' },
    { name: 'cron', state: 'running' },
  ],
  'service: at boot': [
    { name: 'cron', state: 'running', enabled: false },
    { name: 'cron', state: 'running', enabled: true },
  ],
  wait: [{ for: { path: '/etc/passwd' } }],
}

const SYSTEMS = {
  systemd: 'systemd 252',
  sysvinit: 'sysvinit 3.06',
  openrc: 'OpenRC 0.45',
  runit: 'runit 2.1.2',
} as const satisfies Partial<Record<SystemName, string>>
const names = Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[]

const seen: Record<string, Record<string, string>> = {}

describe.skipIf(whyNoBoot !== undefined)('modules on booted systems', { timeout: 240_000 }, () => {
  test.each(names)('%s: each works, or says why it does not', async (name) => {
    const system = await bootSystem(name)
    const column: Record<string, string> = {}
    seen[name] = column
    try {
      for (const [row, steps] of Object.entries(TRIED)) {
        const step = moduleOn(row.replace(/:.*/, ''), () => system.shell)
        column[row] = 'works'
        for (const params of steps) {
          const { code, failure, unknown, left = [] } = await step(params)
          expect([row, left, unknown]).toEqual([row, [], undefined])
          if (failure === undefined) continue
          // Whatever else fails is a fault.
          expect([row, failure, code]).toEqual([
            row,
            failure,
            expect.stringMatching(/^(STATE_IMPOSSIBLE|TOOL_MISSING)$/),
          ])
          column[row] = `refused: ${failure}`
        }
      }
    } finally {
      await system.stop()
    }
  })

  afterAll(() => {
    if (names.some((name) => Object.keys(seen[name] ?? {}).length < Object.keys(TRIED).length)) return
    const [head = ''] = readFileSync(PAGE, 'utf8').split(BEGIN)
    const page = `${head}${BEGIN}${table()}`
    if (process.env['TILL_WRITE_DOCS']) writeFileSync(PAGE, page)
    expect(readFileSync(PAGE, 'utf8'), 'write it with TILL_WRITE_DOCS=1').toBe(page)
  })
})

function table(): string {
  const notes: string[] = []
  const cellOf = (text: string): string => {
    if (!text.startsWith('refused: ')) return text
    const note = text.slice('refused: '.length)
    if (!notes.includes(note)) notes.push(note)
    return `refused (${notes.indexOf(note) + 1})`
  }
  const rows = Object.keys(TRIED).map((row) => [row, ...names.map((name) => cellOf(seen[name]?.[row] ?? 'not tried'))])
  const tried = new Set(Object.keys(TRIED).map((row) => row.replace(/:.*/, '')))
  const others = MODULES.filter(({ name, systems }) => systems.includes('linux') && !tried.has(name)).map(
    ({ name }) => name,
  )
  const lines = [['', ...names.map((name) => SYSTEMS[name])], names.map(() => '---').concat('---'), ...rows]
  const numbered = notes.map((note, index) => `${index + 1}. ${note}\n`).join('')
  return `\n${lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}\n${numbered}\nNot tried on all four: ${others.map((name) => `\`${name}\``).join(', ')}.\n`
}
