import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import type { HookRule } from '../../src/core/hook-rule.ts'
import type { HookStore, Told } from '../../src/core/hook-store.ts'
import { decide, eventsOf } from '../../src/hooks/decide.ts'
import { openSqliteHooks } from '../../src/stores/sqlite.ts'

const SOURCE = { file: 'tillwright.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 }
const RULE: HookRule = {
  name: 'stuck',
  fault: 'stuck',
  faultSource: SOURCE,
  match: { text: 'true', steps: [], evaluate: () => ({ ok: true, value: true }) },
  sources: [],
  about: 'device',
  mode: 'act',
  runbook: 'repair',
  params: [],
  forMs: 0,
  settleMs: 0,
  cooldownMs: 0,
  attempts: { episode: 1, day: 1, useless: 1 },
  perHour: 100,
  clearWithinMs: 1000,
  quietMs: 0,
  source: SOURCE,
}
const folder = mkdtempSync(join(tmpdir(), 'till-wake-'))
let store: HookStore
beforeAll(async () => {
  store = await openSqliteHooks(join(folder, 'state.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function told(device: string | null, of: string, state: Alert['state'] = 'firing'): Told {
  const alert = {
    source: 's',
    id: device ?? of,
    state,
    name: 'x',
    severity: '',
    text: '',
    labels: {},
    started_at: '',
    hosts: [],
  }
  const head = { rule: device ? 'stuck' : 'line', about: device ? 'device' : 'store', device, store: of } as const
  return { alert, why: null, head }
}

let bodies = 0
async function tell(...all: readonly Told[]): Promise<readonly string[]> {
  const [entry = ''] = await store.receive([{ source: 's', sender: 'x', body: String(++bodies) }])
  return (await store.join(entry, all)).map(({ episode }) => episode ?? '')
}

/** Decides what is due as a server does, at a moment; gives how many episodes that were. */
async function turn(now: Date, episodes = 10): Promise<number> {
  const breaker = { episodes, withinMs: 60_000 }
  const due = await store.due(now, 100_000)
  for (const id of due) {
    await store.advance(id, {
      now,
      breaker,
      classOf: () => '',
      step(episode, world) {
        const rule = { ...RULE, ...(episode.about === 'store' && { runbook: undefined }) } as HookRule
        const decision = decide({ episode, rule, world, breaker, now: now.getTime() })
        return eventsOf(decision, { episode, now: now.getTime(), params: {} })
      },
    })
  }
  return due.length
}

test('symptoms of a store wait for its fault to end, and are looked at then, not before', async () => {
  await tell(told(null, 'S1'), ...[1, 2, 3].map((n) => told(`S1/pos${n}`, 'S1')), told('S2/pos1', 'S2'))
  const soon = new Date(Date.now() + 10)
  await turn(soon)
  expect((await store.episodes()).filter(({ note }) => note?.note === 'symptom')).toHaveLength(3)
  expect(await turn(new Date(soon.getTime() + 3_600_000))).toBe(0)
  await tell(told(null, 'S1', 'resolved'))
  await turn(new Date(Date.now() + 10))
  const running = (await store.episodes()).filter(({ attempts }) => attempts.at(-1)?.result === 'running')
  expect(running.map(({ device }) => device).sort()).toEqual(['S1/pos1', 'S1/pos2', 'S1/pos3', 'S2/pos1'])
})

test('what a storm holds is looked at when the storm may be over, not before', async () => {
  await tell(...Array.from({ length: 40 }, (_, n) => told(`S3/pos${n}`, 'S3')))
  const now = new Date(Date.now() + 10)
  expect(await turn(now)).toBe(40)
  expect(await turn(new Date(now.getTime() + 40_000))).toBe(0)
  expect(await turn(new Date(now.getTime() + 61_000))).toBe(40)
})
