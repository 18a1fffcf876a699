import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { chainOf, NO_WAVES, runbookThat, states } from '../cli/chain.ts'
import type { TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const BECAUSE = ['--because', 'CHG 4711']

const policyOf = (approval: string, waves = NO_WAVES): string =>
  `policies: {default: {caps: [], rollout: {approval: ${approval}, ${waves}}}}\n`

const signedBy = (people: number): string => policyOf(`{people: ${people}, four_eyes: true, signed: true}`)

/** Of as many stores, with keys of which all but that of eve are in the list; anna has two, under two names. */
function chain(policy: string, stores = 1): TestProject {
  const ids = ['G', 'H', 'I'].slice(0, stores).map((letter) => `${letter}-${process.pid}`)
  const made = chainOf(ids, { policy, hours: 'closed' })
  for (const name of ['anna', 'anna2', 'bert', 'eve', 'self'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', made.path(name)])
  const line = (who: string, key: string): string => `${who} namespaces="till-approval" ${made.read(`${key}.pub`)}`
  const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
  const lines = [
    ...[line('anna@example.com', 'anna'), line('Anna', 'anna2'), line('bert@example.com', 'bert')],
    line(`${me}@example.com`, 'self'),
  ]
  made.write('signers', lines.join(''))
  obey(made, policy)
  return made
}

/** The policy from now on. */
function obey(of: TestProject, policy: string): void {
  of.write('tillwright.yaml', `${policy}plans: {signers: '${of.path('signers')}'}\n`)
}

/** What is to be signed now, and the file of a signature of it that was made elsewhere. */
async function signedElsewhere(of: TestProject, key: string, name: string): Promise<string> {
  const { stdout } = await of.till('approve', 'latest', ...BECAUSE, '--statement')
  of.write(name, stdout)
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'till-approval', '-f', of.path(key), of.path(name)])
  return stdout
}

async function refusal(of: TestProject, ...args: string[]): Promise<string> {
  const { code, stderr } = await of.till('approve', 'latest', ...BECAUSE, ...args)
  return code === 2 ? stderr : `exit code ${code}`
}

it('an approval that the policy wants signed is given by keys of the list, and by nobody else', async () => {
  project = chain(signedBy(2))
  expect((await states(project)).code).toBe(6)
  const at = (name: string): string => (project as TestProject).path(name)
  expect(await refusal(project)).toMatch(/APPROVAL_UNFIT.*wants it signed.*--sign KEY/s)
  expect(await refusal(project, '--sign', at('eve'))).toMatch(/is not good: nobody in the list/)
  expect(await refusal(project, '--sign', at('self'))).toMatch(/wants somebody else/)
  expect(await refusal(project, '--sign', at('nobody'))).toMatch(/cannot be signed by/)
  const anna = await project.till('approve', 'latest', ...BECAUSE, '--sign', at('anna'), '--json')
  const said = JSON.parse(anna.stdout)
  expect([anna.code, errorsOf('approval', said)]).toEqual([6, []])
  const key = execFileSync('ssh-keygen', ['-lf', at('anna.pub')], { encoding: 'utf8' }).split(' ')[1]
  expect(said.approvals).toMatchObject([
    { signed: true, given: [{ by: 'anna@example.com', why: 'CHG 4711', proof: { kind: 'ssh', key } }] },
  ])
  expect(await refusal(project, '--sign', at('anna'))).toMatch(/anna@example.com has approved it already\./)
  expect(await refusal(project, '--sign', at('anna2'))).toMatch(
    /has approved it already, and Anna counts as the same\s+person/,
  )
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(6)

  // Signed elsewhere, where the state store is not.
  expect(await signedElsewhere(project, 'bert', 'statement')).toMatch(
    /^till-approval\/1\nrun 2\S+\napproval \S+ asked by .*\norder sha256 [0-9a-f]{64}\nwhy "CHG 4711"\n$/,
  )
  const otherwise = await project.till('approve', 'latest', '--because', 'other', '--signature', at('statement.sig'))
  expect([otherwise.code, otherwise.stderr]).toEqual([2, expect.stringContaining('it is of another statement')])
  project.write('revoked', readFileSync(at('bert.pub'), 'utf8'))
  const yaml = project.read('tillwright.yaml')
  project.write('tillwright.yaml', yaml.replace("signers'}", `signers', revocations: '${at('revoked')}'}`))
  expect(await refusal(project, '--signature', at('statement.sig'))).toMatch(/is not good/)
  project.write('tillwright.yaml', yaml)
  expect((await project.till('approve', 'latest', ...BECAUSE, '--signature', at('statement.sig'))).code).toBe(0)
  const rest = await project.till('resume', 'latest', '--yes', '--json')
  expect([rest.code, JSON.parse(rest.stdout).summary.counts.changed]).toEqual([0, 2])

  const audit = JSON.parse((await project.till('audit', 'list', '--json')).stdout)
  const approved = audit.rows.filter(({ entry }: { entry: { kind: string } }) => entry.kind === 'run.approved')
  expect(approved.map(({ entry }: { entry: { by: string } }) => entry.by).sort()).toEqual([
    'anna@example.com',
    'bert@example.com',
  ])
})

it('a signature for something else, or without a list, is none', async () => {
  project = chain(signedBy(1))
  expect((await states(project)).code).toBe(6)
  const statement = await project.till('approve', 'latest', ...BECAUSE, '--statement')
  project.write('statement', statement.stdout)
  execFileSync('ssh-keygen', [
    '-q',
    '-Y',
    'sign',
    '-n',
    'till-plan',
    '-f',
    project.path('anna'),
    project.path('statement'),
  ])
  expect(await refusal(project, '--signature', project.path('statement.sig'))).toMatch(/is not good/)
  project.write('tillwright.yaml', project.read('tillwright.yaml').replace(/plans:.*\n/, ''))
  expect(await refusal(project, '--sign', project.path('anna'))).toMatch(/Nobody is named whose signature counts/)
})

it('a signature releases the waves that it names, and no later one', async () => {
  const waves = 'waves: {canary: 1, soak: 0s, pause: always, max_failures: [1]}'
  project = chain(policyOf('{people: 1, signed: true}', waves), 3)
  project.write('runbooks/mark.yaml', runbookThat(`[ ! -e ${project.root}/broken ] || exit 7`))
  expect((await states(project)).code).toBe(6)
  const at = (name: string): string => (project as TestProject).path(name)
  expect((await project.till('approve', 'latest', ...BECAUSE, '--sign', at('anna'))).code).toBe(0)
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(6)
  expect(await signedElsewhere(project, 'bert', 'behind-1')).toMatch(
    /^till-approval\/1\nrun 2\S+\nrelease wave 1 forgiving 0\norder sha256/,
  )
  const first = await project.till('approve', 'latest', ...BECAUSE, '--signature', at('behind-1.sig'))
  expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('goes on behind wave 1')])
  project.write('broken', '')
  expect((await project.till('resume', 'latest', '--yes', '--parallel', '1')).code).toBe(4)
  expect(await refusal(project, '--signature', at('behind-1.sig'))).toMatch(/is not good/)
  expect(await signedElsewhere(project, 'bert', 'behind-2')).toContain(
    '\nrelease wave 1 forgiving 0\nrelease wave 2 forgiving 1\n',
  )
  rmSync(at('broken'))
  expect((await project.till('approve', 'latest', ...BECAUSE, '--signature', at('behind-2.sig'))).code).toBe(0)
  const rest = await project.till('resume', 'latest', '--yes', '--json')
  expect(JSON.parse(rest.stdout).summary.counts).toMatchObject({ failed: 1, changed: 5 })
  // Nothing is waited for, so that there is nothing to sign.
  expect((await project.till('approve', 'latest', ...BECAUSE, '--statement')).code).toBe(2)
})

