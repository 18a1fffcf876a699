import { spawn } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { TILL } from '../peers/till.ts'
import { ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

/** This machine is the device; the store is this process's own, since a device keeps a record of changes by its name. */
const STORE = `CO-${process.pid}`
const DEVICE = `${STORE}/pos1`
const project = new TestProject({
  'tillwright.yaml': `hooks:
  rules:
    - {name: drawer, match: "alert.name == 'Drawer'", mode: act, runbook: gather, settle: 0s, quiet: 0s, cooldown: 0s}
policies: {default: {caps: [{name: none, per: [store], out: 0}], rollout: {waves: false}}}
`,
})
afterAll(() => project.remove())

const text = (...args: string[]) => project.till(...args)
async function json(name: string, ...args: string[]) {
  const answer = JSON.parse((await project.till(...args, '--json')).stdout)
  expect(errorsOf(name, answer)).toEqual([])
  return answer
}

test('a rule gathers evidence before people are told, whatever the caps say, and it goes along with the incident', async () => {
  project.write(
    'inventory/fleet.yaml',
    inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n')
      .replace('type: ssh', 'type: local')
      .replace('PL-0001', STORE),
  )
  project.write('app.log', '2026-12-01 02:10:00 card 4111 1111 1111 1111 refused\n``` ## no heading\n')
  const conf = project.path('app.conf')
  project.write(
    'runbooks/change.yaml',
    `steps: [{file: {path: ${conf}, content: "password = geheim\\nport = 1\\n"}}]\n`,
  )
  project.write(
    'runbooks/gather.yaml',
    `steps: [{collect: {logs: [${project.path('app.log')}, /none.log], files: [${conf}], redact: ['password\\s*=\\s*(\\S+)']}}]\n`,
  )
  // Nothing may be out: what changes waits, what only looks goes on.
  const held = await text('apply', 'change', '--device', DEVICE, '--yes')
  expect(held.code).toBe(6)
  const caps = project.read('tillwright.yaml')
  project.write('tillwright.yaml', caps.replace('caps: [{name: none, per: [store], out: 0}]', 'caps: []'))
  expect((await text('apply', 'change', '--device', DEVICE, '--yes')).code).toBe(0)
  project.write('tillwright.yaml', caps)

  const child = spawn(process.execPath, [TILL, 'hook', 'fire', '--source', 'alertmanager', '--wait', '1s', '--json'], {
    cwd: project.root,
    env: { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const labels = { alertname: 'Drawer', device: DEVICE }
  const alert = { status: 'firing', labels, startsAt: '2026-11-22T01:40:33Z', fingerprint: '1' }
  child.stdin?.end(JSON.stringify({ version: '4', alerts: [alert] }))
  const [episode] = JSON.parse((await ended(child)).stdout).episodes
  expect(episode).toMatchObject({ state: 'needs-people', attempts: [{ result: 'looked', state: 'in-sync' }] })
  const [{ run }] = episode.attempts

  const shown = await text('runs', 'show', run, '--device', DEVICE)
  expect(shown.stdout).toContain(`gathered 3 items, `)
  expect(shown.stdout).toContain(`till runs show ${run} --device ${DEVICE} --collected`)
  const gathered = (await text('runs', 'show', run, '--device', DEVICE, '--collected')).stdout
  expect(gathered).toContain(`file ${conf}: whole`)
  expect(gathered).toContain('  | password = ***\n  | port = 1\n')
  expect(gathered).toContain('log /none.log: absent.')
  expect(gathered).toContain('card *** refused')
  expect((await text('runs', 'show', run, '--device', 'nobody', '--collected')).stderr).toContain('gathered nothing')

  const evidence = { collected: [{ run, bytes: expect.any(Number), items: [{}, {}, {}] }], changes: [{ steps: [{}] }] }
  expect((await json('episode', 'episodes', 'show', episode.episode)).evidence).toMatchObject(evidence)
  const [{ incident }] = (await json('incidents', 'incidents', 'list')).incidents
  expect((await json('incident', 'incidents', 'show', incident)).evidence).toMatchObject(evidence)
  const page = (await text('incidents', 'show', incident)).stdout
  expect(page).toContain('Evidence: 3 items')
  expect(page).toMatch(/Last changed before it: .* by .* \(till runs show /)
  const whole = await json('incident-export', 'incidents', 'export', incident)
  expect(whole.bundles).toMatchObject([{ run, redacted: { patterns: 1, card_numbers: 1 }, items: [{}, {}, {}] }])
  const ticket = (await text('incidents', 'export', incident, '--format', 'markdown')).stdout
  expect(ticket).toContain('\n````\n2026-12-01 02:10:00 card *** refused\n``` ## no heading\n````\n')
  expect(ticket.slice(ticket.indexOf('## Evidence'))).not.toMatch(/geheim|4111/)
  expect((await text('incidents', 'export', incident, '--format', 'csv')).code).toBe(2)
  expect((await text('incidents', 'export', '--format', 'markdown')).code).toBe(2)
})

test('what a step changes is what a later one gathers, and a pattern that is none is told with its place', async () => {
  const [conf, log] = [project.path('new.conf'), project.path('app.log')]
  project.write('tillwright.yaml', 'policies: {default: {caps: [], rollout: {waves: false}}}\n')
  project.write('new.conf', 'old\n')
  project.write(
    'runbooks/both.yaml',
    `steps:\n  - file: {path: ${conf}, content: "new\\n"}\n  - collect: {files: [${log}, ${conf}]}\n`,
  )
  expect((await text('apply', 'both', '--device', DEVICE, '--yes')).code).toBe(0)
  const gathered = (await text('runs', 'show', 'latest', '--collected')).stdout
  expect(gathered).toContain('  | new\n')
  expect(gathered).not.toContain('  | old\n')
  project.write('runbooks/both.yaml', `steps:\n  - collect: {facts: true, redact: ['a', '(?=b)']}\n`)
  const refused = await text('validate')
  expect([refused.code, refused.stderr + refused.stdout]).toEqual([2, expect.stringContaining('Looking ahead')])
})
