import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { alone } from '../../src/gitops/trust-folder.ts'
import { measureGitops } from '../../src/server/measure-gitops.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { BASE_FILES, DEVICE, SignedRepository } from '../gitops/signed-repository.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, until } from './project.ts'
import { errorsOf } from './published.ts'

let repository: SignedRepository
let device: string
beforeEach(() => {
  repository = new SignedRepository()
  device = join(repository.root, 'device')
  mkdirSync(device)
})
afterEach(() => repository.remove())

function start(...args: string[]) {
  const env = { ...process.env, TILL_GITOPS: repository.folder, NO_COLOR: '1' }
  return spawn(process.execPath, [TILL, ...args], { cwd: repository.root, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

const till = (...args: string[]): Promise<Ended> => ended(start(...args))

/** A repository that wants a file on its one device to hold a text. */
const wanting = (text: string, assignment = '{runbook: greeting, mode: mend, owner: ops}'): Record<string, string> => ({
  ...BASE_FILES,
  'tillwright.yaml': `assignments:\n  - ${assignment}\n`,
  'runbooks/greeting.yaml': `name: greeting\ndescription: A greeting\nsteps:\n  - id: text\n    file: {path: ${device}/greeting, content: "${text}"}\n`,
})
const greeting = (): string => readFileSync(join(device, 'greeting'), 'utf8')

async function reconcile(...args: string[]) {
  const { code, stdout, stderr } = await till('reconcile', '--json', ...args)
  expect(stderr).toBe('')
  const document = JSON.parse(stdout)
  expect(errorsOf('reconciled', document)).toEqual([])
  return { code, ...document }
}

describe('till reconcile', () => {
  test('mends by what is signed; a bad commit leaves the last good one; what comes back twice is told and left', async () => {
    const { base } = await repository.begin(['anna'])
    const one = repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    expect(await till('reconcile')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('It is in force now.'),
    })
    expect(greeting()).toBe('one')

    repository.push(repository.commit({ parents: [one], files: wanting('two'), sign: undefined }))
    writeFileSync(join(device, 'greeting'), 'other')
    expect(await reconcile()).toMatchObject({
      code: 6,
      pull: { outcome: 'refused', in_force: one },
      runs: [{ mode: 'apply', exit_code: 0 }],
    })
    expect(greeting()).toBe('one')

    writeFileSync(join(device, 'greeting'), 'again')
    const left = await reconcile()
    expect(left).toMatchObject({ code: 6, runs: [{ mode: 'drift', exit_code: 3 }] })
    expect(left.contested).toMatchObject([{ assignment: 'greeting', device: DEVICE }])
    expect(greeting()).toBe('again')
    const incidents = await till('incidents', 'list', '--json', '--project', join(repository.folder, 'current'))
    expect(JSON.parse(incidents.stdout).incidents).toMatchObject([
      {
        origin: 'revision',
        fault: 'revision-refused',
        title: expect.stringMatching(/is refused: REVISION_UNTRUSTED, /),
      },
    ])
    const listed = await till('assignments', '--json')
    expect(errorsOf('assignments', JSON.parse(listed.stdout))).toEqual([])
    expect(JSON.parse(listed.stdout).assignments).toMatchObject([
      { contested: [DEVICE], owner: 'ops', last: { exit_code: 3 } },
    ])

    repository.push(repository.commit({ parents: [one], files: wanting('three'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
    expect(greeting()).toBe('three')
    const after = await till('incidents', 'list', '--json', '--project', join(repository.folder, 'current'))
    expect(JSON.parse(after.stdout).incidents).toMatchObject([{ fault: 'revision-refused', state: 'cleared' }])
    expect((await till('runs', 'list', '--json', '--project', join(repository.folder, 'current'))).stdout).toContain(
      '"mode":"drift"',
    )
  })

  test('a runbook that is assigned as a file is that of the signed commit, wherever till was started', async () => {
    const { base } = await repository.begin(['anna'])
    const assigned = '{runbook: runbooks/greeting.yaml, mode: mend, name: greeting}'
    const one = repository.push(repository.commit({ parents: [base], files: wanting('one', assigned), sign: 'anna' }))
    const here = join(repository.root, 'runbooks')
    mkdirSync(here)
    writeFileSync(join(here, 'greeting.yaml'), wanting('unreviewed')['runbooks/greeting.yaml'] as string)
    expect(await reconcile()).toMatchObject({ code: 0, pull: { in_force: one } })
    expect(greeting()).toBe('one')
    rmSync(here, { recursive: true })
    expect(await reconcile()).toMatchObject({ code: 0, runs: [{ exit_code: 0 }] })

    writeFileSync(join(repository.root, 'outside.yaml'), wanting('outside')['runbooks/greeting.yaml'] as string)
    for (const outside of ['outside', 'outside.yaml', join(repository.root, 'outside.yaml')]) {
      const files = wanting('two', `{runbook: "${outside}", mode: mend}`)
      repository.push(repository.commit({ parents: [one], files, sign: 'anna' }))
      expect(await reconcile()).toMatchObject({ code: 6, pull: { code: 'REVISION_BROKEN', in_force: one } })
    }
    expect(greeting()).toBe('one')
  })

  test('keeps to the revision in force while ssh-keygen is killed; where it stays so, an incident says so', async () => {
    const { base } = await repository.begin(['anna'])
    const one = repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 0 })
    const bin = join(repository.root, 'bin')
    mkdirSync(bin)
    const path = process.env['PATH'] ?? ''
    writeFileSync(join(bin, 'ssh-keygen'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 })
    const two = repository.push(repository.commit({ parents: [one], files: wanting('two'), sign: 'anna' }))
    const listed = async () =>
      JSON.parse((await till('incidents', 'list', '--json', '--project', join(repository.folder, 'current'))).stdout)
    process.env['PATH'] = `${bin}:${path}`
    try {
      for (const count of [0, 1]) {
        writeFileSync(join(device, 'greeting'), `other ${count}`)
        expect(await reconcile()).toMatchObject({
          code: 6,
          pull: { outcome: 'undecided', code: 'REVISION_UNDECIDED', in_force: one, tip: two },
        })
        if (count === 0) expect(greeting()).toBe('one')
        expect((await listed()).incidents).toHaveLength(count)
      }
    } finally {
      process.env['PATH'] = path
    }
    const after = await reconcile()
    expect(after).toMatchObject({ code: 0, pull: { outcome: 'advanced', in_force: two } })
    expect(greeting()).toBe('two')
    expect((await listed()).incidents).toMatchObject([{ fault: 'revision-refused', state: 'cleared' }])
  })

  test('what a step writes beside itself is nothing that was signed, and is put back', async () => {
    const { base } = await repository.begin(['anna'])
    const files = wanting('one')
    const beside = 'sed -i s/one/other/ runbooks/greeting.yaml; rm inventory/note.txt; echo x > inventory/more.yaml'
    const local = `  - id: beside\n    local: {run: [sh, -c, '${beside}'], always: true}\n`
    files['runbooks/greeting.yaml'] = `${files['runbooks/greeting.yaml']}${local}`
    files['inventory/note.txt'] = 'kept\n'
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const checkout = (name: string): string => join(repository.folder, 'current', name)
    for (const _pass of [1, 2]) {
      expect(await reconcile()).toMatchObject({ code: 0, runs: [{ mode: 'apply' }] })
      expect(greeting()).toBe('one')
      expect(readFileSync(checkout('runbooks/greeting.yaml'), 'utf8')).toContain('content: "other"')
      expect([existsSync(checkout('inventory/note.txt')), existsSync(checkout('inventory/more.yaml'))]).toEqual([
        false,
        true,
      ])
    }
    expect(readdirSync(join(repository.folder, 'revisions')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('a freeze that is committed while a run lasts stops its next change', async () => {
    const { base } = await repository.begin(['anna'])
    const [begun, go] = [join(repository.root, 'begun'), join(repository.root, 'go')]
    const files = wanting('one')
    const look = `touch ${begun}; until [ -e ${go} ]; do sleep 0.1; done`
    const first = `  - id: first\n    command: {run: 'true', unless: '${look}'}\n`
    files['runbooks/greeting.yaml'] = `${files['runbooks/greeting.yaml']}`.replace('steps:\n', `steps:\n${first}`)
    const one = repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const pass = start('reconcile', '--json', '--every', '1s')
    const end = ended(pass)
    await until(pass, () => existsSync(begun))
    const freeze = "freezes: [{name: sale, from: '2020-01-01', to: '2999-01-01', why: sale}]"
    const frozen = `policies: {default: {${freeze}}}\n${files['tillwright.yaml']}`
    const two = repository.commit({ parents: [one], files: { ...files, 'tillwright.yaml': frozen }, sign: 'anna' })
    repository.push(two)
    const inForce = (): string => readFileSync(join(repository.folder, 'trusted.json'), 'utf8')
    await expect.poll(inForce, { timeout: 60_000 }).toContain(two)
    // What is in force is read twice a second.
    await delay(600)
    writeFileSync(go, '')
    const { code, stdout, stderr } = await end
    expect([code, JSON.parse(stdout).runs]).toMatchObject([6, [{ mode: 'apply', counts: { deferred: 1 } }]])
    expect(stderr).toContain('has come into force meanwhile')
    expect(existsSync(join(device, 'greeting'))).toBe(false)
  })

  test('reports and asks without mending, waits for its time, and leaves what is suspended', async () => {
    const { base } = await repository.begin(['anna'])
    const asking = '{runbook: greeting, mode: ask, every: 1h}'
    repository.push(repository.commit({ parents: [base], files: wanting('one', asking), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 3, asked: [{ device: DEVICE }] })
    expect(existsSync(join(device, 'greeting'))).toBe(false)
    expect(await reconcile()).toMatchObject({ code: 0, runs: [], waiting: ['greeting'] })
    expect(await till('assignments', 'suspend', 'greting', '--reason', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "greeting"'),
    })
    expect(await till('assignments', 'suspend', 'greeting', '--reason', 'supplier is on it')).toMatchObject({ code: 0 })
    expect(await reconcile('--all')).toMatchObject({ code: 0, runs: [], suspended: ['greeting'] })
    expect((await till('assignments')).stdout).toContain('supplier is on it')
    expect(await till('assignments', 'resume', 'greeting', '--reason', 'done')).toMatchObject({ code: 0 })
    const audit = await till('audit', 'list', '--json', '--project', join(repository.folder, 'current'))
    expect(audit.stdout).toMatch(/"why":\s*"done"/)
    expect(await reconcile('--all')).toMatchObject({ code: 3, suspended: [] })
  })

  test('keeps no run of which the next pass does what is left', async () => {
    const { base } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 0 })
    writeFileSync(join(device, 'greeting'), 'other')
    const current = ['--project', join(repository.folder, 'current')]
    const held = await till('hold', DEVICE, '--because', 'cabling', '--until', '2h', ...current)
    expect(held).toMatchObject({ code: 0, stderr: '' })
    for (let pass = 0; pass < 2; pass += 1)
      expect(await reconcile()).toMatchObject({ code: 6, runs: [{ exit_code: 6 }] })
    const { runs } = JSON.parse((await till('resume', '--list', '--json', ...current)).stdout)
    expect(runs).toEqual([])
  })

  test('watches until it is told to stop', async () => {
    const { base } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    const child = start('reconcile', '--watch', '--every', '1s', '--json')
    let stdout = ''
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
    })
    await until(child, () => stdout.split('\n').length > 2)
    child.kill('SIGTERM')
    expect((await ended(child)).code).toBe(0)
    expect(greeting()).toBe('one')
  })

  test('gives devices the files of the revision in force, and not those that lie where it is started', async () => {
    const { base } = await repository.begin(['anna'])
    const files = {
      ...wanting('one'),
      'runbooks/greeting.yaml': `steps:\n  - file: {path: ${device}/greeting, source: files/a}\n`,
      'files/a': 'signed',
    }
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    mkdirSync(join(repository.root, 'files'))
    writeFileSync(join(repository.root, 'files/a'), 'not signed')
    expect(await reconcile()).toMatchObject({ code: 0, runs: [{ exit_code: 0 }] })
    expect(greeting()).toBe('signed')
  })

  test('keeps devices to the last good revision where the newest lacks a value', async () => {
    const { base } = await repository.begin(['anna'])
    const one = repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 0 })
    writeFileSync(join(device, 'greeting'), 'other')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sign of expressions
    repository.push(repository.commit({ parents: [one], files: wanting('${{ vars.none }}'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({
      code: 6,
      pull: {
        code: 'REVISION_BROKEN',
        in_force: one,
        problems: [{ detail: expect.stringMatching(/greeting\.yaml:5:/) }],
      },
      runs: [{ mode: 'apply', exit_code: 0 }],
    })
    expect(greeting()).toBe('one')
  })

  test('tells how many devices each assignment gains and loses by a new revision, and what means none any more', async () => {
    const { base } = await repository.begin(['anna'])
    const assignments = (...some: string[]) => ({
      ...wanting('one'),
      'tillwright.yaml': `assignments:\n${some.map((one) => `  - ${one}\n`).join('')}`,
    })
    const tills = '{runbook: greeting, name: tills, where: device.kind == "till"}'
    const first = assignments(tills, '{runbook: greeting, name: old}')
    const one = repository.push(repository.commit({ parents: [base], files: first, sign: 'anna' }))
    expect((await reconcile()).pull.assignments).toEqual([
      { assignment: 'old', devices: 1, gained: 1, lost: 0, is: 'new' },
      { assignment: 'tills', devices: 1, gained: 1, lost: 0, is: 'new' },
    ])

    const slip = assignments(
      '{runbook: greeting, name: tills, where: device.vars.kind == "till"}',
      '{runbook: greeting, name: another}',
    )
    const two = repository.push(repository.commit({ parents: [one], files: slip, sign: 'anna' }))
    const verified = await till('gitops', 'verify')
    const said =
      '  another is new, and means 1 device\n  old is assigned no more: 1 device fewer\n  tills means NO DEVICE: 1 fewer than before\n'
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining(`Nothing was put in force.\n${said}`)])
    const pulled = await till('reconcile')
    expect([pulled.code, pulled.stdout]).toEqual([3, expect.stringContaining(`It is in force now.\n${said}`)])
    const moved = [
      { assignment: 'another', devices: 1, gained: 1, lost: 0, is: 'new' },
      { assignment: 'old', devices: 0, gained: 0, lost: 1, is: 'gone' },
      { assignment: 'tills', devices: 0, gained: 0, lost: 1 },
    ]
    const status = JSON.parse((await till('gitops', 'status', '--json')).stdout)
    expect(errorsOf('gitops-status', status)).toEqual([])
    expect(status).toMatchObject({ trusted: { commit: two, assignments: moved } })
    expect(status.record.at(-1)).toMatchObject({ what: 'advanced', commit: two, assignments: moved })
    const metrics = new Metrics()
    process.env['TILL_GITOPS'] = repository.folder
    measureGitops(metrics)
    delete process.env['TILL_GITOPS']
    expect((await metrics.text()).split('\n').filter((line) => line.includes('assignment_devices{'))).toEqual([
      'till_gitops_assignment_devices{assignment="another"} 1',
      'till_gitops_assignment_devices{assignment="tills"} 0',
    ])
    // What is said anew by a person is told in the same way.
    const trusted = await till('gitops', 'trust', one, '--reason', 'back')
    expect(trusted.stdout).toContain('  old is new, and means 1 device\n  tills means 1 device: 1 more than before\n')
  })

  test('keeps devices to the last good revision where the newest has a pointer of Git LFS in the place of a file', async () => {
    const { base } = await repository.begin(['anna'])
    const one = repository.push(repository.commit({ parents: [base], files: wanting('one'), sign: 'anna' }))
    expect(await reconcile()).toMatchObject({ code: 0 })
    const files = {
      ...wanting('two'),
      'runbooks/greeting.yaml': `steps:\n  - file: {path: ${device}/greeting, source: files/a}\n`,
      'files/a': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 3\n`,
    }
    repository.push(repository.commit({ parents: [one], files, sign: 'anna' }))
    expect(await reconcile()).toMatchObject({
      code: 6,
      pull: {
        code: 'REVISION_BROKEN',
        in_force: one,
        problems: [{ detail: expect.stringContaining('"files/a" is a pointer of Git LFS') }],
      },
    })
    expect(greeting()).toBe('one')
  })

  test('as a watcher begins nothing when it is stopped in a fetch or a run, and goes on over what passes', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const slow = `while [ -e ${device}/hold ]; do sleep 0.05; done`
    const files = {
      ...wanting('one'),
      'tillwright.yaml':
        'assignments: [{runbook: greeting, mode: mend}, {runbook: slow, mode: mend}, {runbook: look}]\n',
      'runbooks/slow.yaml': `steps:\n  - command: {run: '${slow}; touch ${device}/slow', creates: ${device}/slow}\n`,
      'runbooks/look.yaml': 'steps:\n  - facts:\n',
    }
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const watch = () => {
      const child = start('reconcile', '--watch', '--every', '1s', '--json')
      let text = ''
      child.stdout?.on('data', (chunk) => {
        text += chunk
      })
      const has = (what: string) => until(child, () => text.includes(what))
      return { child, over: ended(child), has, text: () => text, forget: () => (text = '') }
    }
    // Somebody else is at work, and then no longer.
    const first = watch()
    await alone(follow.paths.home, () => first.has('GITOPS_BUSY'))
    writeFileSync(join(device, 'hold'), '')
    await until(first.child, () => existsSync(join(device, 'greeting')))
    first.child.kill('SIGTERM')
    rmSync(join(device, 'hold'))
    expect((await first.over).code).toBe(130)
    const [last = ''] = first.text().trimEnd().split('\n').slice(-1)
    expect(JSON.parse(last)).toMatchObject({ exit_code: 130, runs: [{ mode: 'apply' }] })

    // A file of ours is edited meanwhile; then the remote does not answer.
    const second = watch()
    await second.has('till.reconciled/1')
    const file = join(follow.folder, 'gitops.yaml')
    const settings = readFileSync(file, 'utf8')
    writeFileSync(file, 'repository: [\n')
    await second.has('till.diagnostics/1')
    second.forget()
    writeFileSync(file, settings)
    await second.has('till.reconciled/1')
    let asked = 0
    const silent = createServer((socket) => socket.on('error', () => undefined).once('data', () => asked++))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    writeFileSync(file, settings.replace(repository.repository, `http://127.0.0.1:${port}/fleet.git`))
    await until(second.child, () => asked > 0)
    second.forget()
    const seen = readFileSync(join(follow.folder, 'last-pull.json'), 'utf8')
    writeFileSync(join(device, 'greeting'), 'other')
    second.child.kill('SIGTERM')
    expect([(await second.over).code, second.text()]).toEqual([0, ''])
    expect(readFileSync(join(follow.folder, 'last-pull.json'), 'utf8')).toBe(seen)
    expect(greeting()).toBe('other')
    silent.close()
  }, 120_000)

  test('killed at any step of a pull, it has the last good revision or the new one in force, and goes on from there', async () => {
    const { base, follow } = await repository.begin(['anna'])
    let good = base
    const steps: readonly ((tip: string) => boolean)[] = [
      () => existsSync(join(follow.folder, 'mirror.git/FETCH_HEAD')),
      (tip) => textOf('received.json').includes(tip),
      () => existsSync(join(follow.folder, 'verified')),
      (tip) => existsSync(join(follow.paths.revisions, tip)),
      (tip) => textOf('record.ndjson').includes(tip),
      (tip) => textOf('trusted.json').includes(tip),
      (tip) => readlinkSync(follow.paths.current).includes(tip),
    ]
    const textOf = (name: string): string => {
      const file = join(follow.folder, name)
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    }
    for (const [index, reached] of steps.entries()) {
      const tip = repository.push(repository.commit({ parents: [good], files: wanting(`${index}`), sign: 'anna' }))
      const child = start('reconcile')
      const over = ended(child)
      while (!reached(tip) && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve))
      child.kill('SIGKILL')
      await over
      const { commit } = JSON.parse(textOf('trusted.json'))
      expect([good, tip]).toContain(commit)
      good = commit
    }
    const last = repository.push(repository.commit({ parents: [good], files: wanting('end'), sign: 'anna' }))
    // What a killed pass has begun on the device ends first.
    let done = await reconcile()
    for (let tries = 0; done.code === 6 && tries < 10; tries++) done = await reconcile()
    expect(done).toMatchObject({ code: 0, pull: { in_force: last } })
    expect(greeting()).toBe('end')
  }, 180_000)
})