it('a policy that wants more meanwhile is satisfied by those who agree then', async () => {
  project = chain(policyOf('{people: 1, four_eyes: false}'))
  expect((await states(project)).code).toBe(6)
  obey(project, signedBy(2))
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(6)
  const at = (name: string): string => (project as TestProject).path(name)
  expect(await refusal(project)).toMatch(/wants it signed/)
  expect(await refusal(project, '--sign', at('self'))).toMatch(/wants somebody else/)
  expect((await project.till('approve', 'latest', ...BECAUSE, '--sign', at('anna'))).code).toBe(6)
  expect((await project.till('approve', 'latest', ...BECAUSE, '--sign', at('bert'))).code).toBe(0)
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(0)
})

it('also where it has begun', async () => {
  const waves = 'waves: {canary: 1, soak: 0s, pause: always}'
  project = chain(policyOf('{people: 1, four_eyes: false}', waves), 3)
  expect((await states(project)).code).toBe(6)
  expect((await project.till('approve', 'latest', ...BECAUSE)).code).toBe(0)
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(6)
  obey(project, policyOf('{people: 1, four_eyes: false, signed: true}', waves))
  expect((await project.till('approve', 'latest', ...BECAUSE)).code).toBe(0)
  const held = await project.till('resume', 'latest', '--yes')
  expect([held.code, held.stdout]).toEqual([6, expect.stringMatching(/APPROVAL_MISSING/)])
  expect(await refusal(project)).toMatch(/wants it signed/)
  expect((await project.till('approve', 'latest', ...BECAUSE, '--sign', project.path('anna'))).code).toBe(0)
  const rest = await project.till('resume', 'latest', '--yes', '--json')
  expect([rest.code, JSON.parse(rest.stdout).summary.counts.changed]).toEqual([0, 6])
})
