import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-pause-'))
const devices = [1, 2, 3, 4, 5, 6].map((n) => `      pos${n}: {profile: till, address: 127.0.0.1}\n`).join('')
const step = `mkdir ${folder}/$name; until test -e ${folder}/gate; do sleep 0.1; done`
const project = new TestProject({
  'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': inventoryWith(devices).replace('type: ssh', 'type: local'),
  'runbooks/slow.yaml': `name: slow
steps:
  - command: {run: "name=$\{{ device.name.split('/')[1] }}; ${step}", always: true}
`,
})
afterAll(async () => {
  await project.remove()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
})

const begun = (): readonly string[] => readdirSync(folder).filter((name) => name.startsWith('pos'))
const open = (): void => writeFileSync(join(folder, 'gate'), '')

interface Started {
  readonly child: ChildProcess
  readonly end: ReturnType<typeof ended>
  stderr(): string
}

/** An apply to six devices, two at a time, that are being changed. */
async function start(): Promise<Started> {
  const child = project.start('apply', 'slow', '--yes', '--json', '--parallel', '2', '--workers', '0')
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const end = ended(child)
  await expect.poll(begun, { timeout: 60_000 }).toHaveLength(2)
  return { child, end, stderr: () => stderr }
}

/** Devices of the newest run that are done. */
async function done(): Promise<number> {
  const { stdout } = await project.till('runs', 'list', '--json', '--limit', '1')
  const { counts } = JSON.parse(stdout).runs[0]
  return Object.values(counts as Record<string, number>).reduce((sum, count) => sum + count, 0)
}

/** Milliseconds of the processor that a process has taken. */
function cpuMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

test('finishes what is being changed, begins nothing, waits without the processor, and goes on', async () => {
  const { child, end, stderr } = await start()
  const paused = await project.till('pause', 'latest', '--because', 'a blank screen')
  expect([paused.code, paused.stdout]).toEqual([0, expect.stringContaining('is paused')])
  open()
  await expect.poll(done, { timeout: 60_000, interval: 500 }).toBe(2)
  await expect.poll(stderr, { timeout: 30_000 }).toContain('a blank screen')
  const before = cpuMs(child)
  await delay(3_000)
  expect([begun().length, child.exitCode]).toEqual([2, null])
  expect(cpuMs(child) - before).toBeLessThan(600)

  const again = await project.till('pause', 'latest', '--because', 'something else')
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('already: a blank screen')])
  expect((await project.till('runs', 'list')).stdout).toMatch(/ paused .*Apply slow/)
  const listed = JSON.parse((await project.till('runs', 'list', '--json')).stdout)
  expect(errorsOf('runs', listed)).toEqual([])
  expect(listed.runs[0]).toMatchObject({ state: 'running', paused: { why: 'a blank screen' } })
  // What it works by and writes is settled where it runs.
  const refused = await project.till('resume', 'latest', '--yes', '--output', 'result.json', '--parallel', '3')
  expect([refused.code, refused.stdout]).toEqual([2, ''])
  expect(refused.stderr).toContain('--output, --parallel would mean nothing')
  expect(begun()).toHaveLength(2)
  const resumed = await project.till('resume', 'latest', '--yes', '--json')
  expect([resumed.code, resumed.stdout, resumed.stderr]).toEqual([
    0,
    '',
    expect.stringContaining('goes on, where it runs'),
  ])
  const { code, stdout } = await end
  expect([code, JSON.parse(stdout).summary.counts.changed, begun().length]).toEqual([0, 6, 6])
  const audit = (await project.till('audit', 'list', '--json')).stdout
  expect(audit).toContain('run.paused')
  expect(audit).toContain('run.unpaused')
  expect((await project.till('audit', 'verify')).code).toBe(0)
})

test('a resume that is refused leaves the pause of a run whose process is gone', async () => {
  const { child, end } = await start()
  await project.till('pause', 'latest', '--because', 'look first')
  open()
  await expect.poll(done, { timeout: 60_000, interval: 500 }).toBe(2)
  child.kill('SIGKILL')
  await end
  const unpaused = async (): Promise<number> =>
    (await project.till('audit', 'list', '--json')).stdout.split('run.unpaused').length - 1
  const before = await unpaused()
  const refused = await project.till('resume', 'latest', '--yes', '--past-doubt', 'PL-0001/pos9', '--because', 'seen')
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('is not in doubt')])
  expect(await unpaused()).toBe(before)
  const resumed = await project.till('resume', 'latest', '--yes', '--json')
  expect([resumed.code, JSON.parse(resumed.stdout).summary.counts.changed]).toEqual([0, 6])
  expect(await unpaused()).toBe(before + 1)
})

test('a process that is killed while its run is paused leaves a run that is carried on', async () => {
  const { child, end } = await start()
  await project.till('pause', 'latest', '--because', 'look first')
  open()
  await expect.poll(done, { timeout: 60_000, interval: 500 }).toBe(2)
  child.kill('SIGKILL')
  await end
  const resumed = await project.till('resume', 'latest', '--yes', '--json')
  expect([resumed.code, JSON.parse(resumed.stdout).summary.counts.changed]).toEqual([0, 6])
})

test('Ctrl-C ends a paused run, with an end for each device', async () => {
  const { child, end } = await start()
  await project.till('pause', 'latest', '--because', 'look first')
  open()
  await expect.poll(done, { timeout: 60_000, interval: 500 }).toBe(2)
  child.kill('SIGINT')
  const { code, stdout } = await end
  expect([code, JSON.parse(stdout).summary.counts]).toMatchObject([130, { changed: 2, cancelled: 4 }])
})

test('refuses what cannot be paused', async () => {
  open()
  expect((await project.till('plan', 'slow')).code).toBeLessThan(4)
  for (const args of [['latest'], ['latest', '--because', 'x'], ['nothing-like-it', '--because', 'x']]) {
    const { code, stdout } = await project.till('pause', ...args)
    expect([args, code, stdout]).toEqual([args, 2, ''])
  }
  expect((await project.till('pause', 'latest', '--because', 'x')).stderr).toContain('RUN_NOT_PAUSABLE')
})

test('a run goes on where nobody reads its stderr any more', async () => {
  const { child, end } = await start()
  child.stderr?.destroy()
  await project.till('pause', 'latest', '--because', 'a blank screen')
  // It says on stderr that it is paused, at its next look.
  await delay(3_000)
  expect(child.exitCode).toBeNull()
  await project.till('resume', 'latest', '--yes', '--json')
  open()
  const { code, stdout } = await end
  expect([code, JSON.parse(stdout).summary.counts.changed, begun().length]).toEqual([0, 6, 6])
})
