import type { JsonObject } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import type { DeviceEnd } from '../../core/run-reads.ts'
import { controlOf } from '../../engine/admission/run-control.ts'
import { killedText, unfinishedRuns } from '../history/unfinished-runs.ts'
import { endRow, runRow } from './device-view.ts'
import { worstFirst } from './fleet-picture.ts'
import { type Page, paged } from './paging.ts'
import type { RunProgress } from './run-progress.ts'
import { runsSeen, type Sight, seenOf, seesDevice, withoutOthers } from './sight.ts'

/** Of so many devices that wait it is told what for. */
const MOST_WAITING = 2_000
const MOST_NAMED = 20

/** Runs, newest first. `after`: where the answer before ended. */
export async function listRuns(
  sight: Sight,
  { limit, after }: Page,
): Promise<{ readonly rows: readonly JsonObject[]; readonly next: string | null }> {
  const rows: JsonObject[] = []
  let place = placeOf(after)
  for (;;) {
    const runs = await sight.store.runs({ limit: limit + 1, ...(place && { after: place }) })
    for (const run of await runsSeen(sight, runs.slice(0, limit))) {
      rows.push(runRow(run))
      if (rows.length === limit) return { rows, next: nextOf(run) }
    }
    place = runs[limit - 1]
    if (runs.length <= limit || place === undefined) return { rows, next: null }
  }
}

function placeOf(after: string | undefined): Pick<RunSummary, 'run' | 'started_at'> | undefined {
  const [, started_at, run] = /^(\S{10,40}) (\S{1,80})$/.exec(after ?? '') ?? []
  return started_at === undefined || run === undefined ? undefined : { started_at, run }
}

function nextOf({ started_at, run }: RunSummary): string {
  return `${started_at} ${run}`
}

/** A run that somebody sees something of. */
export async function runSeen(sight: Sight, id: string): Promise<RunSummary | undefined> {
  const run = (await sight.store.runs()).find((one) => one.run === id)
  return run && (await runsSeen(sight, [run]))[0]
}

/** A run with its waves, what waits for what, and a page of its devices, the worst first. */
export async function runView(
  sight: Sight,
  run: RunSummary,
  of: { readonly progress: RunProgress; readonly page: Page; readonly states: readonly string[] },
): Promise<JsonObject> {
  const { progress, page, states } = of
  const { ended } = progress
  const targets = progress.targets.filter(({ device }) => seesDevice(sight, device))
  const known = new Set(targets.map(({ device }) => device))
  const others = seenOf(sight, [...ended.keys()]).filter((name) => !known.has(name))
  const all = [...targets, ...others.map((device) => ({ device, wave: 1 }))].map(({ device, wave }) => ({
    device,
    wave,
    state: ended.get(device) ?? null,
  }))
  const wanted = states.length === 0 ? all : all.filter(({ state }) => state !== null && states.includes(state))
  const found = paged(
    worstFirst(wanted, ({ state }) => state),
    page,
  )
  const ends = await endsOf(
    sight,
    run,
    found.rows.map(({ device }) => device),
  )
  return {
    ...runRow({ ...run, devices: Math.max(all.length, sight.isWhole ? run.devices : 0) }),
    waves: wavesOf(all),
    waiting: await waitingOf(sight, run, { progress, ended: all }),
    approvals: sight.isWhole ? await approvalsOf(sight, run) : [],
    total: found.total,
    next: found.next,
    device_list: found.rows.map(({ device, wave }) => {
      const end = ends.get(device)
      // It may have ended since the list was begun.
      const state = ended.get(device) ?? null
      return {
        device,
        wave,
        state,
        working: state === null && progress.working.has(device),
        end: end ? endRow(end) : null,
      }
    }),
  }
}

