// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BASE_FILES, DEVICE, GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
const commits: Record<string, string> = {}

function commit(message: string, author: string): void {
  // Commits of one second have no order.
  const date = `2026-01-0${Object.keys(commits).length + 1}T00:00:00Z`
  const env = {
    ...GIT_ENVIRONMENT,
    GIT_COMMITTER_DATE: date,
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: `${author}@example.com`,
  }
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: project.root, encoding: 'utf8', env })
  git('add', '-A')
  git('commit', '-q', '-m', message)
  commits[author] = git('rev-parse', 'HEAD').trim()
}

beforeAll(() => {
  project = new TestProject({ ...BASE_FILES, '.gitignore': '.till/\n' })
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: project.root, env: GIT_ENVIRONMENT })
  project.write('tillwright.yaml', 'assignments:\n  - runbook: greeting\n    params: {mode: "0644"}\n')
  project.write(
    'runbooks/greeting.yaml',
    `params:
  mode: {type: string, default: "0600"}
  path: {type: string, default: /tmp/greeting}
steps:
  - id: text
    when: 'vars.greet'
    file:
      path: \${{ params.path }}
      content: \${{ vars.greeting.text }}
      mode: \${{ params.mode }}
`,
  )
  project.write(
    'inventory/fleet.yaml',
    (BASE_FILES['inventory/fleet.yaml'] ?? '').replace('{name: North}', '{name: North, vars: {greet: true}}'),
  )
  commit('Begin', 'anna')
  const fleet = project.read('inventory/fleet.yaml')
  project.write(
    'inventory/fleet.yaml',
    fleet.replace('    owner:', '    vars:\n      greeting: {text: welcome}\n    owner:'),
  )
  commit('This store says welcome', 'jan')
  project.write('runbooks/greeting.yaml', project.read('runbooks/greeting.yaml').replace('/tmp/greeting', '/tmp/hello'))
})
afterAll(() => project.remove())

test('till blame names commit and line of all that a step wants, through variables, parameters and assignment', async () => {
  const { code, stdout, stderr } = await project.till('blame', DEVICE, 'text', '--json')
  const document = JSON.parse(stdout)
  expect({ code, stderr, faults: errorsOf('blame', document) }).toEqual({ code: 0, stderr: '', faults: [] })
  const rows = document.wanted.map(
    (row: { what: string; value: unknown; level: string; file: string; line: number; origin: { commit: string } }) => [
      row.what,
      row.value,
      row.level,
      `${row.file}:${row.line}`,
      row.origin.commit,
    ],
  )
  const { anna, jan } = commits
  expect(rows).toEqual([
    ['params.path', '/tmp/hello', null, 'runbooks/greeting.yaml:3', null],
    ['vars.greeting.text', 'welcome', `store ${DEVICE.split('/')[0]}`, 'inventory/fleet.yaml:12', jan],
    ['file.path', '${{ params.path }}', null, 'runbooks/greeting.yaml:8', anna],
    ['file.content', '${{ vars.greeting.text }}', null, 'runbooks/greeting.yaml:9', anna],
    ['file.mode', '${{ params.mode }}', null, 'runbooks/greeting.yaml:10', anna],
    ['when', 'vars.greet', null, 'runbooks/greeting.yaml:6', anna],
    ['vars.greet', true, 'region north', 'inventory/fleet.yaml:3', anna],
    ['params.mode', '0644', null, 'tillwright.yaml:3', anna],
    ['assignment greeting', 'greeting', null, 'tillwright.yaml:2', anna],
  ])
  expect(document.wanted[1].origin).toMatchObject({
    author: 'jan <jan@example.com>',
    summary: 'This store says welcome',
  })
})

test('till blame shows it to people, and says which steps there are', async () => {
  const { code, stdout } = await project.till('blame', DEVICE, 'greeting/text')
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/vars\.greeting\.text +welcome +inventory\/fleet\.yaml:12 .* This store says welcome/),
  ])
  const wrong = await project.till('blame', DEVICE, 'txet')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('There are greeting/text.')])
})

test('till blame tells several assignments of one runbook apart by their names', async () => {
  const before = project.read('tillwright.yaml')
  project.write('tillwright.yaml', `${before}  - {runbook: greeting, params: {mode: "0600"}}\n`)
  const several = await project.till('blame', DEVICE, 'text')
  expect([several.code, several.stderr]).toEqual([
    2,
    expect.stringContaining('Name one with its assignment: greeting/text, greeting-2/text.'),
  ])
  for (const name of ['greeting', 'greeting-2']) {
    const { code, stdout } = await project.till('blame', DEVICE, `${name}/text`, '--json')
    expect([code, stdout]).toEqual([0, expect.stringContaining(`"assignment ${name}"`)])
  }
  project.write('tillwright.yaml', before)
})
