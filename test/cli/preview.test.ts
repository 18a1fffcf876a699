import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleDevices } from '../../src/app/gitops/preview/sample-devices.ts'
import type { Device } from '../../src/core/fleet.ts'
import { GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { isSarif } from '../reporters/sarif-schema.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const S = `PV${process.pid}`
const store = (id: string, region: string, devices: string): string => `  ${id}:
    name: ${id}
    region: ${region}
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 06:00-22:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices: {${devices}}
`
const FLEET = `fleet: {name: Test, time_zone: Europe/Warsaw, vars: {greeting: hello}}
profiles: {till: {kind: till, os: {family: linux, distribution: debian, version: '12'}, transport: {type: local}}}
regions:
  north: {name: North}
  south: {name: South}
stores:
${store(`${S}-1`, 'north', 'pos1: {profile: till, address: 127.0.0.1}, pos2: {profile: till, address: 127.0.0.1}')}${store(`${S}-2`, 'south', 'pos1: {profile: till, address: 127.0.0.1}')}`

let project: TestProject
let evil: string

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: project.root, encoding: 'utf8', env: GIT_ENVIRONMENT, stdio: 'pipe' }).trim()
}

function commit(message: string): string {
  git('add', '-A')
  git('commit', '-q', '-m', message)
  return git('rev-parse', 'HEAD')
}

const change = (name: string, from: string, to: string): void => {
  expect(project.read(name)).toContain(from)
  project.write(name, project.read(name).replace(from, to))
}
const marks = (look: string): string => `name: mark
summary: Keeps a mark
params:
  properties:
    there: {type: boolean}
desired: {there: "\${{ params.there }}"}
posix:
  observe: |
    ${look}
    json_object there: true
  converge: |
    :
`

beforeAll(() => {
  project = new TestProject({
    'tillwright.yaml': 'assignments: [{runbook: greeting}, {runbook: look}, {runbook: marks}]\n',
    'inventory/fleet.yaml': FLEET,
    '.gitignore': '.till/\ndevice/\npreview.*\n',
  })
  evil = project.path('evil')
  const path = `${project.path('device')}/\${{ device.id }}`
  project.write('device/.keep', '')
  project.write(
    'runbooks/greeting.yaml',
    `steps:\n  - id: text\n    file: {path: '${path}', content: '\${{ vars.greeting }}'}\n`,
  )
  project.write('runbooks/look.yaml', 'steps:\n  - id: look\n    command: {run: "true", unless: "true"}\n')
  project.write('runbooks/marks.yaml', 'steps:\n  - mark: {there: true}\n')
  project.write('modules/mark.yaml', marks(':'))
  git('init', '-q', '-b', 'main')
  commit('begin')
  git('switch', '-q', '-c', 'change')
  change('inventory/fleet.yaml', 'north: {name: North}', 'north: {name: North, vars: {greeting: welcome}}')
  commit('greet the north')
  git('switch', '-q', '-c', 'hostile')
  change('runbooks/look.yaml', 'unless: "true"', `unless: "touch ${evil}"`)
  project.write('modules/mark.yaml', marks(`touch ${evil}`))
  const secrets = `secrets: {commands: {vault: {run: [touch, ${evil}]}}}\n`
  project.write('tillwright.yaml', `${project.read('tillwright.yaml')}${secrets}`)
  change(
    'inventory/fleet.yaml',
    `owner: {team: ops}\n    devices: {pos1: {profile: till, address: 127.0.0.1}}`,
    `owner: {team: ops}\n    devices: {pos1: {profile: till, address: 127.6.6.6}}`,
  )
  project.write(
    'inventory/new.yaml',
    `stores:\n${store(`${S}-3`, 'south', 'pos1: {profile: till, address: 127.0.0.1}')}`,
  )
  commit('hostile')
  git('switch', '-q', 'main')
  project.write('runbooks/other.yaml', 'steps:\n  - command: {run: "true"}\n')
  commit('elsewhere')
  git('switch', '-q', '-c', 'conflict', 'HEAD~1')
  change('inventory/fleet.yaml', 'north: {name: North}', 'north: {name: Upper}')
  commit('rename')
  git('switch', '-q', '-c', 'broken', 'main')
  change('inventory/fleet.yaml', 'kind: till', 'kind: tlil')
  commit('broken')
  git('switch', '-q', 'change')
  git('merge', '-q', '-m', 'from main', 'main')
  git('switch', '-q', 'main')
})
afterAll(() => project.remove())

const preview = (...args: string[]) => project.till('plan', '--against', ...args)

