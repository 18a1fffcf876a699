import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { chainOf, NO_WAVES, states } from '../cli/chain.ts'
import type { TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const BECAUSE = ['--because', 'CHG 4711']

function chain(people: number): TestProject {
  const approval = `{people: ${people}, four_eyes: true, signed: true}`
  const policy = `policies: {default: {caps: [], rollout: {approval: ${approval}, ${NO_WAVES}}}}\n`
  const made = chainOf([`G-${process.pid}`], { policy, hours: 'closed' })
  for (const name of ['anna', 'bert', 'eve', 'self'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', made.path(name)])
  const line = (who: string, key: string, spaces = 'till-approval'): string =>
    `${who} namespaces="${spaces}" ${made.read(`${key}.pub`)}`
  const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
  const lines = [line('anna@example.com', 'anna'), line('bert@example.com', 'bert'), line(`${me}@example.com`, 'self')]
  made.write('signers', lines.join(''))
  made.write('tillwright.yaml', `${policy}plans: {signers: '${made.path('signers')}'}\n`)
  return made
}

async function refusal(of: TestProject, ...args: string[]): Promise<string> {
  const { code, stderr } = await of.till('approve', 'latest', ...BECAUSE, ...args)
  return code === 2 ? stderr : `exit code ${code}`
}

it('an approval that the policy wants signed is given by keys of the list, and by nobody else', async () => {
  project = chain(2)
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
  expect(await refusal(project, '--sign', at('anna'))).toMatch(/has approved it already/)
  expect((await project.till('resume', 'latest', '--yes')).code).toBe(6)

  // Signed elsewhere, where the state store is not.
  const statement = await project.till('approve', 'latest', ...BECAUSE, '--statement')
  expect(statement.stdout).toMatch(
    /^till-approval\/1\nrun 2\S+\napproval \S+ asked by .*\norder sha256 [0-9a-f]{64}\nwhy "CHG 4711"\n$/,
  )
  project.write('statement', statement.stdout)
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'till-approval', '-f', at('bert'), at('statement')])
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
  project = chain(1)
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
