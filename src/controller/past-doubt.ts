import { type InputError, inputError } from '../core/diagnostic.ts'
import { EVENT_SCHEMA } from '../core/events.ts'
import type { LeaseToken } from '../core/lease.ts'
import type { NewEvent } from '../core/run-store.ts'
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
 * What is left of a run whose lease is held. What somebody says of devices in doubt is put on record first. Throws InputError
 * where one of them is not in doubt; then nothing is on record of any.
 */
export async function unfinishedNow(
  run: string,
  of: {
    readonly shared: Pick<Shared, 'store'>
    readonly lease: LeaseToken
    readonly pastDoubt?: PastDoubt | undefined
  },
): Promise<UnfinishedRun> {
  const { store } = of.shared
  const unfinished = await readUnfinished(store.events(run))
  if (!of.pastDoubt) return unfinished
  const { devices, by, why } = of.pastDoubt
  const doubtful = inDoubtFor(unfinished)
  for (const device of devices) if (!doubtful.includes(device)) throw notInDoubt(run, device, doubtful)
  const at = new Date().toISOString()
  const said = [...new Set(devices)].map((device) => {
    const attempt = unfinished.attemptsOf(device) + 1
    return { schema: EVENT_SCHEMA, run, at, type: 'device.past_doubt', device, attempt, by, why } as NewEvent
  })
  await store.append(said, () => [of.lease])
  return readUnfinished(store.events(run))
}

/** Devices of a run that are in doubt. */
export function inDoubtFor({ record }: UnfinishedRun): readonly string[] {
  return [...record.devices.values()].flatMap(({ device, state }) => (state === 'indeterminate' ? [device] : []))
}

export function onlyInDoubt(run: string, devices: readonly string[]): InputError {
  const summary = `Run "${run}" has nothing left to do but what is in doubt: ${shown(devices)}`
  const detail =
    'What was being done there when the run was lost cannot be seen, and is not repeated. Look at the device yourself, then have it go on with what is behind it: ' +
    `till resume ${run} --past-doubt ${devices[0]} --because 'what you have seen'`
  return inputError('RUN_NOTHING_LEFT', summary, detail)
}

function notInDoubt(run: string, device: string, doubtful: readonly string[]): InputError {
  const detail =
    doubtful.length === 0 ? 'No device of it is in doubt.' : `In doubt are: ${shown(doubtful)}. Write the full name.`
  return inputError('USAGE_INVALID', `Device "${device}" is not in doubt in run "${run}"`, detail)
}

function shown(devices: readonly string[]): string {
  const more = devices.length > MOST_SHOWN ? ` and ${devices.length - MOST_SHOWN} more` : ''
  return `${devices.slice(0, MOST_SHOWN).join(', ')}${more}`
}

const MOST_SHOWN = 5
