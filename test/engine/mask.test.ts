import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunEvent, RunEventBody } from '../../src/core/events.ts'
import { foldRun } from '../../src/core/fold-run.ts'
import type { JournalStore } from '../../src/core/run-store.ts'
import { Secret } from '../../src/core/secret.ts'
import { openJournal } from '../../src/engine/journal/journal.ts'
import { Masker } from '../../src/engine/journal/mask.ts'

function maskerOf(...values: string[]): Masker {
  const masker = new Masker()
  for (const value of values) masker.add(new Secret(value))
  return masker
}

/** What a journal writes down. */
async function journalled(masker: Masker, bodies: readonly RunEventBody[]): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  const store: JournalStore = {
    append: async (appended) => {
      const numbered = appended.map((event, n) => ({ ...event, seq: events.length + n + 1 }) as RunEvent)
      events.push(...numbered)
      return numbered
    },
    events: async function* () {},
  }
  const clock = { now: () => new Date(), elapsed: () => 0 }
  const journal = openJournal({ run: 'r1', store, reporters: [], masker, clock })
  await Promise.all(bodies.map((body) => journal.emit(body)))
  return events
}

describe('a masked text', () => {
  it('never holds a secret, whatever stands around it', () => {
    const secret = fc.string({ minLength: 4, maxLength: 12 }).filter((value) => !value.includes('*'))
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 20 }), fc.array(fc.string()), (secrets, around) => {
        const text = secrets.map((value, index) => `${around[index] ?? ''}${value}`).join('')
        const masked = maskerOf(...secrets).text(text)
        for (const value of secrets) expect(masked).not.toContain(value)
      }),
    )
  })

  it('is what it was where there is none', () => {
    fc.assert(fc.property(fc.string(), (text) => maskerOf('no such thing').text(text) === text))
  })

  it.each([
    ['base64', 'aXQncyBhICJzZWNyZXQi'],
    ['a URL', "it's%20a%20%22secret%22"],
    ['JSON', `it's a \\"secret\\"`],
    ['a trace of bash', `'it'\\''s a "secret"'`],
    ['a trace of busybox', `'it'"'"'s a "secret"'`],
  ])('knows the form of %s', (_form, text) => {
    expect(maskerOf(`it's a "secret"`).text(`+ echo ${text}!`)).toMatch(/^\+ echo '?\*\*\*'?!$/)
  })

  it('takes time by its length, not by how many secrets there are', () => {
    const masker = maskerOf(...Array.from({ length: 20_000 }, (_, i) => `password-${i * 7919}-of-a-device`))
    const began = performance.now()
    for (let i = 0; i < 1_000; i += 1) masker.text('a line of output that a device wrote, without anything to hide')
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

it('leaves events readable when a password is one of the words that they are made of', async () => {
  const masker = maskerOf('device', 'store', 'failed', 'message', 'step.finished', 'before', 'PL-0001', 'CHECK_UNMET')
  const failure = { code: 'CHECK_UNMET', phase: 'observe', message: 'It failed on PL-0001.' } as const
  const common = { device: 'PL-0001/pos1', store: 'PL-0001' }
  const changes = [{ path: 'device', before: 'store', after: { failed: 'x' } }]
  const step = { runbook: 'r', step: 'a', name: 'a', module: 'm', duration_ms: 0 }
  const events = await journalled(masker, [
    { type: 'device.started', ...common },
    { type: 'step.finished', device: common.device, ...step, state: 'failed', failure, changes },
    { type: 'device.finished', ...common, region: 'r', kind: 'till', state: 'failed', failure, duration_ms: 0 },
  ])
  const { devices } = await foldRun(events, { ended: true })
  expect(devices.get('PL-0001/pos1')).toMatchObject({
    state: 'failed',
    failure: { code: 'CHECK_UNMET', message: 'It *** on ***.' },
    steps: [{ state: 'failed', changes: [{ path: '***', before: '***', after: { '***': 'x' } }] }],
  })
})
