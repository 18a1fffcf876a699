import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { isThere } from '../peers/debian.ts'
import { ROOT, readPage } from './pages.ts'

const page = (name: string): string => readPage(`docs/${name}`)
const hasJq = isThere({ what: 'guides with jq', debian: 'jq', isHere: spawnSync('jq', ['--version']).status === 0 })

let project: TestProject

beforeAll(async () => {
  project = new TestProject({
    'tillwright.yaml': 'assignments: [{ runbook: readiness, where: "device.kind == \'till\'" }]\n',
    'inventory/fleet.yaml': inventoryWith(
      '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n' +
        '      pos2: {profile: till, address: 127.8.6.1, transport: {port: 9, user: nobody, password: {secret: "env:NO_SUCH"}}}\n',
    ),
    'runbooks/readiness.yaml':
      'name: readiness\nsteps:\n  - {id: file, file: {path: /nowhere/file, content: x}}\n' +
      '  - {id: port, command: {run: "exit 7", read_only: true}}\n',
  })
  process.env['NO_SUCH'] = 'no such password'
  await project.till('drift', '--output', 'drift.json')
})
afterAll(() => project.remove())

describe('the guide for pipelines', () => {
  it('shows the pipeline that till init writes', async () => {
    await project.till('init', 'fresh', '--nested', '--ci', 'gitlab')
    expect(fencedBlocks(page('guide-ci.md'), 'yaml gitlab')[0]?.trim()).toBe(
      project.read('fresh/.gitlab-ci.yml').trim(),
    )
  })

  it('has a first plan that says where its runbook and the reviewed plan are wanted from', async () => {
    const fresh = new TestProject({})
    await fresh.till('init', '.')
    const { code, stderr } = await fresh.till('plan', 'agent-update')
    expect(code).toBe(2)
    const copy = /It comes with the package, and is yours once it is copied: (cp .*)$/m.exec(stderr)?.[1] ?? 'false'
    expect(spawnSync('sh', ['-c', copy], { cwd: fresh.root }).status).toBe(0)
    expect((await fresh.till('plan', 'agent-update', '--sandbox')).stderr).not.toContain('RUNBOOK_UNKNOWN')
    expect((await fresh.till('plan', 'no-such')).stderr).toContain(
      'Here are: agent-update, first-look. Or name a file.',
    )
    expect((await fresh.till('apply', 'gone.json', '--yes')).stderr).toContain(
      'The plan "gone.json" cannot be read: there is no such file or folder',
    )
    await fresh.remove()
  })

  it('has a plan of which neither drift, nor an unmet check, nor a store out of reach stops anybody', async () => {
    const command =
      fencedBlocks(page('guide-ci.md'), 'sh')
        .join('\n')
        .match(/^till plan .*--code-quality .*$/m)?.[0] ?? ''
    const [, ...words] = command.replace('agent-update --region slaskie', 'readiness').split(' ')
    const { code, stderr } = await project.till(...words)
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(project.read('plan.json'))).toMatchObject({ schema: 'till.plan/1', complete: false })
    expect(project.read('plan.md')).toContain('### What differs')
    // What is to be changed passes; what it may mend is put off; what is out of reach could not be seen.
    expect(project.read('plan.xml')).not.toContain('<failure')
    expect(project.read('plan.xml')).toContain('<skipped message="It ended with exit 7')
    expect(project.read('plan.xml')).toContain('<error type="CONNECT_REFUSED"')
  })

  it('has a Code Quality report as GitLab reads it, with fingerprints that last', async () => {
    const issues = JSON.parse(project.read('quality.json'))
    expect(errorsOf('code-quality', issues)).toEqual([])
    const runbook = 'runbooks/readiness.yaml'
    expect(issues).toContainEqual(
      expect.objectContaining({
        check_name: 'drift',
        severity: 'info',
        location: { path: runbook, lines: { begin: 3 } },
      }),
    )
    expect(issues).toContainEqual(expect.objectContaining({ check_name: 'check-unmet', severity: 'major' }))
    expect(issues).toContainEqual(expect.objectContaining({ check_name: 'unreachable', severity: 'minor' }))
    await project.till('plan', 'readiness', '--code-quality', 'again.json')
    const prints = (of: { fingerprint: string }[]): string[] => of.map(({ fingerprint }) => fingerprint).sort()
    expect(prints(JSON.parse(project.read('again.json')))).toEqual(prints(issues))
    expect(new Set(prints(issues)).size).toBe(issues.length)
    project.write('runbooks/broken.yaml', 'name: broken\nsteps:\n  - {id: a, no_such: {}}\n')
    const { code, stdout } = await project.till('validate', '--format', 'code-quality')
    expect(code).toBe(2)
    expect(errorsOf('code-quality', JSON.parse(stdout))).toEqual([])
    expect(JSON.parse(stdout)).toMatchObject([
      {
        check_name: 'RUNBOOK_MODULE_UNKNOWN',
        severity: 'blocker',
        location: { path: 'runbooks/broken.yaml', lines: { begin: 3 } },
      },
    ])
  })
})

