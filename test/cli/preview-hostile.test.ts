// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { inventoryWith, TestProject } from './project.ts'

let project: TestProject
/** Files of this machine that are none of the repository's. */
let outside: string
let mark: string

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: project.root, encoding: 'utf8', env: GIT_ENVIRONMENT, stdio: 'pipe' }).trim()
}

function commit(message: string): void {
  git('-c', 'core.hooksPath=/dev/null', 'add', '-A')
  git('-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', message)
}

const preview = (ref: string, ...args: string[]) => project.till('plan', '--against', ref, ...args)
const SECRET = 'nobody-reads-this-0123456789'

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'till-outside-'))
  mark = join(outside, 'ran')
  writeFileSync(join(outside, 'secret.yaml'), `${SECRET}: [\n`)
  const pos1 = '      pos1: {profile: till, address: 127.0.0.1}\n'
  project = new TestProject({
    'tillwright.yaml': 'assignments: [{runbook: greeting}]\n',
    'inventory/fleet.yaml': inventoryWith(pos1).replace('type: ssh', 'type: local'),
    '.gitignore': '.till/\n',
  })
  const step = `file: {path: '${join(outside, 'greeting')}', content: hello}`
  project.write('runbooks/greeting.yaml', `steps:\n  - ${step}\n`)
  git('init', '-q', '-b', 'main')
  commit('begin')
  git('switch', '-q', '-c', 'change')
  project.write('runbooks/greeting.yaml', `steps:\n  - ${step.replace('hello', 'welcome')}\n`)
})
afterEach(async () => {
  await project.remove()
  rmSync(outside, { recursive: true, force: true })
})

/**
 * What the branch asks for is there from now on. What is asked of git about the work tree itself goes by the configuration of whoever works
 * there, so fsmonitor and post-index-change are no part of it.
 */
function trap(): void {
  git('switch', '-q', 'main')
  const run = `touch ${mark}`
  for (const [key, value] of [
    ['filter.evil.smudge', run],
    ['filter.evil.clean', run],
    ['filter.evil.process', run],
    ['merge.evil.driver', run],
    ['diff.evil.textconv', run],
    ['core.sshCommand', run],
    ['credential.helper', `!${run}`],
  ] as const)
    git('config', key, value)
  for (const hook of ['reference-transaction', 'post-checkout', 'post-merge', 'pre-merge-commit', 'pre-commit'])
    writeFileSync(project.path(join('.git/hooks', hook)), `#!/bin/sh\n${run}\n`, { mode: 0o755 })
}

describe('a preview of a branch that nobody reviewed', () => {
  test('runs no hook and no filter, follows no link and no submodule, and says what it left out', async () => {
    project.write('.gitattributes', '* filter=evil merge=evil diff=evil ident eol=crlf\n')
    project.write('.gitmodules', `[submodule "x"]\npath = sub\nurl = ext::sh -c "touch ${mark}"\n`)
    symlinkSync(join(outside, 'secret.yaml'), project.path('inventory/out.yaml'))
    symlinkSync(outside, project.path('modules'))
    git('update-index', '--add', '--cacheinfo', `160000,${git('rev-parse', 'HEAD')},sub`)
    git('-c', 'core.hooksPath=/dev/null', 'add', '.gitattributes', '.gitmodules', 'inventory', 'modules', 'runbooks')
    git('-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', 'hostile')
    trap()
    rmSync(mark, { force: true })
    const before = readdirSync(outside).sort()
    const { code, stdout, stderr } = await preview('change')
    expect(existsSync(mark)).toBe(false)
    expect([code, stderr]).toEqual([3, ''])
    expect(stdout).toContain('welcome')
    expect(stdout).not.toContain(SECRET)
    for (const name of ['inventory/out.yaml (symbolic link)', 'sub (submodule)']) expect(stdout).toContain(name)
    expect(readdirSync(outside).sort()).toEqual(before)
  })

  test('reads and writes no file of this machine that its settings name', async () => {
    mkdirSync(join(outside, 'state'))
    project.write(
      'tillwright.yaml',
      `assignments: [{runbook: greeting}]
state: ${join(outside, 'state', 'other.db')}
known_hosts: ${join(outside, 'secret.yaml')}
sinks: {copy: {file: {path: ${join(outside, 'state', 'events')}}}}
policies: {default: {freezes: [{name: f, why: w, calendar: ${join(outside, 'secret.yaml')}}]}}
`,
    )
    commit('settings')
    trap()
    const { code, stdout, stderr } = await preview('change')
    expect([code, stderr]).toEqual([3, ''])
    expect(stdout + stderr).not.toContain(SECRET)
    expect([existsSync(mark), readdirSync(join(outside, 'state'))]).toEqual([false, []])
    expect(existsSync(join(outside, 'greeting'))).toBe(false)
  })

  test.each(['inventory', 'runbooks', 'modules'])('is none where its %s lie elsewhere', async (key) => {
    project.write('tillwright.yaml', `assignments: [{runbook: greeting}]\n${key}: ${outside}\n`)
    commit('elsewhere')
    trap()
    const { code, stdout, stderr } = await preview('change')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/leads out of it|outside of the repository/)])
    expect(stdout + stderr).not.toContain(SECRET)
  })

  test('says why a runbook that is a link is not there', async () => {
    symlinkSync('greeting.yaml', project.path('runbooks/linked.yaml'))
    project.write('tillwright.yaml', 'assignments: [{runbook: linked}]\n')
    commit('link')
    git('switch', '-q', 'main')
    const { code, stderr } = await preview('change')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/linked[\s\S]*runbooks\/linked\.yaml \(symbolic link\)/)])
  })

  test('keeps on paper what would hand out a file that git itself does not have', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 3\n`
    const handed = (id: string, source: string) =>
      `  - {id: ${id}, file: {path: '${join(outside, id)}', source: ${source}}}\n`
    git('switch', '-q', 'main')
    project.write('files/agent.bin', pointer)
    writeFileSync(project.path('files/real'), 'real\n')
    symlinkSync('real', project.path('files/linked'))
    const steps = (more: string): string =>
      `steps:\n${more}  - {id: a, file: {path: '${join(outside, 'a')}', content: x}}\n`
    project.write('runbooks/lfs.yaml', steps(handed('agent', 'files/agent.bin')))
    project.write('runbooks/link.yaml', steps(handed('linked', 'files/linked')))
    project.write('tillwright.yaml', 'assignments: [{runbook: lfs}, {runbook: link}]\n')
    commit('files')
    git('switch', '-q', '-c', 'other')
    for (const name of ['lfs', 'link']) {
      const file = `runbooks/${name}.yaml`
      project.write(file, project.read(file).replace('content: x', 'content: y'))
    }
    commit('other')
    git('switch', '-q', 'main')
    // As `git lfs pull` leaves it.
    project.write('files/agent.bin', 'abc')
    const { code, stdout, stderr } = await preview('other')
    expect([code, stderr]).toEqual([5, ''])
    expect(stdout).toMatch(/On paper: 1 device \(lfs: "files\/agent.bin" is a pointer of Git LFS/)
    expect(stdout).toMatch(/On paper: 1 device \(link: "files\/linked" is not here: .*symbolic link/)
  })

  test('writes no file that is too large', async () => {
    const file = project.path('large')
    execFileSync('truncate', ['-s', '65000000', file])
    commit('large')
    git('switch', '-q', 'main')
    const { code, stderr } = await preview('change')
    expect([code, stderr]).toEqual([2, expect.stringContaining('"large" has 65000000 bytes')])
  })
})
