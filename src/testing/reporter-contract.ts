import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import { RECORDED_RUNS, SECRET_OF_RECORDS } from './recorded-runs.ts'

/** What a reporter is given to write to. */
export interface RecordedOutput {
  readonly write: (text: string) => Promise<void>
  readonly isTerminal: boolean
  readonly columns: number
  readonly color: boolean
}

/** A kind of reporter under test. */
export interface ReporterUnderTest {
  readonly create: (output: RecordedOutput) => Reporter
  /** Escape sequences that are the reporter's own; taken away before looking for those of devices. */
  readonly own?: RegExp
  /** Looks at the whole text of each run. */
  readonly check?: (text: string, events: readonly RunEvent[]) => void
}

interface Fed {
  readonly text: string
  readonly mostAtOnce: number
  readonly chunks: readonly string[]
}

/** Feeds a reporter as a run does: event by event, each awaited, with a reader that takes its time. */
export async function feedReporter(
  create: ReporterUnderTest['create'],
  events: readonly RunEvent[],
  shape: Partial<Omit<RecordedOutput, 'write'>> = {},
): Promise<Fed> {
  const chunks: string[] = []
  let [atOnce, mostAtOnce] = [0, 0]
  const output: RecordedOutput = {
    isTerminal: false,
    columns: 80,
    color: false,
    ...shape,
    async write(text) {
      atOnce += 1
      mostAtOnce = Math.max(mostAtOnce, atOnce)
      chunks.push(text)
      if (chunks.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      atOnce -= 1
    },
  }
  const reporter = create(output)
  for (const event of events) await reporter.event(event)
  await reporter.close()
  return { text: chunks.join(''), chunks, mostAtOnce }
}

/** What every reporter promises. To be called at the top of a test file. */
export function testReporter(name: string, of: ReporterUnderTest): void {
  const printed = (text: string): string => (of.own ? text.replace(of.own, '') : text)

  describe(`reporter ${name}`, () => {
    for (const [kind, record] of Object.entries(RECORDED_RUNS)) {
      test(`shows a run: ${kind}`, async () => {
        const events = record()
        const { text, mostAtOnce } = await feedReporter(of.create, events)
        expect(mostAtOnce).toBeLessThanOrEqual(1)
        expect(text.includes(SECRET_OF_RECORDS)).toBe(false)
        expect(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u.exec(printed(text))?.[0]).toBe(undefined)
        of.check?.(text, events)
      })
    }

    test('bears an end at any point of a run, and no run at all', async () => {
      const events = RECORDED_RUNS['every state']?.() ?? []
      for (let length = 0; length < events.length; length += 1) {
        const { text } = await feedReporter(of.create, events.slice(0, length))
        if (length > 0) of.check?.(text, events.slice(0, length))
      }
    })

    test('bears a narrow terminal with colours', async () => {
      for (const columns of [1, 20, 400]) {
        await feedReporter(of.create, RECORDED_RUNS['every state']?.() ?? [], {
          columns,
          isTerminal: true,
          color: true,
        })
      }
    })

    test('says the same about the same run', async () => {
      const record = RECORDED_RUNS['every failure'] ?? (() => [])
      const texts = [await feedReporter(of.create, record()), await feedReporter(of.create, record())]
      expect(printed(texts[0]?.text ?? '')).toBe(printed(texts[1]?.text ?? ''))
    })
  })
}
