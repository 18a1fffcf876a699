import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { BASE_FILES, GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { type ImitatedGitlab, startGitlab } from '../peers/gitlab.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
let gitlab: ImitatedGitlab
let jobs: Readonly<Record<string, { readonly script: readonly string[]; readonly after_script?: readonly string[] }>>
beforeAll(async () => {
  gitlab = await startGitlab('secret token')
  project = new TestProject({ ...BASE_FILES, '.gitignore': '.till/\n' })
  for (const folder of ['bin', 'device']) mkdirSync(outside(folder))
  symlinkSync(TILL, join(outside('bin'), 'till'))
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(outside('bin'), 'key')])
  const key = readFileSync(join(outside('bin'), 'key.pub'), 'utf8')
  writeFileSync(join(outside('bin'), 'signers'), `ci@example.com namespaces="till-plan" ${key}`)
  expect(await project.till('init', '--ci', 'gitlab')).toMatchObject({ code: 0, stderr: '' })
  project.write('tillwright.yaml', `plans: {signers: ${outside('bin')}/signers, signed: off-terminal}\n`)
  project.write('runbooks/greeting.yaml', greeting('hello'))
  jobs = parse(project.read('.gitlab-ci.yml'))
  git('init', '-q', '-b', 'main')
  commit('begin')
})
afterAll(async () => {
  await gitlab.stop()
  await project.remove()
  for (const folder of ['bin', 'device']) rmSync(outside(folder), { recursive: true, force: true })
})

function outside(folder: string): string {
  return `${project.root}-${folder}`
}

const greeting = (text: string): string =>
  `steps:\n  - id: text\n    file: {path: ${outside('device')}/greeting, content: ${text}}\n`

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: project.root, encoding: 'utf8', env: GIT_ENVIRONMENT, stdio: 'pipe' }).trim()
}

function commit(message: string): string {
  git('add', '-A')
  git('commit', '-q', '-m', message)
  return git('rev-parse', 'HEAD')
}

/** What a runner does with the lines of a job: one shell that ends at the first that fails, and one for what comes after. */
async function runJob(name: string, folder: string): Promise<Ended> {
  const sh = (lines: readonly string[]): Promise<Ended> => {
    const env = {
      PATH: `${outside('bin')}:${process.env['PATH']}`,
      HOME: outside('bin'),
      CI_API_V4_URL: gitlab.api,
      CI_PROJECT_ID: '1',
      CI_MERGE_REQUEST_IID: '7',
      CI_COMMIT_SHA: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim(),
      TILL_API_TOKEN: 'secret token',
      TILL_RUNBOOK: 'greeting',
      TILL_PLAN_KEY: join(outside('bin'), 'key'),
    }
    const child = spawn('sh', ['-e'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.end(lines.join('\n'))
    return ended(child)
  }
  const { script, after_script: after } = jobs[name] ?? { script: ['exit 1'] }
  const done = await sh(script)
  if (after) expect(await sh(after)).toMatchObject({ code: 0, stderr: '' })
  return done
}

/** A fresh checkout, as a runner makes it for each job. */
function checkOut(name: string): string {
  const folder = project.path(`.till/${name}`)
  execFileSync('git', ['clone', '-q', project.root, folder], { env: GIT_ENVIRONMENT, stdio: 'pipe' })
  return folder
}

test('the lines of the pipeline plan in the merge request and apply what was reviewed there, and nothing else', async () => {
  git('switch', '-q', '-c', 'change')
  project.write('runbooks/greeting.yaml', greeting('welcome'))
  commit('say welcome')
  const request = checkOut('request')
  expect(await runJob('validate', request)).toMatchObject({ code: 0, stderr: '' })
  expect(await runJob('plan', request)).toMatchObject({ code: 0, stderr: '' })
  expect(gitlab.notes).toHaveLength(1)
  expect(gitlab.notes[0]).toContain('welcome')
  expect(existsSync(join(outside('device'), 'greeting'))).toBe(false)
  for (const file of ['plan.json', 'plan.json.sig']) gitlab.artifacts.set(file, readFileSync(join(request, file)))

  git('switch', '-q', 'main')
  project.write('README.md', 'Ours.\n')
  commit('elsewhere')
  const none = await runJob('apply', checkOut('none'))
  expect([none.code, none.stdout]).toEqual([1, expect.stringContaining('there is no reviewed plan')])
  git('merge', '-q', '--squash', 'change')
  const merged = commit('say welcome (!7)')
  gitlab.brought.set(merged, 7)
  const main = checkOut('main')
  expect(await runJob('apply', main)).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(join(outside('device'), 'greeting'), 'utf8')).toBe('welcome')
  expect(errorsOf('result', JSON.parse(readFileSync(join(main, 'result.json'), 'utf8')))).toEqual([])

  project.write('runbooks/greeting.yaml', greeting('other'))
  gitlab.brought.set(commit('something else'), 7)
  const other = checkOut('other')
  const refused = await runJob('apply', other)
  expect([refused.code, readFileSync(join(other, 'result.json'), 'utf8')]).toEqual([
    2,
    expect.stringContaining('PLAN_STALE'),
  ])
  expect(readFileSync(join(outside('device'), 'greeting'), 'utf8')).toBe('welcome')
}, 180_000)
