import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evidenceLines } from '../../src/app/evidence/evidence-text.ts'
import { episodeStory } from '../../src/app/hooks/episode-view.ts'
import {
  closeIncident,
  commentIncident,
  continueIncident,
  findIncident,
  type IncidentWords,
  pauseIncident,
  takeIncident,
} from '../../src/app/incidents/change-incident.ts'
import { incidentOpening } from '../../src/app/incidents/incident-opening.ts'
import { overdueIncidents } from '../../src/app/incidents/review.ts'
import { InputError } from '../../src/core/diagnostic.ts'
import type { Fleet } from '../../src/core/fleet.ts'
import type { IncidentStore } from '../../src/core/incident-store.ts'
import { openSqliteIncidents } from '../../src/stores/sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-incidents-'))
const NOW = new Date('2026-11-30T10:00:00.000Z')
const ann = { by: 'ann', now: NOW }
let store: IncidentStore
let calls = 0

beforeAll(async () => {
  store = await openSqliteIncidents(join(folder, 'state.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function opened(
  more: { readonly key?: string; readonly partner?: string; readonly steps?: readonly string[] } = {},
) {
  const { key = `k${++calls}`, partner = null, steps = [] } = more
  const nothing = { device: null, store: null } as const
  const call = { key, origin: 'hand', fault: 'f', severity: '', title: 't', by: 'bob', ...nothing } as const
  const none = { fleet: { stores: new Map(), devices: new Map() } as unknown as Fleet, duties: undefined }
  return (await store.open({ ...incidentOpening(none, call), partner, steps }, NOW)).incident.incident
}

async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return `${error.diagnostics[0]?.code} ${error.diagnostics[0]?.summary.replace(/I[0-9a-f]{12}/, 'I')}`
  }
  return undefined
}

test('while one of a key is open there is no other, and a closed one comes back as another', async () => {
  const first = await opened({ key: 'same' })
  expect(await opened({ key: 'same' })).toBe(first)
  await closeIncident(store, first, { ...ann, words: { cause: 'c' }, despite: undefined })
  const second = await opened({ key: 'same' })
  expect(second).not.toBe(first)
})

test('what cannot be done to it is told, and nothing is noted', async () => {
  const id = await opened({ steps: ['receipt printed', 'shop told'] })
  const comment = (words: IncidentWords) => commentIncident(store, id, { ...ann, words })
  const close = (words: IncidentWords) => closeIncident(store, id, { ...ann, words, despite: undefined })
  const refusals = [
    await refusal(continueIncident(store, id, ann)),
    await refusal(comment({ steps: ['x'] })),
    await refusal(comment({ action: 'a' })),
    await refusal(comment({ owner: 'o' })),
    await refusal(comment({ actionDone: true })),
    await refusal(close({})),
    await refusal(close({ cause: 'c', steps: ['shop told'] })),
    await refusal(takeIncident(store, 'I0', ann)),
  ]
  expect(refusals).toEqual([
    'INCIDENT_REFUSED Incident I: its clocks are not paused',
    'INCIDENT_REFUSED Incident I: it has no step "x"',
    'INCIDENT_REFUSED Incident I: what is to be done has no date',
    'INCIDENT_REFUSED Incident I: nothing is to be done of which there is an owner or a date',
    'INCIDENT_REFUSED Incident I: nothing was to be done',
    'INCIDENT_REFUSED Incident I: its cause is not known',
    'INCIDENT_REFUSED Incident I: steps of it are not done: "receipt printed"',
    'INCIDENT_UNKNOWN There is no incident "I0"',
  ])
  expect(await store.events(id)).toHaveLength(1)
  await pauseIncident(store, id, { ...ann, why: 'a part' })
  expect(await refusal(pauseIncident(store, id, { ...ann, why: 'w' }))).toMatch(/its clocks are paused already$/)
  const closed = await close({ cause: 'c', steps: ['shop told', 'receipt printed'] })
  expect(closed).toMatchObject({ closed_by: 'ann', pauses: [{ to: NOW.toISOString(), why: 'a part' }] })
  expect(await refusal(takeIncident(store, id, ann))).toBe('INCIDENT_REFUSED Incident I: it is closed')
})

test('a partner has no incidents but its own', async () => {
  const ours = await opened()
  const theirs = await opened({ partner: 'acme' })
  expect((await store.incidents({ partner: 'acme' })).map(({ incident }) => incident)).toEqual([theirs])
  const acme = { ...ann, partner: 'acme' }
  expect(await refusal(findIncident(store, ours, { partner: 'acme' }))).toBe(
    'INCIDENT_UNKNOWN There is no incident "I"',
  )
  expect(await refusal(takeIncident(store, ours, acme))).toBe('INCIDENT_UNKNOWN There is no incident "I"')
  expect((await takeIncident(store, theirs, acme)).owner).toBe('ann')
})

test('what is overdue: a clock that ran out, and a corrective action of a closed one too', async () => {
  const late = await opened({ partner: 'late' })
  const done = await opened({ partner: 'late' })
  const words = { cause: 'c', action: 'grease them', due: '2026-12-01' }
  await closeIncident(store, done, { ...ann, words, despite: undefined })
  const overdueAt = async (now: string) =>
    (await overdueIncidents(store, { now: new Date(now), partner: 'late' })).map(({ incident }) => incident).sort()
  expect(await overdueAt('2026-11-30T10:14:59.000Z')).toEqual([])
  expect(await overdueAt('2026-11-30T10:15:00.000Z')).toEqual([late])
  expect(await overdueAt('2026-12-02T00:00:00.000Z')).toEqual([late, done].sort())
  await store.forget(new Date('2027-01-01'))
  await commentIncident(store, done, { ...ann, words: { actionDone: true } })
  expect(await overdueAt('2026-12-02T00:00:00.000Z')).toEqual([late])
  await store.forget(new Date('2027-01-01'))
  expect(await store.incident(done)).toBeUndefined()
  expect(await store.incident(late)).toBeDefined()
})

test('two stores that change one incident at once lose nothing', async () => {
  const id = await opened()
  const other = await openSqliteIncidents(join(folder, 'state.db'))
  const words = Array.from({ length: 20 }, (_, n) => `word ${n}`)
  await Promise.all(words.map((text, n) => commentIncident(n % 2 ? store : other, id, { ...ann, words: { text } })))
  const texts = (await other.events(id)).flatMap((event) => (event.type === 'commented' ? [event.text] : []))
  expect(texts.sort()).toEqual([...words].sort())
  await other.close()
})

test('what is to be typed about evidence and repairs looks where it was found', () => {
  const at = '2026-12-03T05:04:42Z'
  const [run, device] = ['20261203T050442Z-d494bd', 'S-1/pos1']
  const gathered = {
    run,
    runbook: 'x',
    step: 'y',
    gathered_at: at,
    bytes: 4,
    items: [],
    command: `till runs show ${run} --device ${device} --collected`,
  }
  const changed = { run, at, by: 'anna', steps: [] }
  expect(evidenceLines({ collected: [gathered], changes: [changed] }, { since: at, flags: ' --sandbox' })).toEqual([
    `Evidence: 0 items, 4 bytes, at 2026-12-03 05:04:42Z: till runs show ${run} --device ${device} --collected --sandbox`,
    `Changed since: 2026-12-03 05:04:42Z by anna (till runs show ${run} --sandbox)`,
  ])
  const ended = { type: 'attempt.finished', at, attempt: 1, run, state: 'in-sync', why: null } as const
  const story = episodeStory([ended], { width: undefined, flags: ' --sandbox' })
  expect(story).toContain(`repair 1: in-sync (till runs show ${run} --sandbox)`)
})
