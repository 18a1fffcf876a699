import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'

const WRONG_CLOCK = new URL('../peers/wrong-clock.mjs', import.meta.url).href
const database = new PostgresServer()
const SETTINGS = `policies: {default: {caps: [], rollout: {waves: false}}}
assignments:
  - {name: marker, runbook: marker, mode: mend, every: 1h}
`
let machines: readonly TestProject[] = []
let schemas = 0

/** A checkout on another machine; both write into the folder of the first what they do. */
function checkout(log: string): TestProject {
  const project = new TestProject({ 'tillwright.yaml': SETTINGS })
  const devices = '      pos1: {profile: till, address: 127.0.0.1}\n'
  project.write('inventory/fleet.yaml', inventoryWith(devices).replace('type: ssh', 'type: local'))
  const script = `echo begun >> ${log}/begun; while [ -e ${log}/hold ]; do sleep 0.05; done; echo made >> ${log}/made`
  project.write('runbooks/marker.yaml', `name: marker\nsteps:\n  - command: {run: '${script}', always: true}\n`)
  return project
}

interface Pass {
  readonly runs: readonly { readonly assignments: readonly string[] }[]
  readonly waiting: readonly string[]
  readonly suspended: readonly string[]
}

const passOf = ({ stdout, stderr }: Ended): Pass => {
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}
const reconcile = async (project: TestProject, ...args: string[]): Promise<Pass> =>
  passOf(await project.till('reconcile', '--here', '--json', ...args))
const lines = (name: string): number =>
  existsSync(join(machines[0]?.root ?? '', name))
    ? readFileSync(join(machines[0]?.root ?? '', name), 'utf8')
        .trimEnd()
        .split('\n').length
    : 0

describe.skipIf(!hasPostgres)('assignments of several machines on one state', () => {
  beforeAll(() => database.start())
  afterAll(() => database.stop())
  beforeEach(() => {
    process.env['TILL_STATE'] = `${database.url}?schema=r${++schemas}`
    const one = new TestProject({})
    const [a, b] = [checkout(one.root), checkout(one.root)]
    machines = [one, a, b]
  })
  afterEach(async () => {
    for (const project of machines) await project.remove()
    delete process.env['TILL_STATE']
  })

  test('what is due is gone through by one of them, once a cadence', async () => {
    const [, a, b] = machines as [TestProject, TestProject, TestProject]
    const both = await Promise.all([reconcile(a), reconcile(b)])
    expect(both.map(({ runs }) => runs.length).toSorted()).toEqual([0, 1])
    expect(both.flatMap(({ waiting }) => waiting)).toEqual(['marker'])
    expect(lines('made')).toBe(1)
    for (const project of [a, b]) expect(await reconcile(project)).toMatchObject({ runs: [], waiting: ['marker'] })
    expect(lines('made')).toBe(1)
  })

  test('one whose clock is two hours ahead takes no turn of the other', async () => {
    const [, a, b] = machines as [TestProject, TestProject, TestProject]
    expect((await reconcile(a)).runs).toHaveLength(1)
    process.env['NODE_OPTIONS'] = `--import ${WRONG_CLOCK}`
    process.env['TILL_TEST_CLOCK_MS'] = String(2 * 3_600_000)
    try {
      expect(await reconcile(b)).toMatchObject({ runs: [], waiting: ['marker'] })
    } finally {
      for (const name of ['NODE_OPTIONS', 'TILL_TEST_CLOCK_MS']) delete process.env[name]
    }
    expect(lines('made')).toBe(1)
  })

  test('what one suspends the other leaves alone', async () => {
    const [, a, b] = machines as [TestProject, TestProject, TestProject]
    expect(await a.till('assignments', 'suspend', 'marker', '--here', '--reason', 'stocktaking')).toMatchObject({
      code: 0,
    })
    expect(await reconcile(b)).toMatchObject({ runs: [], suspended: ['marker'] })
    expect(await b.till('assignments', 'resume', 'marker', '--here')).toMatchObject({ code: 0 })
    expect((await reconcile(a)).runs).toHaveLength(1)
  })

  test('while one is at it the other leaves it alone, and goes on with it when that one was killed', async () => {
    const [one, a, b] = machines as [TestProject, TestProject, TestProject]
    writeFileSync(one.path('hold'), '')
    const child = a.start('reconcile', '--here', '--json')
    const end = ended(child)
    await until(child, () => lines('begun') === 1)
    expect(await reconcile(b)).toMatchObject({ runs: [], waiting: ['marker'] })
    child.kill('SIGKILL')
    await end
    rmSync(one.path('hold'))
    expect((await reconcile(b)).runs).toMatchObject([{ assignments: ['marker'] }])
  })

  test('what was remembered beside a state in a file holds when it is moved', async () => {
    const [, a, b] = machines as [TestProject, TestProject, TestProject]
    const address = process.env['TILL_STATE'] ?? ''
    delete process.env['TILL_STATE']
    expect(await a.till('assignments', 'suspend', 'marker', '--here', '--reason', 'stocktaking')).toMatchObject({
      code: 0,
    })
    expect(await a.till('state', 'migrate', '--to', address)).toMatchObject({ code: 0, stderr: '' })
    process.env['TILL_STATE'] = address
    // The other machine, which has no such file, is the first to ask.
    expect(await reconcile(b)).toMatchObject({ runs: [], suspended: ['marker'] })
    expect(await reconcile(a)).toMatchObject({ runs: [], suspended: ['marker'] })
  })
})
