// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterEach, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { Secret } from '../../../src/core/secret.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import type { DeviceAnswer } from '../../../src/shell/powershell-device.ts'
import { device } from '../../engine/bench.ts'
import { DEADLINES } from '../../peers/targets.ts'
import { WindowsDevice } from '../../shell/powershell/windows-device.ts'
import { someContext } from '../some-context.ts'
import { written } from './written-module.ts'

const windows = device('PL-0001/pos1', { os: { family: 'windows' } })
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

function windowsTill(answer: DeviceAnswer) {
  const till = new WindowsDevice({ answer: () => answer })
  const shell = openPowerShell({ connection: till.connection, deadlines: DEADLINES })
  open.push(() => shell.close())
  const context = { ...someContext(shell), device: windows }
  return { till, observe: (params: object) => MODULE.observe(context, params as JsonObject) }
}

const MODULE = written(`name: mine
summary: Mine
params:
  properties:
    key: {type: string}
    seats: {type: integer}
    share: {type: number}
    on: {type: boolean}
    list: {type: array}
    none: {type: string}
desired: {key: "\${{ params.key }}"}
powershell:
  observe: '@{ key = $v.key } | ConvertTo-Json'
  converge: Set-Key $v.key
`)

test('a user’s PowerShell is one question; values are data, with their kinds', async () => {
  const { till, observe } = windowsTill({ stdout: '\ufeff{\r\n  "key": "old"\r\n}\r\n' })
  const given = { key: new Secret("it's ‘secret’"), seats: 3, share: 0.5, on: true, list: ["a'b", 1] }
  const seen = await observe(given)
  if (!seen.ok) throw new Error(seen.failure.message)
  expect(seen.value.value).toEqual({ key: '***' })
  expect(till.asked.map(({ name, values }) => [name, values])).toEqual([
    [
      'user.script',
      {
        till_text: '@{ key = $v.key } | ConvertTo-Json',
        till_changes: '',
        till_t_key: "it's ‘secret’",
        till_i_seats: '3',
        till_d_share: '0.5',
        till_b_on: 'true',
        till_t_list: `["a'b",1]`,
      },
    ],
  ])
  const comparison = seen.value.compare({ triggered: false })
  const changes = 'changes' in comparison ? comparison.changes : []
  expect(changes).toMatchObject([{ path: 'key', before: 'old', sensitive: true }])
  expect(await seen.value.converge?.(changes)).toEqual({ ok: true, value: undefined })
  expect(till.asked.at(-1)?.values).toMatchObject({ till_text: 'Set-Key $v.key', till_changes: 'key' })
})

test('what is no object on Windows is a failure there, too', async () => {
  const { observe } = windowsTill({ stdout: '3\r\n' })
  expect(await observe({})).toMatchObject({ failure: { code: 'MODULE_OUTPUT_INVALID', evidence: { stdout: '3\r\n' } } })
})
