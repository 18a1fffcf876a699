import Database from 'libsql'
import { afterEach, expect, test } from 'vitest'
import { until } from '../cli/project.ts'
import { bearer, NORTH, RULES, SENDERS, ServedProject, zabbix } from './served-project.ts'

let till: ServedProject

afterEach(() => till.remove())

interface Shown {
  readonly rule: string
  readonly state: string
  readonly attempts: readonly { readonly result: string }[]
}

async function episodes(): Promise<readonly Shown[]> {
  return JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
}

async function become(...expected: readonly string[]): Promise<void> {
  let states: readonly string[] = []
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((turn) => setTimeout(turn, 500))) {
    states = (await episodes()).map(({ rule, state }) => `${rule} ${state}`).sort()
    if (states.join() === [...expected].sort().join()) return
  }
  throw new Error(`${states.join()}\n${till.told}`)
}

test('what came of a repair and could not be written is written as soon as it can be', async () => {
  till = new ServedProject(SENDERS + RULES)
  await till.serve()
  await till.send('zabbix', zabbix(1, 'Slow'))
  await till.has(() => till.log().includes('begun'))
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  database.exec(`CREATE TRIGGER full BEFORE UPDATE ON hook_attempts BEGIN SELECT RAISE(ABORT, 'no space'); END`)
  till.write('quick', '')
  await till.has(() => till.told.includes('cannot be noted'))
  expect((await episodes())[0]?.attempts).toMatchObject([{ result: 'running' }])
  database.exec('DROP TRIGGER full')
  database.close()
  await till.has(() => till.told.includes('repair 1 helped'))
  expect([(await episodes())[0]?.attempts, till.log()]).toMatchObject([[{ result: 'helped' }], ['begun', 'ended']])
  // Others at the device wait for it no longer.
  await till.send('zabbix', zabbix(2, 'MarkerGone'))
  await till.has(() => till.log().includes('pos1 made'))
})

test('an attempt that this server has taken, and does not make, is in doubt', async () => {
  till = new ServedProject(SENDERS + RULES)
  await till.serve()
  await till.send('zabbix', zabbix(1, 'MarkerGone'))
  await till.has(() => till.told.includes('repair 1 helped'))
  // As when the answer to a commit is lost.
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  const running = "json_set(json, '$.attempts[0].result', 'running', '$.attempts[0].finished_at', NULL)"
  database.exec(`BEGIN; UPDATE hook_attempts SET result = 'running', finished_at = NULL;
    UPDATE episodes SET due_at = NULL, json = ${running}; COMMIT`)
  database.close()
  await become('marker needs-people')
  expect((await episodes())[0]?.attempts).toMatchObject([{ result: 'doubtful' }])
}, 60_000)

test('a repair whose rule is renamed meanwhile is noted, and the next one at its device is made', async () => {
  till = new ServedProject(SENDERS + RULES)
  await till.serve()
  await till.send('zabbix', zabbix(1, 'Slow'))
  await till.has(() => till.log().includes('begun'))
  till.write('tillwright.yaml', SENDERS + RULES.replace('name: slow', 'name: slower').replace("'Slow'", "'Slower'"))
  await till.has(() => till.told.includes('A new revision of the repository is in force'))
  await till.send('zabbix', zabbix(1, 'Slow', `${NORTH}/pos1`, '0'), bearer('T_ALL'))
  await become('slow repairing')
  const closing = await till.till('episodes', 'close', await idOf('slow'), '--because', 'it is over', '--json')
  expect([closing.code, JSON.parse(closing.stdout).diagnostics]).toMatchObject([2, [{ detail: 'Wait for its end.' }]])
  till.write('quick', '')
  await become('slow closed')
  expect((await episodes())[0]?.attempts).toMatchObject([{ result: 'helped' }])
  await till.send('zabbix', zabbix(2, 'MarkerGone'))
  if (till.server) await until(till.server, () => till.log().includes('pos1 made'))
})

async function idOf(rule: string): Promise<string> {
  const { stdout } = await till.till('episodes', 'list', '--json')
  return JSON.parse(stdout).episodes.find((each: Shown) => each.rule === rule).episode
}

test('an alert that meets an error of the store that nobody expected is taken in later, and the others go on', async () => {
  till = new ServedProject(SENDERS + RULES)
  await till.serve()
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  database.exec(`CREATE TRIGGER strange BEFORE INSERT ON episodes WHEN NEW.rule = 'marker'
    BEGIN SELECT RAISE(ABORT, 'nobody knows this one'); END`)
  expect(await till.send('zabbix', zabbix(1, 'MarkerGone'))).toMatchObject({ status: 202, alerts: null })
  await till.send('zabbix', zabbix(2, 'Slow', `${NORTH}/office`))
  await till.has(() => till.log().includes('begun'))
  const ready = await fetch(`${till.url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('nobody knows this one')])
  database.exec('DROP TRIGGER strange')
  database.close()
  await till.has(() => till.log().includes('pos1 made'))
  expect((await fetch(`${till.url}/readyz`)).status).toBe(200)
  till.write('quick', '')
})
