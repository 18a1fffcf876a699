import { expect, test } from 'vitest'
import { EVENT_SCHEMA, type RunEvent, type RunEventBody } from '../../src/core/events.ts'
import { emptyCounts } from '../../src/core/run.ts'
import { createHistoryReporter } from '../../src/reporters/history.ts'

test('a run that died says how many devices it had not begun', async () => {
  const bodies: RunEventBody[] = [
    {
      type: 'run.started',
      mode: 'plan',
      runbooks: [],
      devices: 3,
      inventory_digest: 'i',
      revision: null,
      by: 'ops',
      host: 'hq',
      pid: 1,
      version: '0',
    },
    { type: 'device.started', device: 'PL-0001/pos1', store: 'PL-0001' },
  ]
  const head = { schema: EVENT_SCHEMA, run: 'r1', at: '2026-11-22T00:00:00.000Z' } as const
  const show = async (partial: boolean): Promise<string> => {
    let text = ''
    const write = (more: string): void => {
      text += more
    }
    const output = { write, isTerminal: false, columns: 120, color: false }
    const run = { run: 'r1', mode: 'plan', runbooks: [], started_at: head.at, finished_at: null, devices: 3 } as const
    const summary = {
      ...run,
      state: 'interrupted',
      counts: emptyCounts(),
      exit_code: null,
      by: 'ops',
      resumed: 0,
    } as const
    const reporter = createHistoryReporter(output, { run: summary, verbose: false, inSync: true, partial, flags: '' })
    for (const [index, body] of bodies.entries()) await reporter.event({ ...head, seq: index + 1, ...body } as RunEvent)
    await reporter.close()
    return text
  }
  expect(await show(false)).toContain('2 devices were not begun when the run ended.')
  expect(await show(true)).not.toContain('not begun')
})
