import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BASE_FILES, GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { TestProject } from './project.ts'

const RUNBOOK = 'steps:\n  - id: text\n    file: {path: /tmp/logon.ps1, source: files/logon.ps1}\n'
let project: TestProject

beforeEach(() => {
  project = new TestProject({ ...BASE_FILES, '.gitignore': '.till/\n', 'runbooks/logon.yaml': RUNBOOK })
  git('init', '-q', '-b', 'main')
})
afterEach(() => project.remove())

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: project.root, env: GIT_ENVIRONMENT, stdio: 'ignore' })
}

function commit(): void {
  git('add', '-A')
  git('commit', '-q', '-m', 'x')
}

/** As a clone has it. */
function checkOutAnew(...paths: string[]): void {
  for (const path of paths) rmSync(project.path(path))
  git('checkout', '-q', '.')
}

async function found() {
  return foundIn(project)
}

async function foundIn(where: TestProject) {
  const { code, stdout } = await where.till('validate', '--json')
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; severity: string; summary: string }[] }
  return [code, ...diagnostics.map(({ code, severity, summary }) => `${severity} ${code} ${summary}`)]
}

test('files that git changes on their way to the work tree are told, as the controller has those of the commit', async () => {
  project.write('files/logon.ps1', 'Write-Output 1\n')
  project.write('files/menu.txt', 'Menü\n')
  project.write('scripts/build.bat', 'exit\n')
  commit()
  expect(await found()).toEqual([0])
  project.write('.gitattributes', '*.ps1 text eol=crlf\n*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n')
  git('add', '.gitattributes')
  git('commit', '-q', '-m', 'x')
  checkOutAnew('files/logon.ps1', 'files/menu.txt', 'scripts/build.bat')
  expect(project.read('files/logon.ps1')).toBe('Write-Output 1\r\n')
  const told = 'warning WORK_TREE_DIFFERS Files have other content here than in the commit, and git does not show it: '
  expect(await found()).toEqual([0, `${told}files/logon.ps1, files/menu.txt`])
  // What somebody is changing is theirs.
  project.write('files/logon.ps1', 'Write-Output 2\r\n')
  expect(await found()).toEqual([0, `${told}files/menu.txt`])
  project.write('.gitattributes', '*.ps1 -text\n*.bat text eol=crlf\n')
  git('add', '--renormalize', '.')
  commit()
  expect(await found()).toEqual([0])
})

test('a sparse checkout is told, and what is noted of a run says that it was one', async () => {
  project.write('files/logon.ps1', 'Write-Output 1\n')
  project.write('inventory/more.yaml', 'regions:\n  south: {name: South}\n')
  project.write('notes/about.txt', 'x\n')
  commit()
  git('sparse-checkout', 'set', '--no-cone', '/*', '!/inventory/more.yaml', '!/notes')
  expect(await found()).toEqual([
    0,
    'warning WORK_TREE_DIFFERS Files of the commit are left out here: inventory/more.yaml',
  ])
  const revision = async () => {
    const { stdout } = await project.till('plan', 'logon', '--json')
    return (JSON.parse(stdout) as { run: { revision: string | null } }).run.revision
  }
  expect(await revision()).toMatch(/^[0-9a-f]{40}\+sparse$/)
  project.write('.git/index', 'damaged')
  const { stdout, stderr } = await project.till('plan', 'logon', '--json')
  expect((JSON.parse(stdout) as { run: { revision: string | null } }).run.revision).toBeNull()
  expect(stderr).toMatch(/^The commit of this repository is not known, and runs are noted without one: git: .*index/m)
})

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 12345\n`

test('a pointer of Git LFS is handed to no device: neither check nor plan nor a look takes it for the content', async () => {
  const target = project.path('device.bin')
  const step = (source: string): string => `steps:\n  - id: text\n    file: {path: ${target}, source: ${source}}\n`
  project.write('runbooks/logon.yaml', step('files/agent.bin'))
  project.write('runbooks/other.yaml', `params: {n: {type: string, required: true}}\n${step('files/agent.bin')}`)
  project.write('tillwright.yaml', 'assignments:\n  - {runbook: logon, mode: mend, name: logon}\n')
  project.write('files/agent.bin', POINTER)
  commit()
  const told = 'error FILE_IS_POINTER "files/agent.bin" is a pointer of Git LFS: its content is not here'
  expect(await found()).toEqual([2, told, told])
  for (const command of [
    ['plan', 'logon'],
    ['apply', 'logon', '--yes'],
    ['reconcile', '--here'],
  ]) {
    const { code, stderr } = await project.till(...command)
    expect([code, stderr]).toEqual([2, expect.stringContaining('git lfs pull')])
  }
  // What is only looked at goes on with the others.
  const drift = await project.till('drift', '--json')
  expect([drift.code, drift.stdout]).toEqual([4, expect.stringContaining('"code":"FILE_IS_POINTER"')])
  expect(existsSync(target)).toBe(false)
  // By its absolute path, with line ends of Windows, and of the time before the first release.
  project.write('runbooks/logon.yaml', step(project.path('files/agent.bin')))
  project.write('files/agent.bin', POINTER.replace('git-lfs', 'hawser').replaceAll('\n', '\r\n'))
  expect((await found())[0]).toBe(2)
  // A text that only speaks of one, and a step that no device takes.
  project.write('files/agent.bin', `# ${POINTER}`)
  expect(await found()).toEqual([0])
  project.write('files/agent.bin', POINTER)
  project.write('runbooks/other.yaml', `targets: device.kind == "router"\n${step('files/agent.bin')}`)
  project.write('runbooks/logon.yaml', `${step('files/agent.bin')}    when: device.kind != "till"\n`)
  expect((await found())[0]).toBe(0)
})