describe('the guide for sysadmins', () => {
  it('has all the values that the runbooks of the package read', async () => {
    const fresh = new TestProject({})
    await fresh.till('init', '.')
    fresh.copy(join(ROOT, 'runbooks'), 'runbooks')
    const [fleet = '', device = ''] = [
      ...fencedBlocks(page('guide-sysadmin.md'), 'yaml fleet'),
      ...fencedBlocks(page('guide-sysadmin.md'), 'yaml device'),
    ]
    expect((await fresh.till('validate')).stderr).toContain('VALUE_MISSING')
    const vars = fleet.slice(fleet.indexOf('  vars:\n') + '  vars:\n'.length)
    fresh.write('inventory/fleet.yaml', fresh.read('inventory/fleet.yaml').replace('  vars:\n', `  vars:\n${vars}`))
    const own = device.trim().split('\n').at(-1)
    fresh.write(
      'inventory/stores.yaml',
      fresh.read('inventory/stores.yaml').replace('192.0.2.11}', `192.0.2.11, ${own}}`),
    )
    const { code, stderr } = await fresh.till('validate')
    expect([code, stderr]).toEqual([0, ''])
    await fresh.remove()
  })
})

describe.runIf(hasJq)('the guide for monitoring', () => {
  /** A block of the guide, over the result of the project; what it would send goes to stdout. */
  function typed(start: string): string {
    const block = fencedBlocks(page('guide-monitoring.md'), 'sh').find((text) => text.startsWith(start)) ?? ''
    const script = block
      .replaceAll('/var/lib/tillwright/', `${project.root}/`)
      .replaceAll('/var/lib/node_exporter/', `${project.root}/`)
      .replace(/\|\s*curl [^\n]*/, '| cat')
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    return stdout
  }

  it('has numbers as a scraper reads them, what is unknown among them', () => {
    typed("jq -r '(.summary.counts")
    expect(existsSync(project.path('till.prom'))).toBe(true)
    const lines = project.read('till.prom').trim().split('\n')
    for (const line of lines) expect(line).toMatch(/^[a-z_]+(\{state="[a-z-]+"\})? \d+$/)
    expect(lines).toContain('till_devices{state="unknown"} 0')
    expect(lines).toContain('till_devices{state="unreachable"} 1')
    expect(lines.join('\n')).toMatch(/^till_devices_with_unknown_steps \d+$/m)
    const seconds = Number(/till_looked_at_seconds (\d+)/.exec(lines.join('\n'))?.[1])
    expect(Math.abs(Date.now() / 1000 - seconds)).toBeLessThan(600)
  })

  it('has alerts that last until the next look, and of which each is its own', () => {
    const alerts = JSON.parse(typed("jq '[.findings[]")) as { labels: object; annotations: object; endsAt: string }[]
    expect(alerts.length).toBeGreaterThanOrEqual(2)
    for (const { labels, annotations, endsAt } of alerts) {
      // Alertmanager takes texts alone.
      for (const value of [...Object.values(labels), ...Object.values(annotations)]) expect(typeof value).toBe('string')
      expect(Date.parse(endsAt) - Date.now()).toBeGreaterThan(3600_000)
    }
    const unique = new Set(alerts.map(({ labels }) => JSON.stringify(labels)))
    expect(unique.size).toBe(alerts.length)
  })
})
