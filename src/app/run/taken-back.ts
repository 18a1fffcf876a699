import type { CarriedSteps } from '../../core/carried.ts'
import type { RunStore } from '../../core/run-store.ts'
import { readUnfinished, type UnfinishedRun } from '../../core/unfinished-run.ts'

/** What other runs have taken back of a run, by device: the run that did it, or that is to. */
export interface TakenBack {
  /** What was changed there is no longer there. */
  readonly done: ReadonlyMap<string, string>
  /** Somebody works on it, or `till resume` of that run does. */
  readonly toCome: ReadonlyMap<string, string>
  /** Of a device that is not all as it was: which `rollback` steps were made. */
  stepsOf(device: string): CarriedSteps
}

/** Looks through all runs that take this one back, but for one that asks. */
export async function takenBackOf(
  store: RunStore,
  run: string,
  { endedAt, asks }: Pick<UnfinishedRun, 'endedAt'> & { readonly asks?: string },
): Promise<TakenBack> {
  const done = new Map<string, string>()
  const toCome = new Map<string, string>()
  const parts: ((device: string) => CarriedSteps)[] = []
  const stepsOf = (device: string): CarriedSteps => Object.assign({}, ...parts.map((part) => part(device)))
  const runs = (await store.reads.undoing(run)).filter((other) => other !== asks)
  if (runs.length === 0) return { done, toCome, stepsOf }
  const open = new Set(await store.kept.runs())
  for (const undoing of runs) {
    const unfinished = await readUnfinished(store.events(undoing))
    // What the run has changed once more since then is there.
    const isSince = (device: string): boolean => (unfinished.endedAt.get(device) ?? '') >= (endedAt.get(device) ?? '')
    const beganAt = unfinished.record.started?.at ?? ''
    parts.push((device) => (beganAt >= (endedAt.get(device) ?? '') ? madeIn(unfinished, device) : {}))
    for (const device of broughtBack(unfinished)) if (isSince(device)) done.set(device, undoing)
    // One of which nothing is kept, as it was aborted, does no more.
    if (open.has(undoing)) for (const { device } of unfinished.left) toCome.set(device, undoing)
  }
  for (const device of done.keys()) toCome.delete(device)
  return { done, toCome, stepsOf }
}

/**
 * The run by which somebody has taken this one back, wholly or in part, or is to, since it was last gone on with; not one by which it
 * takes a wave back itself, which is gone on with along with it.
 */
export async function takenBackBy(store: RunStore, run: string): Promise<string | undefined> {
  const { reads } = store
  const runs = await reads.undoing(run)
  if (runs.length === 0) return undefined
  const told = await reads.ofTypes(run, ['run.resumed', 'run.rollback'])
  if (told.some(({ type }) => type === 'run.rollback')) return undefined
  const open = new Set(await store.kept.runs())
  for (const undoing of [...runs].reverse()) {
    const began = await reads.started(undoing)
    if ((told.at(-1)?.at ?? '') > (began?.at ?? '')) return undefined
    if (open.has(undoing) || broughtBack(await readUnfinished(store.events(undoing))).length > 0) return undoing
  }
  return undefined
}

function madeIn({ changesOf }: UnfinishedRun, device: string): CarriedSteps {
  return Object.fromEntries(Object.entries(changesOf(device)).filter(([, { state }]) => state === 'changed'))
}

function broughtBack({ record, endedAt }: UnfinishedRun): readonly string[] {
  return [...endedAt.keys()].filter((device) => IS_BACK.has(record.devices.get(device)?.state ?? ''))
}

const IS_BACK: ReadonlySet<string> = new Set(['changed', 'in-sync'])
