import type { ChildProcess } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { NotNow } from '../../src/core/diagnostic.ts'
import { withPatience } from '../../src/stores/patience.ts'
import { openPostgresStore } from '../../src/stores/postgres/open.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { canMount, PostgresServer, type SmallDatabase } from '../peers/postgres-server.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'

const server = new PostgresServer()
const DEVICES = Array.from({ length: 4 }, (_, index) => `pos${index + 1}`)
const project = new TestProject({
  'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': inventoryWith(
    DEVICES.map((id) => `      ${id}: {profile: till, address: 127.0.0.1}\n`).join(''),
  ).replace('type: ssh', 'type: local'),
})
/** Each device says when it begins and ends, and waits in the middle of its change while there is a file \`hold\`. */
project.write(
  'runbooks/visited.yaml',
  `name: visited
steps:
  - command:
      run: |
        cd ${project.root}
        echo "\${{ device.id }}" >> begun
        while [ -e hold ]; do sleep 0.05; done
        echo "\${{ device.id }}" >> done
        touch "done-\${{ device.id }}"
      creates: "${project.root}/done-\${{ device.id }}"
`,
)
const linesOf = (name: string): readonly string[] =>
  existsSync(project.path(name)) ? project.read(name).split('\n').slice(0, -1) : []
const resultOf = ({ stdout }: Ended) => JSON.parse(stdout).devices as { device: string; state: string }[]

let disk: SmallDatabase
const started: ChildProcess[] = []
const start = (...args: readonly string[]): ChildProcess => {
  const child = project.start(...args)
  started.push(child)
  return child
}
let worker: { readonly end: Promise<Ended>; readonly said: string } | undefined

/** Two devices are in the middle of their change when the disk of the database is full. */
describe.skipIf(!canMount)('a run whose database has a full disk', () => {
  beforeAll(async () => {
    await server.start()
    disk = server.addSmall('small', 40)
    process.env['TILL_STATE'] = disk.url
  }, 120_000)
  afterEach(() => {
    worker = undefined
    disk.free()
    // Of a test that failed.
    for (const child of started.splice(0)) child.kill('SIGKILL')
    for (const name of ['begun', 'done', 'hold', ...DEVICES.map((id) => `done-${id}`)])
      rmSync(project.path(name), { force: true })
  })
  afterAll(async () => {
    delete process.env['TILL_STATE']
    server.stop()
    await project.remove()
  })

  /** Rows go into pages that have room yet, for a while. */
  function fill(): void {
    // What is read of it first is there.
    disk.sql('SELECT 1')
    disk.fill()
    const some = (n: number) =>
      `INSERT INTO tillwright.state_facts SELECT '${'f'.repeat(n)}' || random(), 'x' FROM generate_series(1, 9)`
    try {
      for (let n = 1_000; n > 100; n -= 100) disk.sql(some(n))
    } catch {
      // It is full.
    }
  }

  /** Bounded: a run that waits for ever is what this is about. */
  const seen = (what: string, holds: () => boolean, told: () => string) =>
    expect.poll(() => holds() || told(), { timeout: 15_000, interval: 50, message: what }).toBe(true)

  async function fullInTheMiddle(...on: readonly string[]): Promise<void> {
    writeFileSync(project.path('hold'), '')
    const run = start('apply', 'visited', '--yes', '--json', '--parallel', '2', ...on)
    const end = ended(run)
    let said = ''
    run.stderr?.on('data', (chunk) => {
      said += chunk
    })
    const told = () => `${said}${worker?.said ?? ''}`
    await seen('two devices begin', () => linesOf('begun').length === 2, told)
    fill()
    rmSync(project.path('hold'))
    await seen('both end', () => linesOf('done').length >= 2, told)
    const away = 'is away (53100: it cannot grow, its disk is full). Nothing new begins'
    await seen('it is told', () => told().includes(away), told)
    const begun = linesOf('begun')
    const status = await project.till('status', '--json')
    expect([status.code, JSON.parse(status.stdout).schema], status.stderr).toEqual([
      expect.any(Number),
      'till.status/1',
    ])
    const other = start('plan', 'visited')
    const planned = ended(other)
    let waits = ''
    other.stderr?.on('data', (chunk) => {
      waits += chunk
    })
    await seen(
      'another run waits',
      () => waits.includes(away),
      () => waits,
    )
    expect(linesOf('begun')).toEqual(begun)
    disk.free()
    expect([0, 3]).toContain((await planned).code)
    expect(waits).toContain('The state store is back.')
    const states = resultOf(await end).map(({ state }) => state)
    expect(states, told()).toEqual(DEVICES.map(() => 'changed'))
    expect(linesOf('done').toSorted(), told()).toEqual(DEVICES)
    // Told once, however often it was tried.
    expect(told().split('is away').length - told().split('store is back').length, told()).toBe(0)
  }

  test('finishes what is changing, begins nothing, and goes on when there is room', () => fullInTheMiddle(), 60_000)

  test('does so over workers', async () => {
    const child = start('worker', '--name', 'hub', '--slots', '2')
    worker = { end: ended(child), said: '' }
    child.stderr?.on('data', (chunk) => {
      worker = worker && { ...worker, said: worker.said + chunk }
    })
    await until(child, () => disk.sql('SELECT count(*) FROM tillwright.workers') === '1', 100)
    await fullInTheMiddle('--on', 'workers')
    child.kill('SIGTERM')
    expect((await worker.end).code).toBe(0)
  }, 90_000)

  test('tells whoever is in a hurry, and writes later what others brought', async () => {
    const store = await openPostgresStore(disk.url)
    const devices = Array.from({ length: 60 }, (_, n) => ({ device: `PL-0001/pos${n}`, state: 'in-sync' as const }))
    const [kept, hurried] = ['20261122T034716Z-aaaaaa', '20261122T034716Z-bbbbbb'].map((run) =>
      recordRun(devices, { run }),
    )
    if (!kept || !hurried) throw new Error('two runs')
    try {
      fill()
      const refused = () => withPatience(5_000, () => store.append(hurried))
      await expect(refused()).rejects.toBeInstanceOf(NotNow)
      const written = store.append(kept)
      await expect(Promise.race([written, delay(500, 'waits')])).resolves.toBe('waits')
      await expect(refused()).rejects.toThrow('its disk is full')
      // The connection that writes is made anew at each try, which needs room as well now.
      disk.spoil()
      const anew = openPostgresStore(disk.url)
      await expect(anew).rejects.toThrow('cannot read or write its disk (58030)')
      await expect(anew).rejects.toBeInstanceOf(NotNow)
      await expect(Promise.race([written, delay(2_500, 'waits')])).resolves.toBe('waits')
      disk.free()
      expect(await written).toHaveLength(kept.length)
      expect((await store.runs()).map(({ run }) => run)).not.toContain(hurried[0]?.run)
      expect(await withPatience(5_000, () => store.append(hurried))).toHaveLength(hurried.length)
    } finally {
      disk.free()
      await store.close()
    }
  }, 30_000)
})
