// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { ended, inventoryWith, TestProject, until } from '../cli/project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const FILES = (root: string) => ({
  'tillwright.yaml': `run: {workers: 0}
guards: {receipt: {is: open-receipt, file: ${root}/receipt, look_again: 200ms}}
policies: {default: {rollout: {guards: [receipt], waves: {canary: 9, soak: 0s, pause: never}}}}
`,
  'runbooks/work.yaml': `steps:
  - {id: first, command: {run: 'echo first >> ${root}/log; [ -e ${root}/again ] || touch ${root}/receipt ${root}/again', always: true}}
  - {id: second, command: {run: 'echo second >> ${root}/log', always: true}}
`,
})

it('a receipt that is opened between two actions stops the till there; the first is not done again', async () => {
  const device = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'
  const made = new TestProject({
    'inventory/stores.yaml': inventoryWith(device)
      .replace('PL-0001', `G-${process.pid}`)
      .replace('06:00-22:00', 'closed'),
  })
  project = made
  for (const [name, text] of Object.entries(FILES(made.root))) made.write(name, text)
  const child = made.start('apply', 'work', '--yes', '--ndjson', '--wait', '60s')
  let told = ''
  child.stdout?.on('data', (chunk) => {
    told += chunk
  })
  const end = ended(child)
  await until(child, () => told.includes('"device.waiting"'))
  expect(readFileSync(made.path('log'), 'utf8')).toBe('first\n')
  rmSync(made.path('receipt'))
  expect((await end).code).toBe(0)
  expect(readFileSync(made.path('log'), 'utf8')).toBe('first\nsecond\n')
  const { devices } = JSON.parse((await made.till('runs', 'show', 'latest', '--json')).stdout)
  expect(devices[0].steps.map(({ step, state }: { step: string; state: string }) => [step, state])).toEqual([
    ['first', 'changed'],
    ['second', 'changed'],
  ])
  expect(existsSync(made.path('receipt'))).toBe(false)
}, 60_000)
