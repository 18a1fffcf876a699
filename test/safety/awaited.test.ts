import { describe, expect, it } from 'vitest'
import { wavesToRelease } from '../../src/app/run/awaited.ts'
import type { RunEvent } from '../../src/core/events.ts'
import { readUnfinished } from '../../src/core/unfinished-run.ts'

const HEAD = { schema: 'till.event/1', run: 'r', at: '2026-11-22T03:47:00.000Z' }

/** The journal of a run in one wave, by how its devices ended. */
function journal(ends: Readonly<Record<string, object>>): RunEvent[] {
  const devices = Object.keys(ends)
  const events = [
    { type: 'run.targets', wave: 1, devices },
    ...devices.flatMap((device) => [
      { type: 'device.started', device, store: 'S' },
      { type: 'device.finished', device, store: 'S', ...ends[device] },
    ]),
  ]
  return events.map((event, seq) => ({ ...HEAD, seq: seq + 1, ...event }) as unknown as RunEvent)
}

const failure = (code: string, phase: string) => ({ code, phase, message: '' })

describe('failures of a wave that are forgiven', () => {
  it('are those that count against it when the run is carried on', async () => {
    const overloaded = { state: 'failed', answered: false, failure: failure('CONTROLLER_OVERLOADED', 'connect') }
    const run = await readUnfinished(
      journal({
        'S/a': { state: 'failed', answered: true, failure: failure('CONVERGE_FAILED', 'converge') },
        'S/b': { state: 'unmet', answered: true },
        ...{ 'S/c': overloaded, 'S/d': overloaded },
        // What it was to do there is not what it is by now: that tells nothing of the change.
        'S/h': { state: 'failed', failure: failure('RUN_MOVED', 'resolve') },
        // Tried again.
        'S/e': { state: 'indeterminate', answered: true, failure: failure('CONTACT_LOST', 'converge') },
        'S/f': { state: 'indeterminate', answered: true, failure: failure('CONTACT_LOST', 'verify') },
        'S/g': { state: 'deferred', answered: false, failure: failure('WAVE_STOPPED', 'resolve') },
      }),
    )
    expect([...wavesToRelease(run)]).toEqual([[0, 3]])
  })
})
