import { describe, expect, it } from 'vitest'
import type { ShellAnswer } from '../../../src/core/channel.ts'
import type { RunEventBody } from '../../../src/core/events.ts'
import type { Device } from '../../../src/core/fleet.ts'
import type { Warning } from '../../../src/core/warning.ts'
import { warnPeople } from '../../../src/engine/device/warn-people.ts'

const POS1 = { name: 'PL-0001/pos1' } as Device
const WARNING = {
  ...{ name: 'cashier', script: { sh: 'tell' }, notNowExit: 75, atOnceExit: 80, timeoutMs: 10_000, waitMs: 300_000 },
  ...{ againMs: 600_000, times: 2, afterLimit: 'defer', onFailure: 'defer', holdsMs: 1_800_000 },
} as Warning

async function told(answer: Partial<ShellAnswer>, dialect: 'posix' | 'powershell' = 'posix') {
  const events: RunEventBody[] = []
  const seen = await warnPeople([WARNING], POS1, {
    shell: {
      dialect,
      ask: async () => ({ exitCode: 0, text: '', errorText: '', timedOut: false, ...answer }) as ShellAnswer,
    },
    emit: async (body) => void events.push(body),
    question: ({ script }, language) =>
      language === 'posix' && script.sh ? ({ script: script.sh } as never) : undefined,
  })
  return { seen: seen[0], event: events[0] }
}

describe('what people at a device said', () => {
  it.each<[string, Partial<ShellAnswer>, object]>([
    [
      'they were told',
      { text: 'shown on the screen\n' },
      { says: 'warned', exitCode: 0, detail: 'shown on the screen' },
    ],
    ['they were told, without a word', {}, { says: 'warned', exitCode: 0 }],
    [
      'not now, with the last line as its reason',
      { exitCode: 75, text: 'one\ncustomers wait \n\n' },
      { says: 'not-now', exitCode: 75, detail: 'customers wait' },
    ],
    ['at once', { exitCode: 80 }, { says: 'at-once', exitCode: 80 }],
    [
      'the command failed, by its own words',
      { exitCode: 2, errorText: 'no display' },
      { says: 'failed', exitCode: 2, detail: 'it ended with exit code 2: no display' },
    ],
    [
      'the command failed without a word',
      { exitCode: 2 },
      { says: 'failed', exitCode: 2, detail: 'it ended with exit code 2' },
    ],
    ['the command did not end', { timedOut: true }, { says: 'failed', detail: 'it did not end within 10 s' }],
  ])('%s', async (_, answer, wanted) => {
    const { seen, event } = await told(answer)
    expect(seen).toEqual({ warning: 'cashier', ...wanted })
    expect(event).toMatchObject({
      type: 'device.warned',
      device: 'PL-0001/pos1',
      says: seen?.says,
      exit_code: seen?.exitCode ?? null,
    })
  })

  it('a warning without words for the language of the device is one that failed, on record', async () => {
    const { seen, event } = await told({}, 'powershell')
    expect(seen).toEqual({ warning: 'cashier', says: 'failed', detail: 'it has no script for PowerShell' })
    expect(event).toMatchObject({ exit_code: null, detail: 'it has no script for PowerShell' })
  })

  it('a line without end is cut', async () => {
    expect((await told({ text: 'x'.repeat(5_000) })).seen?.detail).toHaveLength(200)
  })
})
