import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BASE_FILES, SignedRepository } from '../gitops/signed-repository.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended } from './project.ts'
import { errorsOf } from './published.ts'

const database = new PostgresServer()
let schemas = 0
let repository: SignedRepository
let device: string
/** Address of the state that all share; undefined: a file, which the commits name. */
let state: string | undefined

/** A controller on another machine: its own folder, and the state that all share. */
class Controller {
  readonly folder: string
  constructor(name: string) {
    this.folder = join(repository.root, name)
    cpSync(repository.folder, this.folder, { recursive: true })
  }

  till(...args: string[]): Promise<Ended> {
    const env = { ...process.env, TILL_GITOPS: this.folder, TILL_STATE: state, NO_COLOR: '1' }
    return ended(
      spawn(process.execPath, [TILL, ...args], { cwd: repository.root, env, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  async pass() {
    const { code, stdout, stderr } = await this.till('reconcile', '--json')
    expect(stderr).toBe('')
    const document = JSON.parse(stdout)
    expect(errorsOf('reconciled', document)).toEqual([])
    return { code, ...document }
  }

  async status() {
    const { code, stdout, stderr } = await this.till('gitops', 'status', '--json')
    expect(stderr).toBe('')
    expect(errorsOf('gitops-status', JSON.parse(stdout))).toEqual([])
    return { code, ...JSON.parse(stdout) }
  }

  trust(commit: string): Promise<Ended> {
    return this.till('gitops', 'trust', commit, '--reason', 'looked through')
  }

  async incidents(): Promise<readonly { readonly title: string; readonly state: string }[]> {
    const { stdout } = await this.till('incidents', 'list', '--json', '--project', join(this.folder, 'current'))
    return JSON.parse(stdout).incidents
  }

  edit(name: string, edited: (before: string) => string): void {
    const file = join(this.folder, name)
    writeFileSync(file, edited(readFileSync(file, 'utf8')))
  }
}

const SETTINGS = `policies: {default: {caps: [], rollout: {waves: false}}}
assignments: [{runbook: greeting, mode: mend}]
`

/** A commit that wants its text on the one device. */
function commit(text: string, parent: string): string {
  const files = {
    ...BASE_FILES,
    'tillwright.yaml': `${state === undefined ? `state: ${repository.root}/state/state.db\n` : ''}${SETTINGS}`,
    'runbooks/greeting.yaml': `steps:\n  - file: {path: ${device}/greeting, content: "${text}"}\n`,
  }
  return repository.push(repository.commit({ parents: [parent], files, sign: 'anna' }))
}
const greeting = (): string => readFileSync(join(device, 'greeting'), 'utf8')
const MOVED = (text: string): string => text.replace('origin.git', 'moved.git')
const BACK = (text: string): string => text.replace('moved.git', 'origin.git')

let one: Controller
let two: Controller
let base: string

async function begin(): Promise<void> {
  repository = new SignedRepository()
  device = join(repository.root, 'device')
  mkdirSync(device)
  base = (await repository.begin(['anna'])).base
  one = new Controller('one')
  two = new Controller('two')
}

describe.skipIf(!hasPostgres)('two controllers of one state in PostgreSQL', () => {
  beforeAll(() => database.start())
  afterAll(() => database.stop())
  beforeEach(async () => {
    state = `${database.url}?schema=c${++schemas}`
    await begin()
  })
  afterEach(() => repository.remove())

  test('the one that cannot have the newest revision leaves devices alone, says so, and calls people once it stays so', async () => {
    const a = commit('a', base)
    for (const each of [one, two]) expect(await each.pass()).toMatchObject({ code: 0, overtaken: null })
    two.edit('gitops.yaml', MOVED)
    const b = commit('b', a)
    expect(await one.pass()).toMatchObject({ code: 0, runs: [{ mode: 'apply' }] })
    expect(greeting()).toBe('b')
    const overtaken = { code: 'REVISION_OVERTAKEN', commit: b, on: expect.stringMatching(/-[0-9a-f]+$/) }
    const behind = await two.pass()
    expect(behind).toMatchObject({ code: 5, exit_code: 5, pull: { in_force: a }, runs: [], overtaken })
    expect(greeting()).toBe('b')
    expect(await one.incidents()).toEqual([])
    expect(await two.status()).toMatchObject({ code: 6, ok: false, trusted: { commit: a }, overtaken })
    expect((await two.till('gitops', 'status')).stdout).toMatch(/^overtaken {2}/m)
    expect((await two.till('reconcile')).stdout).toContain('REVISION_OVERTAKEN')
    // A pass of the one that is well is no word about the other.
    expect(await one.pass()).toMatchObject({ code: 0, overtaken: null })
    expect(await one.status()).toMatchObject({ code: 0, overtaken: null })
    expect(await one.incidents()).toMatchObject([
      { origin: 'revision', state: 'open', title: expect.stringContaining(b.slice(0, 12)) },
    ])
    two.edit('gitops.yaml', BACK)
    expect(await two.pass()).toMatchObject({
      code: 0,
      pull: { in_force: b },
      overtaken: null,
      runs: [{ exit_code: 0 }],
    })
    expect(await two.status()).toMatchObject({ code: 0, overtaken: null })
    expect(await one.incidents()).toMatchObject([{ state: 'cleared' }])
  }, 180_000)

  test('of a revision that one refuses and the other has in force, the one that refuses it calls people', async () => {
    const a = commit('a', base)
    for (const each of [one, two]) expect(await each.pass()).toMatchObject({ code: 0 })
    two.edit('revoked_keys', () => `${repository.public('anna')}\n`)
    const b = commit('b', a)
    expect(await two.pass()).toMatchObject({ code: 6, pull: { code: 'REVISION_UNTRUSTED' }, overtaken: null })
    expect(await one.incidents()).toMatchObject([{ state: 'open', title: expect.stringContaining('is refused') }])
    expect(await one.pass()).toMatchObject({ code: 0, pull: { in_force: b } })
    expect(await one.incidents()).toMatchObject([{ state: 'cleared' }])
    for (const _ of [1, 2]) expect(await two.pass()).toMatchObject({ code: 6, runs: [], overtaken: { commit: b } })
    expect(await one.pass()).toMatchObject({ code: 0 })
    expect((await one.incidents()).map((incident) => incident.state)).toEqual(['open', 'cleared'])
    expect(greeting()).toBe('b')
  }, 180_000)

  test('what a person orders holds for all, and where trust begins nothing is ordered', async () => {
    const a = commit('a', base)
    expect(await one.pass()).toMatchObject({ code: 0 })
    const b = commit('b', a)
    for (const each of [one, two]) expect(await each.pass()).toMatchObject({ code: 0, pull: { in_force: b } })
    repository.push(a)
    expect(await one.pass()).toMatchObject({ code: 6, pull: { code: 'REVISION_REWRITTEN' }, overtaken: null })
    expect(await one.trust(a)).toMatchObject({ code: 0, stderr: '' })
    expect(await one.pass()).toMatchObject({
      code: 0,
      pull: { in_force: a },
      overtaken: null,
      runs: [{ mode: 'apply' }],
    })
    expect(greeting()).toBe('a')
    expect(await two.pass()).toMatchObject({
      code: 6,
      runs: [],
      overtaken: { commit: a, ordered_by: expect.any(String) },
    })
    expect(greeting()).toBe('a')
    expect(await two.trust(a)).toMatchObject({ code: 0 })
    expect(await two.pass()).toMatchObject({ code: 0, overtaken: null })

    const c = commit('c', a)
    expect(await two.pass()).toMatchObject({ code: 0, pull: { in_force: c }, overtaken: null })
    const three = new Controller('three')
    expect(await three.trust(base)).toMatchObject({ code: 0 })
    expect(await three.pass()).toMatchObject({ code: 0, pull: { in_force: c }, overtaken: null })
    expect(greeting()).toBe('c')
  }, 180_000)

  test('what is put in force by hand where something older is, is said again to take back what the others have', async () => {
    const a = commit('a', base)
    expect(await two.pass()).toMatchObject({ code: 0 })
    const b = commit('b', a)
    const c = commit('c', b)
    expect(await one.pass()).toMatchObject({ code: 0, pull: { in_force: c } })
    const first = await two.trust(b)
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`till gitops trust ${b} --reason`) })
    two.edit('gitops.yaml', MOVED)
    expect(await two.pass()).toMatchObject({ code: 5, runs: [], overtaken: { commit: c } })
    expect(await two.trust(b)).toMatchObject({ code: 0, stdout: expect.stringContaining('for all') })
    expect(await two.pass()).toMatchObject({ code: 5, runs: [{ mode: 'apply' }], overtaken: null })
    expect(greeting()).toBe('b')
    expect(await one.pass()).toMatchObject({ code: 6, runs: [], overtaken: { commit: b } })
    const d = commit('d', c)
    expect(await one.pass()).toMatchObject({ code: 0, pull: { in_force: d }, overtaken: null })
    expect(greeting()).toBe('d')
  }, 180_000)
})

describe('two controllers of one machine whose state is a file', () => {
  beforeEach(async () => {
    state = undefined
    await begin()
  })
  afterEach(() => repository.remove())

  test('the one that is behind leaves devices alone, until a person says what is meant', async () => {
    const a = commit('a', base)
    for (const each of [one, two]) expect(await each.pass()).toMatchObject({ code: 0, overtaken: null })
    const b = commit('b', a)
    expect(await one.pass()).toMatchObject({ code: 0, pull: { in_force: b } })
    two.edit('gitops.yaml', MOVED)
    expect(await two.pass()).toMatchObject({ code: 5, pull: { in_force: a }, runs: [], overtaken: { commit: b } })
    expect(greeting()).toBe('b')
    // It is called out whatever else is wrong: nothing is asked of assignments before.
    const memories = join(repository.root, 'state/assignments.json')
    const whole = readFileSync(memories)
    writeFileSync(memories, '{')
    expect(await two.pass()).toMatchObject({ code: 5, runs: [], overtaken: { commit: b } })
    expect(await one.incidents()).toMatchObject([{ origin: 'revision', state: 'open' }])
    writeFileSync(memories, whole)
    repository.push(a)
    expect(await one.trust(a)).toMatchObject({ code: 0, stderr: '' })
    expect(await one.pass()).toMatchObject({ code: 0, runs: [{ mode: 'apply' }], overtaken: null })
    expect(await two.pass()).toMatchObject({ code: 5, runs: [{ exit_code: 0 }], overtaken: null })
    expect(greeting()).toBe('a')
  }, 180_000)

  test('a clone that is behind leaves devices alone, too, until it has what is in force', async () => {
    const clone = join(repository.root, 'clone')
    const git = (...args: string[]) => repository.run('git', ['-C', clone, ...args])
    const here = async () => {
      const { code, stdout } = await one.till('reconcile', '--here', '--json', '--project', clone)
      const document = JSON.parse(stdout)
      expect(errorsOf('reconciled', document)).toEqual([])
      return { code, ...document }
    }
    const a = commit('a', base)
    repository.run('git', ['clone', '-q', 'origin.git', clone])
    // Where nothing is followed, nothing is in its way.
    expect(await here()).toMatchObject({ code: 0, overtaken: null, runs: [{ exit_code: 0 }] })
    const b = commit('b', a)
    expect(await one.pass()).toMatchObject({ code: 0, pull: { in_force: b } })
    expect(await here()).toMatchObject({ code: 6, runs: [], overtaken: { code: 'REVISION_OVERTAKEN', commit: b } })
    const said = await one.till('reconcile', '--here', '--project', clone)
    expect(said.stdout).toMatch(
      new RegExp(`^REVISION_OVERTAKEN: .* has ${b} in force since .*\n {2}Bring it here first`),
    )
    git('checkout', '-q', '-b', 'feature')
    expect(await here()).toMatchObject({ code: 6, runs: [] })
    expect(greeting()).toBe('b')
    git('fetch', '-q')
    git('merge', '-q', b)
    git('commit', '-q', '--allow-empty', '-m', 'newer')
    git('checkout', '-q', '--detach')
    expect(await here()).toMatchObject({ code: 0, overtaken: null, runs: [{ exit_code: 0 }] })
    // What a person ordered is followed by nothing that is only newer.
    repository.push(a)
    await one.trust(a)
    expect(await here()).toMatchObject({ code: 6, overtaken: { commit: a, ordered_by: expect.any(String) } })
    git('checkout', '-q', a)
    expect(await here()).toMatchObject({ code: 0, overtaken: null })
    const current = await one.till('reconcile', '--here', '--project', join(one.folder, 'current'))
    expect([current.code, current.stderr]).toEqual([0, ''])
    expect(greeting()).toBe('a')
  }, 180_000)
})
