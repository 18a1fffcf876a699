import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { ended, inventoryWith, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const server = new PostgresServer()
const DEVICES = Array.from({ length: 6 }, (_, index) => `pos${index + 1}`)
const devices = DEVICES.map((id) => `      ${id}: {profile: till, address: 127.0.0.1}\n`).join('')
const project = new TestProject({
  'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': inventoryWith(devices).replace('type: ssh', 'type: local'),
})
/** All devices after the second wait while there is a file \`hold\`, each in the middle of its change. */
project.write(
  'runbooks/visited.yaml',
  `name: visited
steps:
  - command:
      run: |
        cd ${project.root}
        echo "\${{ device.id }}" >> begun
        case "\${{ device.id }}" in pos1|pos2) ;; *) while [ -e hold ]; do sleep 0.05; done ;; esac
        touch "done-\${{ device.id }}"
      creates: "${project.root}/done-\${{ device.id }}"
`,
)

const lines = (name: string): readonly string[] =>
  existsSync(project.path(name)) ? project.read(name).trimEnd().split('\n') : []

describe.skipIf(!hasPostgres)('a state that was dumped in the middle of a run', () => {
  beforeAll(() => server.start())
  afterEach(() => {
    delete process.env['TILL_STATE']
  })
  afterAll(async () => {
    server.stop()
    await project.remove()
  })

  test('is restored elsewhere, says what was cut off, and the run is resumed to one end for each device', async () => {
    process.env['TILL_STATE'] = server.url
    writeFileSync(project.path('hold'), '')
    const child = project.start('apply', 'visited', '--yes', '--parallel', '3', '--json')
    const end = ended(child)
    await until(child, () => lines('begun').length === 5)
    const dump = project.path('state.sql')
    execFileSync('pg_dump', ['--no-owner', '--file', dump, server.url])
    // It goes on for a while: what happened since the dump is not known to it.
    rmSync(project.path('hold'))
    await until(child, () => existsSync(project.path('done-pos4')))
    child.kill('SIGKILL')
    await end
    expect(Object.keys(ends(server.url)).length, 'what was cut off has an end since').toBeGreaterThanOrEqual(2)

    server.sql('CREATE DATABASE restored', 'postgres')
    const restored = server.url.replace(/\/till$/, '/restored')
    execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', restored, '-f', dump], { stdio: 'ignore' })
    process.env['TILL_STATE'] = restored
    const before = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    expect(before).toMatchObject([{ state: 'interrupted' }])
    expect(ends(restored)).toEqual({ 'PL-0001/pos1': 1, 'PL-0001/pos2': 1 })
    const accepted = JSON.parse((await project.till('state', 'accept-restore', '--json')).stdout)
    expect(errorsOf('state-restored', accepted)).toEqual([])
    expect(accepted).toMatchObject({ runs: [before[0].run], devices: expect.arrayContaining(['PL-0001/pos4']) })
    const resumed = await project.till('resume', 'latest', '--yes', '--json')
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
    const all = Object.fromEntries(DEVICES.map((id) => [`PL-0001/${id}`, 1]))
    expect(ends(restored)).toEqual(all)
    for (const id of DEVICES) expect(existsSync(project.path(`done-${id}`)), id).toBe(true)
    // What had been done since the dump was seen, and not done again.
    for (const id of ['pos1', 'pos2', 'pos4'])
      expect(
        lines('begun').filter((line) => line === id),
        id,
      ).toHaveLength(1)
    expect((await project.till('audit', 'verify')).code).toBe(0)
  }, 180_000)

  test('lets devices refuse changes that know of later leases, until the restore is accepted', async () => {
    const restored = server.url.replace(/\/till$/, '/restored')
    process.env['TILL_STATE'] = restored
    const exec = () =>
      project.till('exec', '--device', 'PL-0001/pos1', '--device', 'PL-0001/pos6', '--json', '--', 'true')
    const dump = project.path('later.sql')
    execFileSync('pg_dump', ['--no-owner', '--file', dump, restored])
    for (let time = 0; time < 3; time += 1) expect((await exec()).code).toBe(0)
    server.sql('CREATE DATABASE later', 'postgres')
    const later = server.url.replace(/\/till$/, '/later')
    execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', later, '-f', dump], { stdio: 'ignore' })
    // As if nobody had had it before the backup.
    server.sql("DELETE FROM tillwright.lease_keys WHERE key LIKE '%/pos6'", 'later')
    process.env['TILL_STATE'] = later
    const refused = await exec()
    expect(refused.code).toBe(6)
    for (const { failure } of JSON.parse(refused.stdout).devices)
      expect(failure).toMatchObject({
        code: 'LEASE_LOST',
        message: expect.stringContaining('till state accept-restore'),
      })
    writeFileSync(project.path('hold'), '')
    onTestFinished(() => rmSync(project.path('hold'), { force: true }))
    const wait = `touch ${project.path('waits')}; while [ -e ${project.path('hold')} ]; do sleep 0.05; done`
    const child = project.start('exec', '--device', 'PL-0001/pos2', '--', wait)
    const end = ended(child)
    await until(child, () => existsSync(project.path('waits')))
    const early = await project.till('state', 'accept-restore')
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('STATE_IN_USE')])
    rmSync(project.path('hold'))
    expect((await end).code).toBe(0)
    const accepted = await project.till('state', 'accept-restore')
    expect([accepted.code, accepted.stderr]).toEqual([0, ''])
    expect((await exec()).code).toBe(0)
    expect((await project.till('audit', 'list')).stdout).toContain('state.restored')
    expect((await project.till('audit', 'verify')).code).toBe(0)
    // That one is lost, too, and the same backup is all that there is: devices know of what was given since.
    await delay(2_000)
    server.sql('CREATE DATABASE again', 'postgres')
    const again = server.url.replace(/\/till$/, '/again')
    execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', again, '-f', dump], { stdio: 'ignore' })
    server.sql("DELETE FROM tillwright.lease_keys WHERE key LIKE '%/pos6'", 'again')
    process.env['TILL_STATE'] = again
    expect((await exec()).code).toBe(6)
    expect((await project.till('state', 'accept-restore')).code).toBe(0)
    const taken = await exec()
    expect(taken.code, taken.stdout).toBe(0)
  }, 180_000)
})

/** Final states of the devices of the run in a database. */
function ends(address: string): Record<string, number> {
  const query = "SELECT device, count(*) FROM tillwright.events WHERE type = 'device.finished' GROUP BY 1 ORDER BY 1"
  const rows = execFileSync('psql', ['-X', '-q', '-A', '-t', '-d', address, '-c', query], { encoding: 'utf8' }).trim()
  return Object.fromEntries(rows.split('\n').map((row) => [row.split('|')[0], Number(row.split('|')[1])]))
}
