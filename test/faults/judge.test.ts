import { expect, test } from 'vitest'
import { type Evidence, judge } from './judge.ts'

type Alert = Evidence['alerts'][number]
const told = (...messages: Alert['messages']): Alert => {
  return { device: 'A/c', isForPeople: true, isTaken: true, episodes: 1, attempts: [], acts: 0, messages }
}
const sound: Evidence = {
  runs: [
    {
      round: 'r1',
      run: 'R1',
      isOver: true,
      asked: ['S/a', 'S/b'],
      ends: [
        { device: 'S/a', attempt: 1, state: 'changed' },
        { device: 'S/b', attempt: 1, state: 'deferred' },
        { device: 'S/b', attempt: 2, state: 'indeterminate' },
      ],
    },
    { round: 'r2', run: undefined, isOver: false, asked: ['S/a'], ends: [] },
  ],
  notes: new Map([
    ['S/a', ['begin r1', 'end r1', 'act r1']],
    // A change that was cut off is begun again, one after the other.
    ['S/b', ['begin r1', 'begin r1', 'end r1']],
  ]),
  ends: [{ who: 'w1', code: 2, said: 'the database is away', ms: 900 }],
  ticks: [
    { run: 'T1', beganMs: 0, endedMs: 900 },
    { run: 'T2', beganMs: 10_000, endedMs: undefined },
    { run: 'T3', beganMs: 12_000, endedMs: 13_000 },
    // Nobody could before.
    { run: 'T5', beganMs: 250_000, endedMs: 251_000 },
  ],
  alerts: [
    { device: 'A/a', isForPeople: false, isTaken: true, episodes: 1, attempts: ['helped'], acts: 1, messages: [] },
    { device: 'A/b', isForPeople: false, isTaken: true, episodes: 1, attempts: ['doubtful'], acts: 0, messages: [] },
    told({ state: 'sent', received: 1 }),
    told({ state: 'doubtful', received: 0 }),
  ],
  cadenceMs: 10_000,
  everyMs: 2_000,
  excused: [[20_000, 200_000]],
  seenAtMs: 290_000,
}
const [first, second] = sound.runs as [Evidence['runs'][number], Evidence['runs'][number]]
const note = (device: string, ...lines: string[]) => new Map([...sound.notes, [device, lines]])
const alert = (change: Partial<Alert>) => ({ alerts: [{ ...(sound.alerts[0] as Alert), ...change }] })
const kinds = (evidence: Evidence) => judge(evidence).map(({ kind }) => kind)

test('the judge finds nothing in a record that is sound', () => {
  expect(judge(sound)).toEqual([])
})

test.each([
  ['two-ends', { runs: [{ ...first, ends: [...first.ends, { device: 'S/a', attempt: 1, state: 'failed' }] }, second] }],
  ['no-end', { runs: [{ ...first, ends: first.ends.slice(0, 1) }, second] }],
  ['no-end', { runs: [{ ...first, isOver: false }, second] }],
  ['overlap', { notes: note('S/b', 'begin r1', 'overlap r1', 'begin r1', 'end r1', 'end r1') }],
  ['act-twice', { notes: note('S/a', 'begin r1', 'end r1', 'act r1', 'act r1') }],
  ['untrue', { notes: note('S/a', 'begin r1', 'end r1') }],
  ['untrue', { notes: note('S/a', 'begin r1', 'end r1', 'act r1', 'act r2') }],
  ['schedule-twice', { ticks: [...sound.ticks, { run: 'T4', beganMs: 14_000, endedMs: 15_000 }] }],
  ['schedule-late', { excused: [] }],
  ['schedule-late', { ticks: sound.ticks.slice(0, -1) }],
  ['schedule-late', { seenAtMs: 350_000 }],
  ['alert-lost', alert({ episodes: 0 })],
  ['alert-lost', alert({ attempts: [], acts: 0 })],
  ['alert-lost', { alerts: [told()] }],
  ['alert-twice', alert({ episodes: 2 })],
  ['act-twice', alert({ acts: 2 })],
  ['untrue', alert({ acts: 0 })],
  ['told-twice', { alerts: [told({ state: 'sent', received: 2 })] }],
  ['told-twice', { alerts: [told({ state: 'sent', received: 1 }, { state: 'sent', received: 1 })] }],
  ['own-fault', { ends: [{ who: 'w1', code: 1, said: 'INTERNAL_BUG', ms: 900 }] }],
])('the judge finds %s', (kind, doctored) => {
  expect(kinds({ ...sound, ...doctored })).toEqual([kind])
})