describe('till plan --against', () => {
  test('plans the difference that a merge makes, on the devices that it touches', async () => {
    const before = git('status', '--porcelain') + git('for-each-ref') + git('count-objects')
    const reports = ['--markdown', 'preview.md', '--html', 'preview.html', '--sarif', 'preview.sarif']
    const { code, stdout, stderr } = await preview('change', '--json', ...reports)
    const document = JSON.parse(stdout)
    expect({ code, stderr, faults: errorsOf('preview', document) }).toEqual({ code: 3, stderr: '', faults: [] })
    expect(document).toMatchObject({
      base: git('rev-parse', 'main'),
      tip: git('rev-parse', 'change'),
      touched: {
        stores: 1,
        devices: 2,
        by: { region: { north: 2 }, profile: { till: 2 }, version: { 'linux debian 12': 2 } },
      },
      inventory: { added: 0, removed: 0, changed: 2 },
      notes: [],
      paper: [],
      sample: { of: 2, devices: 2 },
    })
    expect(errorsOf('result', document.plan)).toEqual([])
    expect(document.plan.run.runbooks.map(({ name }: { name: string }) => name).sort()).toEqual([
      'greeting',
      'look',
      'marks',
    ])
    expect(document.plan.summary.counts).toMatchObject({ drifted: 2 })
    expect(project.read('preview.md')).toContain('It touches 2 devices in 1 store.')
    const page = project.read('preview.html')
    expect(page).toMatch(/<p>[^<]*touches 2 devices in 1 store\.<\/p>[\s\S]*<p>2 devices in .*: 2 drifted\.<\/p>/)
    expect(page).toContain('<tr><td>differs</td>')
    expect(project.read('preview.md')).toContain('welcome')
    const log = JSON.parse(project.read('preview.sarif'))
    expect(isSarif(log) || isSarif.errors).toBe(true)
    expect(log.runs[0].results).toMatchObject([{ ruleId: 'drift', level: 'note', occurrenceCount: 2 }])
    expect(git('status', '--porcelain') + git('for-each-ref') + git('count-objects')).toBe(before)
  })

  test('what it found is in no status, blames no device, and stands in the history as what it is', async () => {
    const { code, stdout } = await preview('change')
    expect([code, stdout]).toEqual([3, expect.not.stringContaining('till apply')])
    const status = JSON.parse((await project.till('status', '--json')).stdout)
    expect(status.counts).toMatchObject({ drifted: 0 })
    expect((await project.till('drift', '--since', '1d')).stdout).not.toContain('became another')
    const device = /^drifted +(\S+)/m.exec(stdout)?.[1] ?? ''
    const history = JSON.parse((await project.till('history', device, '--json')).stdout)
    expect(errorsOf('history', history)).toEqual([])
    // Others of this file have previewed it, too.
    expect(history.runs).toContainEqual(
      expect.objectContaining({ state: 'drifted', previews: git('rev-parse', 'change') }),
    )
    for (const { previews } of history.runs) expect(previews).toMatch(/^[0-9a-f]{40}$/)
    const told = await project.till('history', device)
    expect(told.stdout).toMatch(/plan .* as [0-9a-f]{12} would/)
  })

  test('nothing of a hostile branch runs, nobody logs in by it, and what stays on paper is told', async () => {
    const { code, stdout, stderr } = await preview('hostile', '--sample', '1')
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' })
    expect(stdout).toContain('Module "mark" is another; what uses it stays on paper.')
    expect(stdout).toContain('Commands that tell secrets are others; none of them is run.')
    const paper = stdout.split('\n').filter((line) => line.startsWith('On paper'))
    expect(paper.sort()).toMatchInlineSnapshot(`
      [
        "On paper: 1 device (new in the inventory: nobody logs in where nobody reviewed the address)",
        "On paper: 1 device (reached in another way there: nobody logs in by what nobody reviewed)",
        "On paper: 4 devices (look: nobody reviewed what a step "command" would run or read there)",
        "On paper: 4 devices (marks: module "mark" is another there, and only what is here runs)",
      ]
    `)
    expect(stdout).toMatch(/Planned on 1 device of 2 that may be looked at \(--seed [0-9a-f]{12}\):/)
    expect(existsSync(evil)).toBe(false)
  })

  test.each([
    ['conflict', 'REVISION_BROKEN', 'inventory/fleet.yaml'],
    ['broken', 'inventory/fleet.yaml:2', 'tlil'],
    ['nowhere', 'There is no revision "nowhere"', 'git fetch'],
    ['--upload-pack=touch', 'USAGE', ''],
  ])('says what is wrong with %s', async (ref, ...says) => {
    if (ref === 'conflict') git('switch', '-q', 'change')
    const { code, stderr } = await preview(ref)
    git('switch', '-q', 'main')
    for (const part of says) expect([code, stderr]).toEqual([2, expect.stringContaining(part)])
  })
})

