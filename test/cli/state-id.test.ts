import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withStateId } from '../../src/lang/write-state-id.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { TILL } from '../peers/till.ts'
import { chainOf } from './chain.ts'
import { ended, type TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const projects: TestProject[] = []
afterEach(async () => {
  for (const each of projects.splice(0)) await each.remove()
})

const HOOKS = `hooks:
  hostnames: ["device.store + '-' + device.id"]
  sources:
    desk: {alerts: payload.events, id: item.key, firing: item.open, alert: item.problem, device: item.till}
  rules:
    - {name: mark, match: "alert.name == 'Down'", runbook: mark, mode: act, settle: 0s, cooldown: 0s}
`

/** A store with two tills, on this machine, each of which a runbook marks. */
function chain(
  file = '# Ours.\nrun: {workers: 0} # one thread\npolicies: {default: {caps: [], rollout: {waves: false}}}\n',
) {
  const made = chainOf([`I-${process.pid}`], { policy: file, hours: 'closed' })
  projects.push(made)
  const steps = `  - id: note
    file: {path: '${made.root}/\${{ device.id }}.txt', content: "new\\n"}
    rollback: [{file: {path: '${made.root}/\${{ device.id }}.txt', content: "old\\n"}}]
`
  made.write('runbooks/mark.yaml', `name: mark\nsteps:\n${steps}`)
  return made
}

const yaml = (of: TestProject): string => readFileSync(of.path('tillwright.yaml'), 'utf8')
const marks = (of: TestProject): boolean[] => ['pos1', 'pos2'].map((id) => existsSync(of.path(`${id}.txt`)))

/** Tells of an alert as monitoring would. */
function fire(of: TestProject) {
  const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
  const args = [TILL, 'hook', 'fire', '--source', 'desk', '--wait', '1s', '--json']
  const child = spawn(process.execPath, args, { cwd: of.root, env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(readFileSync(of.path('alerts.json')))
  return ended(child)
}

async function adopted(of: TestProject, ...args: string[]) {
  const { code, stdout, stderr } = await of.till('state', 'adopt', '--json', ...args)
  expect([code, stderr]).toEqual([0, ''])
  const answer = JSON.parse(stdout)
  expect(errorsOf('state-adopted', answer)).toEqual([])
  return answer
}

/** How many times a process has a file open. */
function openedBy({ pid }: ChildProcess, file: string): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return links.filter((link) => link === file).length
}

describe('the state store that counts', () => {
  it('is written into the project file, in which everything else stays as it was', async () => {
    const project = chain()
    const before = yaml(project)
    const validated = await project.till('validate')
    expect([validated.code, validated.stdout]).toEqual([
      0,
      expect.stringContaining('before a second machine changes the same devices: whose state counts'),
    ])
    expect((await project.till('doctor')).stdout).toContain('hold for this one alone')
    const text = await project.till('state', 'adopt')
    expect(text.stdout).toMatch(/counts from now on: state.id is [0-9a-f-]{36}.\nCommit it: git commit/)
    const again = await adopted(project)
    expect(again).toMatchObject({ already: true, sealed: null, where: project.path('.till/state.db') })
    expect(yaml(project)).toBe(`${before}state:\n  id: ${again.id}\n`)
    expect((await project.till('validate')).stdout).not.toContain('whose state counts')
    expect((await project.till('doctor')).stdout).toContain('this store is the one that counts')
    const applied = await project.till('apply', 'mark', '--yes')
    expect([applied.code, marks(project)]).toEqual([0, [true, true]])
  })

  it('alone may change: with another one every way is refused, and looking goes on', async () => {
    const project = chain(`${HOOKS}run: {workers: 0}\npolicies: {default: {caps: [], rollout: {waves: false}}}\n`)
    // What is to be resumed and taken back was begun while no store counted yet.
    const pos2 = `I-${process.pid}/pos2`
    await project.till('hold', pos2, '--until', '2099-01-01 00:00', '--because', 'cabling')
    expect((await project.till('apply', 'mark', '--yes')).code).toBe(6)
    await project.till('hold', 'release', pos2)
    project.write(
      'alerts.json',
      JSON.stringify({ events: [{ key: '1', open: true, problem: 'Down', till: `I-${process.pid}/pos2` }] }),
    )
    const other = '00000000-0000-4000-8000-000000000000'
    project.write('tillwright.yaml', `${yaml(project)}state: {id: ${other}}\n`)
    expect((await project.till('plan', 'mark')).code).toBe(3)
    const ways = [
      ['apply', 'mark', '--yes'],
      ['exec', '--store', `I-${process.pid}`, '--', `touch ${project.path('pos2.txt')}`],
      ['resume', 'RUN', '--yes'],
      ['rollback', 'RUN', '--yes'],
    ]
    const run = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs.at(-1).run
    for (const way of ways.map((words) => words.map((word) => (word === 'RUN' ? run : word)))) {
      const { code, stderr } = await project.till(...way)
      expect([way[0], code, stderr]).toEqual([
        way[0],
        2,
        expect.stringMatching(/counts on the state store 0{8}-.*STATE_FOREIGN/s),
      ])
    }
    const fired = await fire(project)
    expect(`${fired.stdout}${fired.stderr}`).toContain('counts on the state store')
    expect(marks(project)).toEqual([true, false])
    expect(readFileSync(project.path('pos1.txt'), 'utf8')).toBe('new\n')
    expect((await project.till('doctor')).stdout).toContain('it may plan, and not change')
    const adopt = await project.till('state', 'adopt')
    expect([adopt.code, adopt.stderr]).toEqual([2, expect.stringMatching(/STATE_NOT_ADOPTED.*--move FILE/s)])
  })

  it('is given up by sealing its file, where nothing is in progress in it', async () => {
    const project = chain()
    const { id } = await adopted(project)
    expect(
      (await project.till('hold', `I-${process.pid}/pos1`, '--until', '2099-01-01 00:00', '--because', 'cabling')).code,
    ).toBe(0)
    const old = project.path('.till/state.db')
    project.write('tillwright.yaml', yaml(project).replace(`id: ${id}`, `id: ${id}\n  file: .till/new.db`))
    const foreign = await project.till('apply', 'mark', '--yes')
    expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining('STATE_FOREIGN')])
    const held = await project.till('state', 'adopt', '--move', old)
    expect([held.code, held.stderr]).toEqual([
      2,
      expect.stringMatching(/cannot be given up: .* holds I-\d+\/pos1: cabling/),
    ])
    const wrong = await project.till('state', 'adopt', '--move', project.path('.till/new.db'))
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('is not the store that counts')])
    const with_ = yaml(project)
    project.write('tillwright.yaml', with_.replace('new.db', 'state.db'))
    expect((await project.till('hold', 'release', `I-${process.pid}/pos1`)).code).toBe(0)
    project.write('tillwright.yaml', with_)
    // Of a machine that is not there any more.
    const store = await openSqliteStore(old)
    const at = new Date(Date.now() - 48 * 3_600_000).toISOString()
    const gone = { schema: 'till.event/1', run: 'of-another', at, type: 'run.started', mode: 'plan', runbooks: [] }
    await store.append([{ ...gone, devices: 1, by: 'ola', host: 'another', pid: 7 }] as never)
    await store.close()
    const moved = await adopted(project, '--move', old)
    expect(moved).toMatchObject({ sealed: old, already: false, where: project.path('.till/new.db') })
    expect(yaml(project)).toBe(with_.replace(id, moved.id))
    expect((await project.till('apply', 'mark', '--yes')).code).toBe(0)
    project.write('tillwright.yaml', yaml(project).replace('new.db', 'state.db'))
    const sealed = await project.till('runs', 'list')
    expect([sealed.code, sealed.stderr]).toEqual([
      2,
      expect.stringContaining(`was moved to ${project.path('.till/new.db')}`),
    ])
  })

  it.runIf(process.platform === 'linux')(
    'is not given up while its breaker is open, and by nobody who changes it meanwhile',
    async () => {
      const project = chain(
        'policies: {default: {caps: [], breakers: [{failures: 1, within: 30m}], rollout: {waves: false}}}\n',
      )
      const { id } = await adopted(project)
      const named = yaml(project)
      // It fails while it is looked at, so that nothing is out by it.
      project.write(
        'runbooks/look.yaml',
        `name: look\nsteps:\n  - file: {path: ${project.root}/runbooks, content: x}\n`,
      )
      expect((await project.till('apply', 'look', '--yes')).code).toBe(4)
      const old = project.path('.till/state.db')
      const other = named.replace(`id: ${id}`, `id: ${id}\n  file: .till/new.db`)
      project.write('tillwright.yaml', other)
      const open = await project.till('state', 'adopt', '--move', old)
      expect([open.code, open.stderr]).toEqual([
        2,
        expect.stringMatching(/cannot be given up: the breaker is open: 1 device/),
      ])
      project.write('tillwright.yaml', named)
      expect((await project.till('breaker', '--close', 'mended')).code).toBe(0)
      project.write('tillwright.yaml', other)

      // Somebody has it in hand when it is asked for, and puts a hold into it that is yet to come.
      const database = new Database(old, { timeout: 10_000 })
      database.exec('BEGIN IMMEDIATE')
      const child = project.start('state', 'adopt', '--move', old)
      const end = ended(child)
      await until(child, () => openedBy(child, old) > 1)
      const [from, until_] = [Date.parse('2098-01-01'), Date.parse('2099-01-01')]
      const hold = { on: `I-${process.pid}`, why: 'rebuilding', by: 'ola', from, until: until_ }
      const put = database.prepare('INSERT OR REPLACE INTO state_facts (name, value) VALUES (?, ?)')
      put.run('holds Chain', JSON.stringify([hold]))
      database.exec('COMMIT')
      const held = await end
      expect([held.code, held.stderr]).toEqual([
        2,
        expect.stringMatching(/cannot be given up: ola holds I-\d+ from 2098-01-01\S+ on: rebuilding/),
      ])
      put.run('holds Chain', '[]')
      database.close()
      expect(yaml(project)).toBe(other)

      // Killed, or the disk full, after the seal and before tillwright.yaml was written: the same again ends it.
      const moved = await adopted(project, '--move', old)
      expect(yaml(project)).toBe(other.replace(id, moved.id))
      project.write('tillwright.yaml', other)
      expect(await adopted(project, '--move', old)).toEqual(moved)
      expect(yaml(project)).toBe(other.replace(id, moved.id))
      project.write('tillwright.yaml', other.replace('new.db', 'third.db'))
      const third = await project.till('state', 'adopt', '--move', old)
      expect([third.code, third.stderr]).toEqual([2, expect.stringContaining('was moved to')])
    },
  )

  it('stays what it was where tillwright.yaml cannot be written', async () => {
    const project = chain()
    const { id } = await adopted(project)
    const other = yaml(project).replace(`id: ${id}`, `id: ${id}\n  file: .till/new.db`)
    // Beside it there is no room for a name that is any longer.
    const long = 'y'.repeat(250)
    project.write(long, other)
    rmSync(project.path('tillwright.yaml'))
    symlinkSync(long, project.path('tillwright.yaml'))
    const old = project.path('.till/state.db')
    const refused = await project.till('state', 'adopt', '--move', old)
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/tillwright.yaml" cannot be written: ENAMETOOLONG.*Nothing was sealed/s),
    ])
    rmSync(project.path('tillwright.yaml'))
    project.write('tillwright.yaml', other)
    expect((await adopted(project, '--move', old)).sealed).toBe(old)
  })

  it('is written into every form of a project file, or refused', () => {
    const id = '8f14e45f-ceea-467f-a8f5-0b5c1d3f2a10'
    const forms: readonly [string, string | undefined][] = [
      ['', `state:\n  id: ${id}\n`],
      ['# nothing yet\n', `# nothing yet\nstate:\n  id: ${id}\n`],
      ['run: {workers: 0}', `run: {workers: 0}\nstate:\n  id: ${id}\n`],
      ['state: .till/x.db # here\nrun: {}\n', `state: {id: ${id}, file: .till/x.db} # here\nrun: {}\n`],
      [`state: 'a b.db'\n`, `state: {id: ${id}, file: 'a b.db'}\n`],
      ['state: {postgres: "env:DB"}\n', `state: {id: ${id}, postgres: "env:DB"}\n`],
      [
        'state:\n  # where\n  postgres: env:DB\nrun: {}\n',
        `state:\n  # where\n  id: ${id}\n  postgres: env:DB\nrun: {}\n`,
      ],
      [`state: {id: 00000000-0000-4000-8000-000000000000}\n`, `state: {id: ${id}}\n`],
      ['state: data/a,b.db\n', `state: {id: ${id}, file: "data/a,b.db"}\n`],
      ['state: ./a [1]/b: c.db', undefined],
      ['state: a [1].db # here\n', `state: {id: ${id}, file: "a [1].db"} # here\n`],
      ['state: a\n  b.db\n', `state: {id: ${id}, file: "a b.db"}\n`],
      ['state: |-\n  x.db\n', undefined],
      ['state: >-\n  x.db\nrun: {}\n', undefined],
      // What is there would mean something else with more in it.
      ['state: &s {file: x.db}\nserver: *s\n', undefined],
      ['server: &s x\nstate: {id: *s, file: x.db}\n', `server: &s x\nstate: {id: ${id}, file: x.db}\n`],
      ['{run: {}}\n', undefined],
      ['state: &here x.db\n', undefined],
      ['a: [\n', undefined],
      ['run: {}\n...\n', undefined],
    ]
    for (const [text, written] of forms) expect([text, withStateId(text, id)]).toEqual([text, written])
  })
})

describe.skipIf(!hasPostgres)('a state store in PostgreSQL', () => {
  const server = new PostgresServer()
  beforeAll(() => server.start())
  afterAll(() => server.stop())

  it('counts as a file does, and a worker of another repository does not begin', async () => {
    const project = chain()
    project.write('address', `${server.url}\n`)
    project.write('tillwright.yaml', `${yaml(project)}state: {postgres: "file:${project.path('address')}"} # shared\n`)
    const { id, where } = await adopted(project)
    expect(where).toContain('database "till"')
    expect(yaml(project)).toContain(`state: {id: ${id}, postgres: "file:${project.path('address')}"} # shared\n`)
    expect((await project.till('apply', 'mark', '--yes', '--device', `I-${process.pid}/pos1`)).code).toBe(0)
    project.write('tillwright.yaml', yaml(project).replace(id, '00000000-0000-4000-8000-000000000000'))
    const refused = await project.till('apply', 'mark', '--yes')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('STATE_FOREIGN')])
    const worker = await ended(project.start('worker'))
    expect([worker.code, worker.stderr]).toEqual([2, expect.stringContaining('STATE_FOREIGN')])
    expect(marks(project)).toEqual([true, false])
  })
})
