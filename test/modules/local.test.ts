// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of sh
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ShellChannel } from '../../src/core/channel.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { ModuleContext } from '../../src/core/module.ts'
import { Secret } from '../../src/core/secret.ts'
import { local } from '../../src/modules/local/local.ts'
import { hasAnsible } from '../peers/ansible.ts'
import { someContext } from './some-context.ts'
import { someDevice } from './some-device.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-local-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** No shell of the device is asked anything. */
const NO_SHELL = {} as ShellChannel

async function observed(
  params: JsonObject,
  more: Partial<ModuleContext> = {},
): Promise<{ value: JsonValue; converge: () => Promise<unknown> }> {
  const result = await local.observe(someContext(NO_SHELL, more), params)
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`)
  const { value, compare, converge } = result.value
  const comparison = compare({ triggered: false })
  return { value, converge: async () => converge?.('changes' in comparison ? comparison.changes : []) }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test.skipIf(process.platform === 'win32')('a deadline ends a tool and everything that it has started', async () => {
  const deadline = new AbortController()
  const file = join(folder, 'pids')
  const body = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >> ${file}; sleep 600' & echo $$ >> ${file}; wait; sleep 600`
  const ending = observed({ run: ['sh', '-c', body], read_only: true }, { signal: deadline.signal })
  const pids = (): number[] => readOr(file).split('\n').filter(Boolean).map(Number)
  while (pids().length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  deadline.abort()
  await expect(ending).rejects.toThrow('OBSERVE_TIMEOUT')
  await expect.poll(() => pids().filter(isAlive), { timeout: 10_000 }).toEqual([])
})

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

test('a secret is in the environment, and nowhere else', async () => {
  const secret = new Secret('hunter2-local') as unknown as JsonValue
  const body = 'test "${#PIN}" = 13 && tr "\\0" " " < /proc/$$/cmdline'
  const { value } = await observed({ run: ['sh', '-c', body], read_only: true, environment: { PIN: secret } })
  expect(value).toMatchObject({ exit: 0 })
  expect(JSON.stringify(value)).not.toContain('hunter2')
})

test('a tool sees what is known of the device, and an inventory that is gone afterwards', async () => {
  const body = `cat "$1"; echo; printf '%s' "$TILL_FACTS" > ${folder}/facts; echo "$1" > ${folder}/name; stat -c %a "$1" > ${folder}/mode`
  const device = {
    ...someDevice,
    transport: { type: 'ssh', user: 'till', keys: ['~/.ssh/k'], via: 'gateway' },
  } as const
  const gateway = {
    ...someDevice,
    id: 'router1',
    address: '10.0.0.1',
    transport: { type: 'ssh', user: 'admin', port: 2222 },
  } as const
  const { value } = await observed(
    { run: ['sh', '-c', body, 'x', '{inventory}'], read_only: true },
    { device, gateway },
  )
  const { stdout } = value as { stdout: string }
  expect(JSON.parse(stdout)).toEqual({
    all: {
      hosts: {
        'PL-0412_pos1': {
          ansible_host: '127.0.0.1',
          ansible_connection: 'ssh',
          ansible_user: 'till',
          ansible_ssh_private_key_file: '~/.ssh/k',
          ansible_ssh_common_args: '-o ProxyJump=admin@10.0.0.1:2222',
        },
      },
    },
  })
  expect(JSON.parse(readFileSync(join(folder, 'facts'), 'utf8'))).toMatchObject({ device: { name: 'PL-0412/pos1' } })
  expect(readFileSync(join(folder, 'mode'), 'utf8')).toBe('600\n')
  expect(() => readFileSync(readFileSync(join(folder, 'name'), 'utf8').trim())).toThrow('ENOENT')
})

describe.skipIf(!hasAnsible())('a playbook of Ansible', () => {
  test('is planned by --check, changes what it says, and then would change nothing', { timeout: 120_000 }, async () => {
    const playbook = join(folder, 'play.yml')
    const copy = { content: 'by ansible\n', dest: `${folder}/made` }
    writeFileSync(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [{ copy }] }]))
    const words = ['-i', '{inventory}', playbook]
    const params = {
      run: ['ansible-playbook', ...words],
      check: ['ansible-playbook', '--check', ...words],
      changed_when: { stdout: 'changed=[1-9]' },
      environment: { ANSIBLE_NOCOLOR: '1' },
    }
    const first = await observed(params)
    expect(first.value).toMatchObject({ exit: 0, stdout: expect.stringContaining('changed=1') })
    expect(readOr(join(folder, 'made'))).toBe('')
    expect(await first.converge()).toEqual({ ok: true, value: undefined })
    expect(readOr(join(folder, 'made'))).toBe('by ansible\n')
    expect((await observed(params)).value).toMatchObject({ stdout: expect.stringContaining('changed=0') })
  })
})
