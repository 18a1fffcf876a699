import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { ended, inventoryWith, TestProject, until } from './project.ts'

const server = new PostgresServer()
const project = new TestProject({
  'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n').replace(
    'type: ssh',
    'type: local',
  ),
})
project.write(
  'runbooks/mark.yaml',
  `name: mark\nsteps:\n  - command: {run: touch ${project.path('mark')}, creates: ${project.path('mark')}}\n`,
)
const OFF_MS = 10 * 60_000

describe.skipIf(!hasPostgres)('a worker whose clock is', () => {
  beforeAll(async () => {
    await server.start()
    process.env['TILL_STATE'] = server.url
  }, 120_000)
  afterAll(async () => {
    delete process.env['TILL_STATE']
    await project.remove()
    server.stop()
  })

  test.each([
    ['behind', -OFF_MS],
    ['ahead', OFF_MS],
  ])('%s tells times by that which all share, and that its own is wrong', async (word, offMs) => {
    const before = await project.till('plan', 'mark', '--json')
    expect(JSON.parse(before.stdout).devices).toMatchObject([{ state: 'drifted' }])
    const begun = Date.now()
    process.env['NODE_OPTIONS'] = `--import ${new URL('../peers/wrong-clock.mjs', import.meta.url)}`
    process.env['TILL_TEST_CLOCK_MS'] = String(offMs)
    const worker = project.start('worker', '--name', word)
    for (const name of ['NODE_OPTIONS', 'TILL_TEST_CLOCK_MS']) delete process.env[name]
    const end = ended(worker)
    onTestFinished(() => void worker.kill('SIGKILL'))
    await until(worker, () => server.sql("SELECT to_regclass('tillwright.workers')") !== '', 250)
    await until(worker, () => server.sql('SELECT count(*) FROM tillwright.workers') === '1', 250)
    const applied = await project.till('apply', 'mark', '--yes', '--json', '--on', 'workers')
    expect([applied.code, JSON.parse(applied.stdout).devices]).toMatchObject([0, [{ state: 'changed' }]])
    // What was found before, by a clock that is right, does not hide it.
    const { devices } = JSON.parse((await project.till('status', '--json')).stdout)
    expect(devices).toMatchObject([{ state: 'changed' }])
    const { run } = JSON.parse(applied.stdout)
    const times = server.sql(`SELECT min(at) || '|' || max(at) FROM tillwright.events WHERE run = '${run.run}'`)
    for (const at of times.split('|')) {
      expect(Date.parse(at)).toBeGreaterThan(begun - 2_000)
      expect(Date.parse(at)).toBeLessThan(Date.now() + 2_000)
    }
    worker.kill('SIGTERM')
    expect((await end).stderr).toMatch(
      /^warning The clock of this machine is (599|600|601) s (behind|ahead of) that of the state/m,
    )
    rmSync(project.path('mark'))
  })
})