test('a pointer of Git LFS in the place of any other file that is read here is told where it is', async () => {
  const to = (address: string): Record<string, string> => {
    const inventory = (BASE_FILES['inventory/fleet.yaml'] ?? '').replace('transport: {type: local}', address)
    return { 'inventory/fleet.yaml': inventory }
  }
  const ask = (more: string): string =>
    `steps:\n  - id: ask\n    http: {url: 'https://\${{ device.address }}/', ${more}}\n`
  const asks = (more: string): Record<string, string> => ({ 'runbooks/logon.yaml': ask(more) })
  const told = (file: string) => `error FILE_IS_POINTER "${file}" is a pointer of Git LFS: its content is not here`
  const itself = 'error FILE_IS_POINTER The file is a pointer of Git LFS: its content is not here'
  const policy = 'assignments: []\npolicies: {p: {freezes: [{name: f, why: w, calendar: days.ics}]}}\n'
  const none = 'assignments: []\n'
  const sink = "sinks: {hook: {http: {url: 'https://127.0.0.1:9/', ca: pki/ca.pem}}}\n"
  const source = "sources: {bus: {mqtt: {url: 'mqtts://127.0.0.1:9', topics: [x], ca: pki/ca.pem}, device: event.d}}\n"
  const cases: readonly (readonly [file: string, files: Record<string, string>, told: readonly string[]])[] = [
    ['pki/ca.pem', asks('from: controller, ca: pki/ca.pem'), [told('pki/ca.pem')]],
    [
      'pki/ca.pem',
      asks(`from: controller, ca: 'pki/\${{ device.kind == "till" ? "ca" : "none" }}.pem'`),
      [told('pki/ca.pem')],
    ],
    // There it is a file of the device.
    ['pki/ca.pem', asks('from: device, ca: pki/ca.pem'), []],
    ['pki/ca.pem', to('transport: {type: winrm, https: true, ca: pki/ca.pem}'), [told('pki/ca.pem')]],
    ['pki/id', to('transport: {type: ssh, keys: [pki/id]}'), [told('pki/id')]],
    ['inventory/known_hosts', {}, [told('inventory/known_hosts')]],
    ['inventory/more.yaml', {}, [itself]],
    ['modules/mine.yaml', {}, [itself]],
    ['runbooks/other.yaml', {}, [itself]],
    ['pki/ca.pem', { 'tillwright.yaml': `${none}${sink}` }, [told('pki/ca.pem')]],
    ['pki/ca.pem', { 'tillwright.yaml': `${none}${source}` }, [told('pki/ca.pem')]],
    ['days.ics', { 'tillwright.yaml': policy }, [itself]],
  ]
  for (const [file, files, expected] of cases) {
    const repository = new TestProject({ ...BASE_FILES, ...asks('from: controller'), ...files, [file]: POINTER })
    try {
      expect([file, ...(await foundIn(repository)).slice(1)]).toEqual([file, ...expected])
    } finally {
      await repository.remove()
    }
  }
}, 120_000)
