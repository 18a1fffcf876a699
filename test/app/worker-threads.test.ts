import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { deviceEnvironment } from '../../src/app/run/device-environment.ts'
import { ThreadPool } from '../../src/app/run/workers/thread-pool.ts'
import type { RunEventBody, RunMode } from '../../src/core/events.ts'
import { success } from '../../src/core/failure.ts'
import type { Runbook } from '../../src/core/runbook.ts'
import type { Target } from '../../src/core/transport.ts'
import type { Permit } from '../../src/engine/admission/admission.ts'
import { runFleet } from '../../src/engine/fleet/run-fleet.ts'
import { loadRunbook } from '../../src/lang/load-runbook.ts'
import { MODULES } from '../../src/modules/index.ts'
import { createHandshakeGate, openTransports } from '../../src/transports/index.ts'
import { device } from '../engine/bench.ts'
import { DEADLINES } from '../peers/targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-threads-'))
let change: Runbook
let look: Runbook
const events: RunEventBody[] = []
const warnings: string[] = []

beforeAll(() => {
  change = load('change', `sleep 3", always: true`)
  look = load('look', `sleep 3", read_only: true`)
})

function load(name: string, command: string): Runbook {
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, `name: ${name}\ndescription: Takes three seconds\nsteps:\n  - command: {run: "${command}}\n`)
  const loaded = loadRunbook(file, { modules: MODULES, params: {} })
  expect(loaded.diagnostics).toEqual([])
  return loaded.runbook as Runbook
}

afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  events.length = 0
  warnings.length = 0
})

/** Runs devices by one worker thread that may die, and goes through what the real app does. */
async function run(mode: RunMode, ids: readonly string[], entry: URL, runbook = change) {
  const work = ids.map((id) => ({ device: device(`PL-0001/${id}`), runbooks: [runbook] }))
  const gate = createHandshakeGate(4)
  const resolver = {
    resolve: async () => success({ type: 'local', keys: [], deadlines: DEADLINES } as unknown as Target),
  }
  const scopeOf = () => ({ store: {}, device: {}, vars: {} })
  const warn = (text: string): void => void warnings.push(text)
  const never = new AbortController().signal
  const nothing = async (): Promise<void> => undefined
  const lease = { token: { keys: [], epoch: 1 }, lost: never, leftMs: () => 60_000, release: nothing }
  // All of them are this machine: each has a lock of its own on it, that nobody else's test has.
  const permitOf = (name: string): Permit => {
    const fence = { lockName: `${name}@${folder}`, authority: '', run: 'r', attempt: 1, epoch: 1, leftMs: () => 60_000 }
    return { lease, fence, change: async () => ({ kind: 'begin' }), release: nothing }
  }
  const leasedUntil = new Float64Array(new SharedArrayBuffer(8)).fill(Number.MAX_SAFE_INTEGER)
    .buffer as SharedArrayBuffer
  const pool = new ThreadPool({
    entry,
    leasedUntil,
    root: '/',
    mode,
    work,
    workers: 1,
    parallel: 4,
    gate,
    handshakes: 4,
    resolver,
    scopeOf,
    neighboursOf: () => ({}),
    guardsOf: () => [],
    warn,
  })
  const environment = deviceEnvironment({
    mode,
    admission: { place: async ({ device: name }) => ({ kind: 'begin', permit: permitOf(name) }) },
    emit: async (body) => void events.push(body),
    guardsOf: () => [],
    scopeOf,
    historyOf: () => ({ samples: async () => [], fact: async () => null }),
    root: '/',
    readSecret: () => Promise.reject(new Error('no secrets here')),
    stopping: never,
    aborting: never,
    mask: async (value) => value,
    sessions: {
      resolver,
      transports: openTransports(gate),
      neighboursOf: () => ({}),
      watch: pool.here.pendingConnections,
    },
  })
  const head = {
    type: 'run.started',
    mode,
    runbooks: [],
    inventory_digest: '',
    revision: null,
    by: '',
    host: '',
    pid: 1,
    version: '0',
  } as const
  const end = await runFleet(work, { environment, parallel: 4, head, pool })
  await pool.close()
  return end
}

/** Every end of every device, in order of names. */
function finals() {
  const ended = events.flatMap((event) => (event.type === 'device.finished' ? [event] : []))
  return ended.sort((a, b) => (a.device < b.device ? -1 : 1))
}

const DYING = new URL('./dying-thread.mjs', import.meta.url)

describe('devices of a worker thread that dies', () => {
  it.each([
    ['throws', /struck by lightning/],
    ['exits', /ended by itself/],
    ['hangs', /did not answer for 15 s/],
  ])('end in exactly one state, and the others go on: it %s', async (way, why) => {
    const ids = [way, 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    expect(await run('apply', ids, DYING)).toMatchObject({ exitCode: 4 })
    expect(finals().map(({ device: name }) => name)).toEqual([...ids].sort().map((id) => `PL-0001/${id}`))
    const struck = finals().filter(({ state }) => state !== 'changed')
    // Four at a time: they were being changed, and nobody knows what came of it.
    const lost = { state: 'indeterminate', failure: { code: 'CONVERGE_LOST', message: expect.stringMatching(why) } }
    expect(struck).toMatchObject([lost, lost, lost, lost])
    expect(warnings).toEqual([expect.stringMatching(why)])
  })

  it('are a fault of ours where nothing was being changed', async () => {
    expect(await run('plan', ['throws', 'b'], DYING, look)).toMatchObject({ exitCode: 4 })
    expect(finals()).toMatchObject([
      { state: 'failed', failure: { code: 'INTERNAL_BUG' } },
      { state: 'failed', failure: { code: 'INTERNAL_BUG' } },
    ])
  })
})

describe('a worker thread that cannot be had', () => {
  it('is done without: its file is not there', async () => {
    const end = await run('exec', ['a', 'b'], new URL('./nowhere.mjs', import.meta.url))
    expect(end).toMatchObject({ exitCode: 0 })
    expect(finals().map(({ state }) => state)).toEqual(['changed', 'changed'])
    expect(warnings.length).toBeGreaterThan(0)
  })

  it('is done without: the runbook is another by now', async () => {
    const other = { ...change, digest: 'of what it was' }
    const real = new URL('../../dist/app/device-thread.js', import.meta.url)
    expect(await run('apply', ['a'], real, other)).toMatchObject({ exitCode: 0 })
    expect(warnings[0]).toMatch(/no longer what it was when the run began/)
  })
})