/** What was looked at and changed on a device of a run, step by step. */
export async function runDeviceView(sight: Sight, run: RunSummary, device: string): Promise<JsonObject | undefined> {
  if (!seesDevice(sight, device)) return undefined
  const end = (await endsOf(sight, run, [device])).get(device)
  const record = end && (await sight.store.reads.record(end))
  if (!end || !record) return undefined
  const steps = record.steps.map(({ value: _value, samples: _samples, marks: _marks, ...step }) => step)
  return { ...endRow(end), steps: JSON.parse(JSON.stringify(steps)) }
}

async function endsOf(
  { store }: Sight,
  { run, started_at, finished_at }: RunSummary,
  devices: readonly string[],
): Promise<ReadonlyMap<string, DeviceEnd>> {
  const until = finished_at === null ? {} : { until: finished_at }
  const ends = await store.reads.ends({ devices, run, from: started_at, ...until, limit: devices.length * 4 })
  return new Map([...ends].reverse().map((end) => [end.device, end]))
}

type Listed = readonly { readonly device: string; readonly wave: number; readonly state: string | null }[]

function wavesOf(all: Listed): JsonObject[] {
  const waves = new Map<number, Record<string, number>>()
  for (const { wave, state } of all) {
    const counts = waves.get(wave) ?? {}
    waves.set(wave, counts)
    const key = state ?? 'to-come'
    counts[key] = (counts[key] ?? 0) + 1
  }
  return [...waves].sort(([a], [b]) => a - b).map(([wave, counts]) => ({ wave, counts }))
}

/** What devices wait for and until when, each reason once: those of a run in progress, or those that it has put off. */
async function waitingOf(
  sight: Sight,
  run: RunSummary,
  { progress, ended }: { readonly progress: RunProgress; readonly ended: Listed },
): Promise<JsonObject[]> {
  const now = new Set(ended.filter(({ state }) => state === null).map(({ device }) => device))
  const deferred = ended.filter(({ state }) => state === 'deferred').slice(0, MOST_WAITING)
  const ends =
    deferred.length === 0
      ? []
      : (
          await endsOf(
            sight,
            run,
            deferred.map(({ device }) => device),
          )
        ).values()
  const waits = [...[...progress.waiting.values()].filter(({ device }) => now.has(device)), ...ends]
  const groups = new Map<string, { code: string; message: string; not_before: string | null; devices: string[] }>()
  for (const { device, failure, not_before = null } of waits) {
    if (!failure) continue
    const { code, message } = failure
    const key = JSON.stringify([code, message, not_before])
    const group = groups.get(key) ?? { code, message, not_before, devices: [] }
    groups.set(key, group)
    group.devices.push(device)
  }
  const all = [...groups.values()].sort((a, b) => b.devices.length - a.devices.length)
  const known = all.map(({ devices, ...why }) =>
    withoutOthers(sight, { ...why, count: devices.length, devices: devices.slice(0, MOST_NAMED) }),
  )
  return [...(await cutOff(sight, run)), ...known]
}

/** Of a run that was killed: who is to go on with it, and how. */
async function cutOff({ isWhole, store }: Sight, { run, state }: RunSummary): Promise<JsonObject[]> {
  if (state !== 'interrupted' || !isWhole) return []
  const [found] = await unfinishedRuns(store, run)
  if (!found) return []
  return [{ code: 'RUN_INTERRUPTED', message: killedText(found), not_before: null, count: found.left, devices: [] }]
}

async function approvalsOf({ fleet, store }: Sight, { run }: RunSummary): Promise<JsonObject[]> {
  const { approvals } = controlOf(await store.admission.read(await store.fleets.keyOf(fleet)), run)
  return approvals.map((one) => ({
    wave: one.wave === undefined ? null : one.wave + 1,
    people: one.people,
    four_eyes: one.fourEyes,
    asked_by: one.askedBy,
    expires_at: new Date(one.expiresAt).toISOString(),
    given: one.given.map(({ by, at, why }) => ({ by, at: new Date(at).toISOString(), why })),
    used: one.usedAt !== undefined,
  }))
}