test('what a store says and what a file holds count as what a runbook says; reports name files of the repository', async () => {
  const path = project.path('device')
  git('switch', '-q', '-c', 'files', 'main')
  project.write('tillwright.yaml', 'assignments: [{runbook: copied}, {runbook: named}]\n')
  project.write('files/a', 'one\n')
  project.write('runbooks/copied.yaml', `steps:\n  - id: a\n    file: {path: ${path}/a, source: files/a}\n`)
  project.write(
    'runbooks/named.yaml',
    `steps:\n  - id: n\n    file: {path: ${path}/n, content: '\${{ store.name }}'}\n`,
  )
  commit('files')
  git('switch', '-q', '-c', 'other-file')
  project.write('files/a', 'two\n')
  commit('another file')
  git('switch', '-q', '-c', 'other-store', 'files')
  change('inventory/fleet.yaml', `name: ${S}-1`, 'name: Renamed')
  commit('another store')
  git('switch', '-q', 'files')
  try {
    const files = await preview('other-file', '--json', '--sarif', 'preview.sarif', '--junit', 'preview.xml')
    expect([files.code, JSON.parse(files.stdout)]).toMatchObject([
      5,
      {
        touched: { stores: 2, devices: 3 },
        runbooks: [{ runbook: 'copied', what: 'changed', devices: 3 }],
        paper: [{ why: expect.stringContaining('would run or read there'), devices: 3 }],
      },
    ])
    const empty = JSON.parse(project.read('preview.sarif'))
    expect([isSarif(empty) || isSarif.errors, empty.runs[0].results]).toEqual([true, []])
    expect(project.read('preview.xml')).toMatch(/<testsuites [^>]*>\s*<\/testsuites>/)
    const promoted = await project.till('promote', 'other-file', 'files', '--json')
    expect(JSON.parse(promoted.stdout)).toMatchObject({ touched: { devices: 3 } })
    const store = await preview('other-store', '--json', '--sarif', 'preview.sarif')
    expect([store.code, JSON.parse(store.stdout)]).toMatchObject([
      3,
      {
        touched: { stores: 1, devices: 2 },
        runbooks: [{ runbook: 'named', what: 'device changed', devices: 2 }],
        paper: [],
      },
    ])
    const [found] = JSON.parse(project.read('preview.sarif')).runs[0].results
    expect(found.locations[0].physicalLocation).toMatchObject({
      artifactLocation: { uri: 'runbooks/named.yaml' },
      region: { startLine: 2 },
    })
  } finally {
    git('switch', '-q', 'main')
  }
})

test('till promote says what a merge would mean, and merges nothing', async () => {
  const refs = git('for-each-ref')
  const { code, stdout, stderr } = await project.till('promote', 'hostile', 'main', '--json')
  const document = JSON.parse(stdout)
  expect({ code, stderr, faults: errorsOf('promotion', document) }).toEqual({ code: 0, stderr: '', faults: [] })
  expect(document).toMatchObject({
    commits: 2,
    touched: { stores: 3, devices: 4, by: { region: { north: 2, south: 2 } } },
    inventory: { added: 1, removed: 0, changed: 3 },
    stores: [
      { name: `${S}-1`, what: 'changed' },
      { name: `${S}-3`, what: 'new' },
    ],
    assignments: [],
    policies: [],
  })
  expect((await project.till('promote', 'main', 'change')).stdout).toMatch(
    /^main \([0-9a-f]{12}\) has 0 commits that change/,
  )
  expect(git('for-each-ref')).toBe(refs)
})

test('a sample has one of each class, and is the same for the same seed', () => {
  const devices = Array.from({ length: 200 }, (_, index) => {
    const version = index === 77 ? '11' : '12'
    return {
      name: `S-${index}/pos1`,
      profile: index === 3 ? 'rare' : 'till',
      os: { family: 'linux', version },
    } as Device
  })
  const names = (seed: string): readonly string[] => sampleDevices(devices, 5, seed).map(({ name }) => name)
  for (const seed of ['a', 'b', 'c']) {
    expect(names(seed)).toHaveLength(5)
    expect(names(seed)).toEqual(expect.arrayContaining(['S-3/pos1', 'S-77/pos1']))
    expect(names(seed)).toEqual(names(seed))
  }
  expect(names('a')).not.toEqual(names('b'))
  expect(sampleDevices(devices, 0, 'a')).toEqual([])
})
