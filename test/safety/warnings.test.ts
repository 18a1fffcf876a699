import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { ended, type TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { lines, projectOf, resumed } from './run-to-resume.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const WORK = `  - {id: one, file: {path: ROOT/one.txt, content: "new\\n"}}
  - {id: two, command: {run: 'echo two >> ROOT/log', always: true}}
`

/** `command` is what people at the till are told by; it finds how often it was run in the file `told`. */
function tillWith(command: string, warning: string, more = ''): TestProject {
  const made = projectOf(1, WORK)
  project = made
  made.write(
    'tillwright.yaml',
    `run: {workers: 0}
${more}warnings: {cashier: {script: {sh: 'echo x >> ${made.root}/told; ${command.replaceAll('ROOT', made.root)}'}, ${warning}}}
policies: {default: {caps: [], keep: [], rollout: {waves: false, warn: [cashier]${more === '' ? '' : ', guards: [receipt]'}}}}
`,
  )
  return made
}

interface Event {
  readonly type: string
  readonly at: string
  readonly says?: string
  readonly attempt?: number
  readonly failure?: { readonly code: string; readonly message: string }
}

async function eventsOf(made: TestProject): Promise<readonly Event[]> {
  const { stdout } = await made.till('runs', 'show', 'latest', '--ndjson')
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
  for (const event of events) expect(errorsOf('event', event)).toEqual([])
  return events
}

interface Row {
  readonly entry: { readonly kind: string; readonly at: string }
}

function told(made: TestProject): number {
  return lines(made, 'told').length
}

describe('a warning', () => {
  it('is said once, and the device is changed after the time that people were told', async () => {
    const made = tillWith('echo in 1 s', 'wait: 1s')
    const { code, stdout } = await made.till('apply', 'work', '--yes')
    expect(stdout).toContain('were warned by "cashier"; it is changed after 1 s.')
    expect(code).toBe(0)
    expect([told(made), lines(made, 'log')]).toEqual([1, ['two']])
    const events = await eventsOf(made)
    expect(events.find(({ type }) => type === 'device.warned')).toMatchObject({
      warning: 'cashier',
      says: 'warned',
      exit_code: 0,
      detail: 'in 1 s',
      attempt: 1,
    })
    const waits = events.find(({ type }) => type === 'device.waiting')
    expect(waits?.failure?.code).toBe('WARNING_WAITING')
    const order = events.filter(({ type }) => /^device\.|converging/.test(type)).map(({ type }) => type)
    expect(order.slice(0, 5)).toEqual([
      'device.started',
      'device.warned',
      'device.waiting',
      'device.started',
      'step.converging',
    ])
    const at = (type: string) => Date.parse(events.find((event) => event.type === type)?.at ?? '')
    expect(at('step.converging') - at('device.warned')).toBeGreaterThanOrEqual(950)
    const { rows } = JSON.parse((await made.till('audit', 'list', '--json')).stdout)
    const said = rows.filter(({ entry }: { entry: { kind: string } }) => entry.kind === 'device.warned')
    expect(said).toMatchObject([{ entry: { by: 'till', about: { warning: 'cashier', says: 'warned' } } }])
  }, 60_000)

  it('is said neither by a plan nor where nothing is to be changed; a plan and why tell of it', async () => {
    const made = tillWith('true', 'wait: 5m, times: 2')
    made.write(
      'runbooks/work.yaml',
      `name: work\nsteps:\n  - {id: one, file: {path: ${made.root}/one.txt, content: "new\\n"}}\n`,
    )
    const words = 'will warn by "cashier", then wait 5 min ("not now" is heeded 2 times, then it is deferred)'
    expect((await made.till('plan', 'work')).stdout).toContain(`1 device: ${words}, before it is changed.`)
    const device = `R-${process.pid}/pos1`
    const why = await made.till('why', device)
    expect(why.stdout).toContain('may be changed now')
    expect(why.stdout).toContain(words)
    const json = JSON.parse((await made.till('why', device, '--json')).stdout)
    expect(errorsOf('why', json)).toEqual([])
    expect(json).toMatchObject({ may: true, warnings: [{ name: 'cashier', wait_seconds: 300, after: 'defer' }] })
    writeFileSync(made.path('one.txt'), 'new\n')
    expect((await made.till('apply', 'work', '--yes')).code).toBe(0)
    expect(told(made)).toBe(0)
    expect((await made.till('plan', 'work')).stdout).not.toContain('will warn')
  }, 60_000)

  it('heeds "not now" as often as it says; then the device is deferred, and a resume asks anew', async () => {
    const made = tillWith('echo Anna; exit 75', 'wait: 0s, again: 100ms, times: 2')
    const { code, stdout } = await made.till('apply', 'work', '--yes', '--json')
    const { devices } = JSON.parse(stdout)
    expect(devices[0]).toMatchObject({ state: 'deferred', failure: { code: 'WARNING_DECLINED' } })
    expect(devices[0].failure.message).toContain('said "not now" 3 times to the warning "cashier" (Anna)')
    expect([code, told(made), existsSync(made.path('one.txt'))]).toEqual([6, 3, false])
    // Nor is anybody asked again by another run that begins at once.
    const next = await made.till('apply', 'work', '--yes', '--json')
    expect(JSON.parse(next.stdout).devices[0].failure.code).toBe('WARNING_DECLINED')
    expect([next.code, told(made)]).toEqual([6, 3])
    const again = await resumed(made)
    expect([again.code, told(made)]).toEqual([6, 6])
  }, 60_000)

  it('is not said by another run before the time for which somebody said "not now" to the one before, and counts on', async () => {
    const made = tillWith('exit 75', 'wait: 0s, again: 4s, times: 1')
    const first = made.start('apply', 'work', '--yes')
    const end = ended(first)
    let said = ''
    first.stdout?.on('data', (chunk) => {
      said += chunk
    })
    // What was said is on record before it is shown.
    await until(first, () => said.includes('not now'))
    first.kill('SIGKILL')
    await end
    const { stdout } = await made.till('apply', 'work', '--yes', '--json')
    expect(JSON.parse(stdout).devices[0].failure.message).toContain('"not now" 2 times')
    expect(told(made)).toBe(2)
    const { rows } = JSON.parse((await made.till('audit', 'list', '--json')).stdout)
    const times = rows.flatMap(({ entry: { kind, at } }: Row) => (kind === 'device.warned' ? [Date.parse(at)] : []))
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(4_000)
  }, 60_000)

  it('goes ahead behind the limit where the policy says so', async () => {
    const made = tillWith('exit 9', 'wait: 100ms, again: 100ms, times: 1, not_now: 9, after: change')
    const { code } = await made.till('apply', 'work', '--yes')
    expect([code, told(made), lines(made, 'log')]).toEqual([0, 2, ['two']])
  }, 60_000)

  it('waits no longer than "not now" is heeded', async () => {
    const made = tillWith('exit 75', 'wait: 0s, again: 200ms, times: 1000, for: 500ms')
    const { code } = await made.till('apply', 'work', '--yes', '--json')
    expect(code).toBe(6)
    expect(told(made)).toBeLessThan(6)
  }, 60_000)

  it('is over at once where somebody says so', async () => {
    const made = tillWith('exit 10', 'wait: 1h, at_once: 10')
    expect((await made.till('apply', 'work', '--yes')).code).toBe(0)
    expect(told(made)).toBe(1)
  }, 60_000)

  it('that fails changes nothing, unless the policy says so', async () => {
    const made = tillWith('echo no display >&2; exit 3', 'wait: 0s')
    const { code, stdout } = await made.till('apply', 'work', '--yes', '--json')
    const [device] = JSON.parse(stdout).devices
    expect(device).toMatchObject({ state: 'deferred', failure: { code: 'WARNING_FAILED' } })
    expect(device.failure.message).toContain('it ended with exit code 3: no display')
    expect([code, existsSync(made.path('one.txt'))]).toEqual([6, false])
    const bold = tillWith('exit 3', 'wait: 0s, fails: change')
    expect((await bold.till('apply', 'work', '--yes')).code).toBe(0)
    expect(lines(bold, 'log')).toEqual(['two'])
  }, 60_000)

  it('that hangs has failed', async () => {
    const made = tillWith('sleep 60', 'wait: 0s, timeout: 1s')
    const { stdout } = await made.till('apply', 'work', '--yes', '--json')
    expect(JSON.parse(stdout).devices[0].failure.message).toContain('it did not end within 1 s')
  }, 60_000)

  it('is not said while a guard is closed; one that closes meanwhile holds the change back, without another warning', async () => {
    const made = tillWith(
      'touch ROOT/receipt',
      'wait: 300ms',
      'guards: {receipt: {is: open-receipt, file: ROOT, look_again: 200ms}}\n',
    )
    const text = readFileSync(made.path('tillwright.yaml'), 'utf8')
    made.write('tillwright.yaml', text.replace('file: ROOT,', `file: ${made.root}/receipt,`))
    writeFileSync(made.path('receipt'), '')
    const first = await made.till('apply', 'work', '--yes', '--json')
    expect(JSON.parse(first.stdout).devices[0].failure.code).toBe('GUARD_CLOSED')
    expect(told(made)).toBe(0)
    rmSync(made.path('receipt'))
    const child = made.start('apply', 'work', '--yes', '--ndjson', '--wait', '60s')
    let out = ''
    child.stdout?.on('data', (chunk) => {
      out += chunk
    })
    const end = ended(child)
    await until(child, () => out.includes('GUARD_CLOSED'))
    expect(lines(made, 'log')).toEqual([])
    rmSync(made.path('receipt'))
    expect((await end).code).toBe(0)
    expect([told(made), lines(made, 'log')]).toEqual([1, ['two']])
  }, 60_000)

  it('that was said is not said again by whoever carries a killed run on', async () => {
    const made = tillWith('true', 'wait: 8s')
    const child = made.start('apply', 'work', '--yes', '--ndjson')
    let out = ''
    child.stdout?.on('data', (chunk) => {
      out += chunk
    })
    const end = ended(child)
    await until(child, () => out.includes('"device.waiting"'))
    child.kill('SIGKILL')
    await end
    expect(lines(made, 'log')).toEqual([])
    const { code, result } = await resumed(made)
    expect([code, told(made), lines(made, 'log')]).toEqual([0, 1, ['two']])
    const events = await eventsOf(made)
    const at = (type: string) => Date.parse(events.find((event) => event.type === type)?.at ?? '')
    expect(at('step.converging') - at('device.warned')).toBeGreaterThanOrEqual(7_900)
    expect(result.devices[0]?.state).toBe('changed')
  }, 60_000)

  it('is said to one till of a store after the other, where one at a time may be out', async () => {
    const made = projectOf(3, WORK)
    project = made
    made.write(
      'tillwright.yaml',
      `run: {workers: 0}
warnings: {cashier: {script: {sh: 'true'}, wait: 500ms}}
policies: {default: {keep: [], rollout: {waves: false, warn: [cashier]}}}
`,
    )
    const { code } = await made.till('apply', 'work', '--yes')
    expect(code).toBe(0)
    const kinds = (await eventsOf(made)).flatMap(({ type }) => (/^device\.(warned|finished)$/.test(type) ? [type] : []))
    expect(kinds).toEqual([1, 2, 3].flatMap(() => ['device.warned', 'device.finished']))
  }, 60_000)

  it('that was not yet answered when the run was killed is said again', async () => {
    const made = tillWith('[ -e ROOT/quick ] || sleep 20', 'wait: 0s')
    const child = made.start('apply', 'work', '--yes')
    const end = ended(child)
    await until(child, () => told(made) === 1)
    child.kill('SIGKILL')
    await end
    writeFileSync(made.path('quick'), '')
    expect((await resumed(made)).code).toBe(0)
    expect([told(made), lines(made, 'log')]).toEqual([2, ['two']])
  }, 60_000)

  it('is said by worker threads as well', async () => {
    const made = tillWith('true', 'wait: 300ms')
    const text = readFileSync(made.path('tillwright.yaml'), 'utf8')
    made.write('tillwright.yaml', text.replace('workers: 0', 'workers: 2'))
    expect((await made.till('apply', 'work', '--yes')).code).toBe(0)
    expect([told(made), lines(made, 'log')]).toEqual([1, ['two']])
  }, 60_000)

  it('is one that the file has, with codes that mean one thing', async () => {
    const made = projectOf(1, WORK)
    project = made
    made.write(
      'tillwright.yaml',
      `warnings: {cashier: {script: {sh: 'true'}, wait: 1m, holds: 0s, not_now: 9, at_once: 9}}
policies: {default: {rollout: {warn: [casheer]}}}
`,
    )
    const { code, stderr, stdout } = await made.till('validate')
    expect(code).toBe(2)
    expect(`${stdout}${stderr}`).toContain('Exit code 9 would mean both "at once" and "not now"')
    expect(`${stdout}${stderr}`).toContain('People would be warned again before the change could begin: `holds` is 0s')
    expect(`${stdout}${stderr}`).toContain('Did you mean "cashier"?')
  }, 60_000)
})
