import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import type { RunStore } from '../../src/core/run-store.ts'
import { readUnfinished } from '../../src/core/unfinished-run.ts'
import { openSqliteHooks, openSqliteStore } from '../../src/stores/sqlite.ts'
import { isThere } from '../peers/debian.ts'

const RUN = '20261122T034716Z-7f3a9c'
const POS1 = 'PL-0001/pos1'
const canRun = isThere({ what: 'what a power cut leaves', debian: 'gcc libc6-dev', isHere: existsSync('/usr/bin/gcc') })

describe.runIf(canRun && process.platform === 'linux')('after a power cut right behind a promise', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-power-'))
  const shim = join(folder, 'power-cut.so')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  beforeAll(() => {
    const built = spawnSync('/usr/bin/gcc', ['-shared', '-fPIC', '-o', shim, join(import.meta.dirname, 'power-cut.c')])
    expect(built.stderr.toString()).toBe('')
  })

  /** The state file as it lies on the disk of a machine that comes up again. */
  function leftOf(what: string): string {
    const [before, after] = [join(folder, what), join(folder, `${what}-again`)]
    for (const one of [before, after]) mkdirSync(one)
    const child = join(import.meta.dirname, 'power-cut-child.ts')
    const env = { ...process.env, LD_PRELOAD: shim, TILL_TEST_DISK: before }
    const args = ['--import', 'tsx', child, join(before, 'state.db'), what]
    const { signal, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
    expect([signal, stderr]).toEqual(['SIGKILL', ''])
    for (const name of readdirSync(before).filter((one) => one.endsWith('.disk')))
      copyFileSync(join(before, name), join(after, name.slice(0, -'.disk'.length)))
    return join(after, 'state.db')
  }

  async function inStore<T>(what: string, look: (store: RunStore) => Promise<T>): Promise<T> {
    const store = await openSqliteStore(leftOf(what))
    try {
      return await look(store)
    } finally {
      await store.close()
    }
  }

  const typesIn = async (store: RunStore) => {
    const types: string[] = []
    for await (const { type } of store.events(RUN, 0)) types.push(type)
    return types
  }
  const kindsIn = async (store: RunStore) => (await store.audit.rows()).map(({ entry }) => entry.kind)

  it('what need not be kept is lost: so this test would see it', async () => {
    expect(await inStore('look', typesIn)).toEqual(['run.started', 'run.targets'])
  })

  it('a device whose change was announced is in doubt', async () => {
    const { left, record } = await inStore('announcement', (store) => readUnfinished(store.events(RUN, 0)))
    expect(record.devices.get(POS1)).toMatchObject({ state: 'indeterminate', failure: { code: 'RUN_LOST_CONVERGING' } })
    expect(left).toMatchObject([{ device: POS1, carried: { 'b\ns': { state: 'changing' } } }])
  })

  it('what was said about a device in doubt is on record', async () => {
    expect(await inStore('word', kindsIn)).toEqual(['run.started', 'device.past_doubt'])
  })

  it('a row of the audit log is there', async () => {
    expect(await inStore('audit', kindsIn)).toEqual(['run.started', 'trust.recorded'])
  })

  it('what people have said about a run holds', async () => {
    const { runs } = await inStore('approval', (store) => store.admission.read('chain' as FleetKey))
    expect(runs?.[RUN]?.paused).toMatchObject({ by: 'anna', why: 'wait' })
  })

  it('what was delivered waits to be worked off', async () => {
    const hooks = await openSqliteHooks(leftOf('delivery'))
    expect(await hooks.pending(9)).toMatchObject([{ source: 'zabbix', body: '{}' }])
    await hooks.close()
  })
})
