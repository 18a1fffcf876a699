import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { RECORDED_RUNS } from '../../src/testing/recorded-runs.ts'
import { type Ended, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
let generated: Ended

beforeAll(async () => {
  project = new TestProject({ 'tillwright.yaml': 'inventory: inventory/\n', 'broken/x.yaml': 'region: nort\n' })
  generated = await project.till('inventory', 'generate', '--stores', '4', '--output', 'inventory', '--json')
  const store = await openSqliteStore(project.path('.till/state.db'))
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  const killed = RECORDED_RUNS['killed in the middle of a change']?.() ?? []
  await store.append(killed.map((event) => ({ ...event, run: '20261123T000000Z-bbbbbb' })))
  await store.close()
})
afterAll(async () => {
  await project.till('sandbox', 'down')
  await project.remove()
})

describe('the documents of', () => {
  test('inventory generate', () => {
    expect(errorsOf('inventory-generated', JSON.parse(generated.stdout))).toEqual([])
  })

  test.each([
    ['inventory-list', 'inventory list'],
    ['inventory-list', 'inventory list --where false'],
    ['inventory-explained', 'inventory show PL-0001'],
    ['inventory-explained', 'inventory show PL-0001/pos1'],
    ['inventory-check', 'inventory validate'],
    ['diagnostics', 'inventory validate broken'],
    ['diagnostics', 'validate'],
    ['status', 'status'],
    ['status', 'status --store PL-0004'],
    ['runs', 'runs list'],
    ['runs', 'runs list --limit 1'],
    ['result', 'runs show 20261122'],
    ['runs-diff', 'runs diff 20261122 20261123'],
    ['history', 'history PL-0001/pos1'],
    ['history', 'history PL-0002/pos1 --since 1h'],
    ['modules', 'module list'],
    ['module-shown', 'module show certificate'],
    ['sandbox', 'sandbox down'],
  ])('are what the schema %s says: %s', async (name, command) => {
    const { stdout, stderr } = await project.till(...command.split(' '), '--json')
    expect(stderr).not.toMatch(/fault of Tillwright|Warning/)
    expect(errorsOf(name, JSON.parse(stdout))).toEqual([])
  })

  test.each([
    ['inventory-device', 'inventory list'],
    ['status-device', 'status'],
    ['event', 'runs show 20261122'],
  ])('are, line by line, what the schema %s says: %s', async (name, command) => {
    const { stdout } = await project.till(...command.split(' '), '--ndjson')
    const lines = stdout.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.flatMap((line) => errorsOf(name, JSON.parse(line)))).toEqual([])
  })
})

test('a sandbox says what its schema says, from beginning to end', async ({ skip }) => {
  const up = await project.till('sandbox', 'up', '--stores', '1', '--detach', '--json')
  if (up.stderr.includes('SANDBOX_UNAVAILABLE') && !process.env['CI']) {
    console.warn(`Skipped: this machine cannot isolate devices of a sandbox.\n${up.stderr}`)
    skip()
  }
  const answers = [up]
  for (const words of [['status'], ['fault', 'slow=20ms'], ['down']]) {
    answers.push(await project.till('sandbox', ...words, '--json'))
  }
  for (const { stdout, stderr } of answers) expect([errorsOf('sandbox', JSON.parse(stdout)), stderr]).toEqual([[], ''])
  expect(JSON.parse(answers[2]?.stdout ?? '').faults).toMatchObject({ slow: expect.any(Number) })
})

describe('the schemas refuse', () => {
  const status = { state: 'in-sync', unknown: false, code: null, message: null, run: 'x', runbooks: [] }
  const known = {
    device: 'S1/pos1',
    ...status,
    at: '2026-11-22T03:47:16.123Z',
    seen_at: '2026-11-22T03:47:16.123Z',
    age_s: 1,
    last_at: '2026-11-22T03:47:16.123Z',
    looks: [{ ...status, at: '2026-11-22T03:47:16.123Z', counts: true }],
  }

  test('not what is right', () => expect(errorsOf('status-device', known)).toEqual([]))

  test.each([
    ['a key that nobody knows', 'status-device', { ...known, more: 1 }],
    ['a state that there is not', 'status-device', { ...known, state: 'fine' }],
    ['an age that is no number', 'status-device', { ...known, age_s: '1' }],
    ['a list without its schema', 'runs', { runs: [] }],
    ['another version', 'runs', { schema: 'till.runs/2', runs: [] }],
    ['two things explained at once', 'inventory-explained', explained({ device: 1, store: 1 })],
    ['nothing explained', 'inventory-explained', explained({})],
    ['a sandbox that is half down', 'sandbox', { schema: 'till.sandbox/1', down: 'half' }],
  ])('%s', (_, name, document) => {
    expect(errorsOf(name, document)).not.toEqual([])
  })
})

function explained(what: object): object {
  return { schema: 'till.inventory.explained/1', name: 'x', values: [], ...what }
}
