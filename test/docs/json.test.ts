import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { compareRuns } from '../../src/app/history/compare-runs.ts'
import { countStates, knownStates } from '../../src/app/history/device-status.ts'
import type { Device } from '../../src/core/fleet.ts'
import { runExitCode } from '../../src/core/run.ts'
import type { RunStore } from '../../src/core/run-store.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { ROOT, readPage } from './pages.ts'

const page = readPage('docs/json.md')
const ajv = new Ajv({ allowUnionTypes: true, strict: false })

interface ResultSample {
  readonly run: { readonly devices: number }
  readonly devices: readonly { readonly state: 'drifted'; readonly unknown?: boolean }[]
  readonly summary: { readonly counts: Readonly<Record<string, number>>; readonly unknown: number }
  readonly exit_code: number
}

describe.each(['result', 'event', 'plan', 'diagnostics'])('samples of %s', (name) => {
  const validate = ajv.compile(JSON.parse(readFileSync(join(ROOT, `schemas/${name}.schema.json`), 'utf8')))
  const documents = fencedBlocks(page, `json ${name}`).flatMap((block) =>
    name === 'event' ? block.trim().split('\n') : [block],
  )

  test('are there, and are what the schema says', () => {
    expect(documents.length).toBeGreaterThan(0)
    for (const text of documents) {
      validate(JSON.parse(text))
      expect(validate.errors ?? []).toEqual([])
    }
  })
})

test('the sample of a result does not contradict itself', () => {
  const [result] = fencedBlocks(page, 'json result').map((text) => JSON.parse(text) as ResultSample)
  const counted = Object.values(result?.summary.counts ?? {}).reduce((sum, count) => sum + count, 0)
  expect(result?.devices.length).toBe(result?.run.devices)
  expect(counted).toBe(result?.run.devices)
  expect(runExitCode(result?.devices ?? [])).toBe(result?.exit_code)
})

test('the events of the sample are one whole run', () => {
  const [block = ''] = fencedBlocks(page, 'json event')
  const events = block
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { seq: number; type: string }]))
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(['run.started', 'run.finished'])
})

describe('samples without a schema have the keys that the code writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-docs-'))
  let store: RunStore

  beforeAll(async () => {
    store = await openSqliteStore(join(folder, 'state.db'))
    const failure = { code: 'CONNECT_REFUSED', phase: 'connect', message: 'It refused.' } as const
    await store.append(recordRun([{ device: 'S/a', state: 'unreachable', failure }], { run: 'one' }))
    const steps = [{ step: 'x', state: 'ok' }] as const
    await store.append(
      recordRun([{ device: 'S/a', state: 'drifted', steps: [{ step: 'x', state: 'drifted' }] }], { run: 'two' }),
    )
    await store.append(recordRun([{ device: 'S/a', state: 'in-sync', steps }], { run: 'three' }))
  })

  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  function sample(name: string): unknown {
    const [text = ''] = fencedBlocks(page, `json ${name}`)
    return JSON.parse(text)
  }

  test('status', async () => {
    const devices = [{ name: 'S/a' }] as Device[]
    const known = await knownStates(store, devices, { filter: { states: [] }, assigned: new Map(), now: new Date() })
    const written = { schema: 'till.status/1', ...countStates(known), devices: known }
    expect(shapeOf(sample('status'))).toEqual(shapeOf(written))
  })

  test('runs', async () => {
    expect(shapeOf(sample('runs'))).toEqual(shapeOf({ schema: 'till.runs/1', runs: await store.runs({ limit: 1 }) }))
  })

  test('runs-diff', async () => {
    const runs = await store.runs()
    const [two, three] = ['two', 'three'].map((id) => runs.find(({ run }) => run === id))
    if (!two || !three) throw new Error('the runs are missing')
    const devices = await compareRuns(store, two, three)
    const written = { schema: 'till.runs-diff/1', first: 'two', second: 'three', devices }
    expect(shapeOf(sample('runs-diff'))).toEqual(shapeOf(written))
  })
})

/** The keys of a document; of a list, those of its first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (value === null || typeof value !== 'object') return 'value'
  const entries = Object.entries(value).map(([key, item]) => [key, shapeOf(item)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
