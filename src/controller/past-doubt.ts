import { andMore } from '../app/revision/and-more.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import { type DevicePastDoubt, EVENT_SCHEMA, type EventHead, type RunEvent } from '../core/events.ts'
import { readUnfinished, type UnfinishedRun } from '../core/unfinished-run.ts'
import type { Shared } from './run.ts'

/** By whose word devices go on although nobody can tell how a change of theirs came out. */
export interface PastDoubt {
  /** Full names. */
  readonly devices: readonly string[]
  readonly by: string
  readonly why: string
}

/**
 * What is left of a run whose lease is held, as if what somebody says of devices in doubt were on record; `said`: that, to be put on
 * record where the run does go on. Throws InputError where one of them is not in doubt.
 */
export async function unfinishedNow(
  run: string,
  { store }: Pick<Shared, 'store'>,
  pastDoubt: PastDoubt | undefined,
): Promise<{ readonly unfinished: UnfinishedRun; readonly said: readonly DevicePastDoubt[] }> {
  const unfinished = await readUnfinished(store.events(run))
  if (!pastDoubt) return { unfinished, said: [] }
  const { devices, by, why } = pastDoubt
  const doubtful = inDoubtFor(unfinished)
  for (const device of devices) if (!doubtful.includes(device)) throw notInDoubt(run, device, doubtful)
  const said = [...new Set(devices)].map((device): DevicePastDoubt => {
    return { type: 'device.past_doubt', device, attempt: unfinished.attemptsOf(device) + 1, by, why }
  })
  const head: EventHead = { schema: EVENT_SCHEMA, run, seq: unfinished.lastSeq, at: new Date().toISOString() }
  const later = said.map((event): RunEvent => ({ ...head, ...event }))
  return { unfinished: await readUnfinished(followed(store.events(run), later)), said }
}

async function* followed(events: AsyncIterable<RunEvent>, later: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  yield* events
  yield* later
}

/** Devices of a run that are in doubt. */
export function inDoubtFor({ record }: UnfinishedRun): readonly string[] {
  return [...record.devices.values()].flatMap(({ device, state }) => (state === 'indeterminate' ? [device] : []))
}

/** `isKept`: what the run was made from is, so that it can go on. */
export function onlyInDoubt(run: string, devices: readonly string[], isKept: boolean): InputError {
  const summary = `Run "${run}" has nothing left to do but what is in doubt: ${andMore(devices, MOST_SHOWN)}`
  const goOn = `then have it go on with what is behind it: till resume ${run} --past-doubt ${devices[0]} --because 'what you have seen'`
  const anew =
    'then start a new run for what is behind it: what this one was made from is not kept, as for every run that hooks or schedules begin'
  const detail = `What was being done there when the run was lost cannot be seen, and is not repeated. Look at the device yourself, ${isKept ? goOn : `${anew}.`}`
  return inputError('RUN_NOTHING_LEFT', summary, detail)
}

function notInDoubt(run: string, device: string, doubtful: readonly string[]): InputError {
  const detail =
    doubtful.length === 0
      ? 'No device of it is in doubt.'
      : `In doubt are: ${andMore(doubtful, MOST_SHOWN)}. Write the full name.`
  return inputError('USAGE_INVALID', `Device "${device}" is not in doubt in run "${run}"`, detail)
}

const MOST_SHOWN = 5
