import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openProject } from '../../src/app/project.ts'
import { loadPlan } from '../../src/app/revision/load-plan.ts'
import { planRules, refuseUnsigned } from '../../src/app/revision/plan-rules.ts'
import { signPlan } from '../../src/app/revision/plan-signature.ts'
import { InputError } from '../../src/core/diagnostic.ts'
import { BASE_FILES, DEVICE, GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const POLICY = 'policies: {default: {caps: [{name: shop, per: [store], out: 1}]}}\n'
const OTHER_STORE = `stores:
  GO-OTHER:
    name: Other
    region: north
    address: {street: Long 2, postcode: 00-002, city: Warszawa}
    hours: {week: {mon-sun: 06:00-22:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices: {pos1: {profile: till, address: 127.0.0.2}}
`
const MODULE = `name: mark
summary: Keeps a mark
params:
  properties:
    there: {type: boolean}
desired: {there: "\${{ params.there }}"}
posix:
  observe: |
    json_object there: true
  converge: |
    :
`

let project: TestProject
beforeEach(() => {
  project = new TestProject(BASE_FILES)
  mkdirSync(project.path('device'))
  const text = `file: {path: ${project.path('device')}/greeting, content: 'hello\${{ device.name == "${DEVICE}" ? "" : "!" }}'}`
  project.write(
    'runbooks/greeting.yaml',
    `name: greeting\ndescription: A greeting\nsteps:\n  - id: text\n    ${text}\n`,
  )
  project.write('runbooks/other.yaml', 'name: other\ndescription: Another\nsteps:\n  - command: {run: "true"}\n')
  project.write('inventory/other.yaml', OTHER_STORE)
  project.write('tillwright.yaml', POLICY)
  project.write('.gitignore', '.till/\ndevice/\nplan.json*\nci*\neve*\nsigners*\ngitops/\n')
  git('init', '-q', '-b', 'main')
  commit('begin')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await project.remove()
})

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: project.root, encoding: 'utf8', env: GIT_ENVIRONMENT, stdio: 'pipe' }).trim()
}

function commit(message: string): string {
  git('add', '-A')
  git('commit', '-q', '-m', message)
  return git('rev-parse', 'HEAD')
}

const change = (name: string, from: string, to: string): void => {
  const text = project.read(name)
  expect(text).toContain(from)
  project.write(name, text.replace(from, to))
}
const plan = (...more: string[]) =>
  project.till('plan', 'greeting', '--device', DEVICE, '--output', 'plan.json', ...more)
const apply = (...more: string[]) => project.till('apply', 'plan.json', '--yes', ...more)

/** What is wrong with the plan as the repository is now. */
async function faults(): Promise<readonly string[]> {
  const opened = await openProject(project.root)
  const { lists } = planRules(opened)
  const context = { project: opened, fleet: await opened.fleet(), signedBy: lists }
  return loadPlan(project.path('plan.json'), context).then(
    () => [],
    ({ diagnostics }: InputError) => diagnostics.map(({ code, summary }) => `${code} ${summary}`),
  )
}

describe('a plan is bound to what it touches', () => {
  /** A change on a branch, planned there; meanwhile main goes on elsewhere. */
  async function branchAndMain(): Promise<void> {
    git('switch', '-q', '-c', 'change')
    change('runbooks/greeting.yaml', 'hello', 'welcome')
    const planned = commit('say welcome')
    expect(await plan()).toMatchObject({ code: 3, stderr: '' })
    const document = JSON.parse(project.read('plan.json'))
    expect(errorsOf('plan', document)).toEqual([])
    expect(document).toMatchObject({ revision: planned, policy: { name: 'default' } })
    git('switch', '-q', 'main')
    change('inventory/other.yaml', 'Long 2', 'Short 3')
    change('inventory/other.yaml', '127.0.0.2', '127.0.0.3')
    change('runbooks/other.yaml', '"true"', 'date')
    commit('elsewhere')
  }

  const LANDED: Readonly<Record<string, () => void>> = {
    merge: () => void git('merge', '-q', '--no-ff', '-m', 'merge', 'change'),
    rebase: () => void git('cherry-pick', 'change'),
    squash: () => {
      git('merge', '-q', '--squash', 'change')
      commit('squashed')
    },
  }

  test('it holds after a merge, a rebase and a squash with the same content, whatever changed elsewhere', async () => {
    await branchAndMain()
    const main = git('rev-parse', 'main')
    for (const [how, land] of Object.entries(LANDED)) {
      git('reset', '-q', '--hard', main)
      land()
      expect([how, await faults()]).toEqual([how, []])
    }
    expect(await apply()).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(project.path('device/greeting'), 'utf8')).toBe('welcome')
  })

  test('it is refused where runbook, device, policy or a module of its own is another, and says what to do', async () => {
    project.write('modules/mark.yaml', MODULE)
    change('runbooks/greeting.yaml', 'steps:\n', 'steps:\n  - mark: {there: true}\n')
    const at = commit('with a module')
    expect(await plan()).toMatchObject({ code: 3, stderr: '' })
    const changes: readonly (readonly [string, string, string, string])[] = [
      ['runbooks/greeting.yaml', 'hello', 'moved', `Runbook "greeting" is not the one that was planned at ${at}`],
      ['modules/mark.yaml', '    :\n', '    true\n', `Runbook "greeting" is not the one that was planned at ${at}`],
      [
        'inventory/fleet.yaml',
        'pos1: {',
        'pos1: {vars: {a: 1}, ',
        `What the inventory says of "${DEVICE}" or its store, or a file that it gets, is not what it was when the plan was made`,
      ],
      ['tillwright.yaml', 'out: 1', 'out: 2', `Policy "default" is not the one that it was reviewed under at ${at}`],
      ['tillwright.yaml', POLICY, '', `Policy "default" is not the one that it was reviewed under at ${at}`],
    ]
    for (const [name, from, to, says] of changes) {
      change(name, from, to)
      expect([name, await faults()]).toEqual([name, [`PLAN_STALE ${says}`]])
      git('checkout', '-q', '.')
    }
    change('runbooks/greeting.yaml', 'hello', 'moved')
    const { code, stderr } = await apply()
    expect([code, stderr]).toEqual([2, expect.stringMatching(/till plan greeting --device=\S+ --output plan\.json/)])
  })
})

describe('where plans have to be signed', () => {
  beforeEach(() => {
    for (const name of ['ci', 'eve'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', project.path(name)])
    for (const name of ['ci', 'eve']) {
      const line = `${name}@example.com namespaces="till-plan" ${project.read(`${name}.pub`)}`
      project.write(`signers-${name}`, line)
    }
  })

  test('nothing else changes devices from a pipeline, and each list that is named holds', async () => {
    project.write('tillwright.yaml', `plans: {signers: ${project.path('signers-ci')}, signed: off-terminal}\n`)
    for (const args of [
      ['apply', 'greeting', '--yes'],
      ['exec', '--device', DEVICE, '--', 'true'],
    ]) {
      const { code, stderr } = await project.till(...args)
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining('need a signed plan here')])
    }
    expect(await plan('--sign', 'eve')).toMatchObject({ code: 3, stderr: '' })
    const isBad = [`PLAN_UNTRUSTED The signature of the plan "${project.path('plan.json')}" is not good`]
    expect(await faults()).toEqual(isBad)
    await signPlan(project.path('plan.json'), project.path('ci'))
    expect(await faults()).toEqual([])
    project.write('gitops/gitops.yaml', 'repository: /x\nsigners: a\nrevocations: b\nplans: {signers: plan_signers}\n')
    project.write('gitops/plan_signers', project.read('signers-eve'))
    vi.stubEnv('TILL_GITOPS', project.path('gitops'))
    expect(await faults()).toEqual(isBad)
    project.write('gitops/plan_signers', project.read('signers-eve') + project.read('signers-ci'))
    expect(await project.till('apply', 'plan.json')).toMatchObject({ code: 0, stderr: '' })
  })

  test.each([
    ['never', false, false],
    ['off-terminal', false, true],
    ['off-terminal', true, false],
    ['always', true, true],
  ] as const)('plans.signed: %s, somebody at a terminal: %s, refused: %s', (signed, isOnTerminal, refused) => {
    const rules = { lists: [], signed }
    const thrown = (isSigned: boolean): boolean => {
      try {
        refuseUnsigned(rules, isSigned, isOnTerminal)
        return false
      } catch (error) {
        return error instanceof InputError
      }
    }
    expect([thrown(false), thrown(true)]).toEqual([refused, false])
  })

  test('a list inside of the repository is not taken', async () => {
    project.write('tillwright.yaml', 'plans: {signers: signers-ci}\n')
    const { code, stderr } = await project.till('validate')
    expect([code, stderr]).toEqual([2, expect.stringContaining('tillwright.yaml:1:18')])
  })
})
