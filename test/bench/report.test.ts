import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { portsIn } from '../../scripts/bench/lab/winrm-fleet.ts'
import { goalsOf } from '../../scripts/bench/report/goals.ts'
import { merged } from '../../scripts/bench/report/merge.ts'
import { BEGIN, END, markdownTable, renewed } from '../../scripts/bench/report/page.ts'
import { picturesOf } from '../../scripts/bench/report/pictures.ts'
import { type CpuProfile, sharesOf } from '../../scripts/bench/report/profile.ts'
import { type BenchmarkResult, RESULT_SCHEMA, type Sample } from '../../scripts/bench/report/result.ts'
import { figuresOf, median, rotated, slope } from '../../scripts/bench/report/statistics.ts'
import { barChart } from '../../scripts/bench/report/svg.ts'
import { aligned, tables } from '../../scripts/bench/report/text.ts'
import { tripsOf } from '../../scripts/bench/sections/winrm.ts'

function sample(tool: string, values: Record<string, number>, more: Partial<Sample> = {}): Sample {
  return { section: 'fleet', what: 'true', tool, devices: 1_000, round: 0, right: true, values, ...more }
}

function resultOf(samples: readonly Sample[]): BenchmarkResult {
  const figures = figuresOf(samples)
  return {
    schema: RESULT_SCHEMA,
    started_at: '2026-11-25T12:00:00.000Z',
    duration_s: 600,
    command: 'npm run bench',
    machine: { cores: 2 },
    tools: [
      { id: 'till', name: 'Tillwright', kind: 'tillwright', version: '1', configuration: 'as it comes' },
      { id: 'go', name: 'Go', kind: 'floor', version: '2', configuration: 'a | b' },
    ],
    samples,
    figures,
    goals: goalsOf(figures),
    skipped: [{ section: 'line', reason: 'no root' }],
  }
}

describe('statistics', () => {
  test('the median is the middle one', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  test('the median has as many values below it as above, whatever the order', () => {
    // Milliseconds, megabytes and counts: the sum of two is a number.
    const values = fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), { minLength: 1 })
    fc.assert(
      fc.property(values, (numbers) => {
        const middle = median(numbers)
        const below = numbers.filter((number) => number < middle).length
        const above = numbers.filter((number) => number > middle).length
        expect(Math.max(below, above)).toBeLessThanOrEqual(numbers.length / 2)
      }),
    )
  })

  test('the slope of points on a line is that of the line', () => {
    expect(
      slope([
        [100, 50],
        [200, 60],
        [400, 80],
      ]),
    ).toBeCloseTo(0.1)
    expect(slope([[1, 1]])).toBeNaN()
  })

  test('over as many rounds as there are tools, each has been first', () => {
    expect([0, 1, 2].map((round) => rotated(['a', 'b', 'c'], round)[0])).toEqual(['a', 'b', 'c'])
    expect(rotated([], 3)).toEqual([])
  })

  test('a figure is the median of its samples, the peak of memory, and right only if all of them were', () => {
    const samples = [
      sample('till', { cpu_ms: 10, memory_mb: 5 }),
      sample('till', { cpu_ms: 30, memory_mb: 9 }, { round: 1, right: false, note: 'exit 4' }),
      sample('till', { cpu_ms: 20 }, { round: 2 }),
      sample('till', { cpu_ms: 7 }, { devices: 100 }),
    ]
    const [figure, other] = figuresOf(samples)
    expect(figure).toMatchObject({ samples: 3, right: false, notes: ['exit 4'], values: { cpu_ms: 20, memory_mb: 9 } })
    expect(other).toMatchObject({ samples: 1, right: true, devices: 100 })
  })
})

describe('goals', () => {
  const goal = (samples: readonly Sample[], id: string) => goalsOf(figuresOf(samples)).find((found) => found.id === id)

  test('what was not measured is not met', () => {
    expect(goalsOf([]).every(({ measured, met }) => measured === null && met === null)).toBe(true)
  })

  test('a value at its limit is met, above it is not, and a wrong run never is', () => {
    expect(goal([sample('till', { cpu_device_ms: 6 })], 'cpu-true')).toMatchObject({ met: true, measured: '6 ms' })
    expect(goal([sample('till', { cpu_device_ms: 6.1 })], 'cpu-true')).toMatchObject({ met: false })
    expect(goal([sample('till', { cpu_device_ms: 1 }, { right: false })], 'cpu-true')).toMatchObject({ met: false })
    expect(goal([sample('clush', { cpu_device_ms: 1 })], 'cpu-true')).toMatchObject({ met: null })
  })

  test('memory in flight is a slope', () => {
    const held = [100, 1_100].map((count) =>
      sample(
        'till',
        { held: count, memory_mb: 50 + (count * 100) / 1024 },
        { section: 'in-flight', what: 'hold', devices: count },
      ),
    )
    expect(goal(held, 'in-flight')).toMatchObject({ met: true, measured: expect.stringMatching(/^100 KB/) })
  })
})

describe('what people read', () => {
  const result = resultOf([sample('till', { cpu_device_ms: 5, wall_ms: 25_000 }), sample('go', { cpu_device_ms: 1.6 })])

  test('the text has a row for each tool, the cheapest first, with numbers to the right', () => {
    const lines = tables(result).split('\n')
    const [go = '', till = ''] = lines.filter((line) => /^(Go|Tillwright) +1,?000/.test(line))
    expect(go).toContain('1.60')
    expect(till).toContain('5.00')
    expect(lines.indexOf(go)).toBeLessThan(lines.indexOf(till))
    expect(tables(result)).toContain('SKIPPED line: no root')
  })

  test('columns are as wide as what is in them', () => {
    const text = aligned({
      title: 't',
      head: ['', 'n'],
      rows: [
        ['a', '1,000'],
        ['long', '2'],
      ],
    })
    expect(text.split('\n').slice(3)).toEqual(['a     1,000', 'long      2'])
  })

  test('a cell cannot break a table of Markdown', () => {
    expect(markdownTable({ title: '', head: ['a'], rows: [['x|y']] })).toContain('x\\|y')
  })

  test('the page keeps what stands around the marks, and takes the same result twice', () => {
    const page = `before\n${BEGIN}\nyesterday\n${END}\nafter\n`
    const once = renewed(page, result, picturesOf(result))
    expect(once).toMatch(/^before\n[\s\S]*\nafter\n$/)
    expect(once).toContain('performance/cpu-true.svg')
    expect(once).not.toContain('yesterday')
    expect(renewed(once, result, picturesOf(result))).toBe(once)
    expect(() => renewed('no marks', result, [])).toThrow('marks')
  })

  test('pictures show each tool at its largest size', () => {
    const small = sample('go', { cpu_device_ms: 9 }, { devices: 10 })
    const [picture] = picturesOf(resultOf([...result.samples, small]))
    expect(picture?.file).toBe('cpu-true.svg')
    expect(picture?.svg).toContain('Go, x/crypto')
    expect(picture?.svg).not.toContain('>9.0<')
  })

  test('no bar leaves its picture, and text is not markup', () => {
    const bars = fc.array(fc.double({ min: 0.001, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        bars,
        fc.option(fc.double({ min: 0.001, max: 1e7, noNaN: true }), { nil: undefined }),
        (values, goal) => {
          const svg = barChart({
            title: 'a < b & c',
            unit: 'ms',
            bars: values.map((value) => ({ label: '<tool>', value, kind: 'peer' as const })),
            ...(goal !== undefined && { goal }),
          })
          const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
          expect(widths).toHaveLength(values.length)
          for (const width of widths) expect(width).toBeLessThanOrEqual(440)
          expect(svg).not.toMatch(/<tool>|a < b/)
        },
      ),
    )
  })
})

describe('WinRM', () => {
  const look = (values: Record<string, number>, more: Partial<Sample> = {}) =>
    sample('till', values, { section: 'winrm', what: 'look ntlm', devices: 200, ...more })
  const goal = (samples: readonly Sample[], wanted: string) => resultOf(samples).goals.find(({ id }) => id === wanted)

  test('round trips are those of one device; deleting the shell comes after the result', () => {
    const counts = { shells_created: 200, shells_open: 3, violations: 0 }
    expect(tripsOf({ ...counts, http: 1_200, actions: { Create: 200, Delete: 200 } }, 200)).toEqual({
      trips: 6,
      result_trips: 5,
      shells_left: 3,
    })
    expect(tripsOf({ ...counts, http: 4, actions: {} }, 2)).toMatchObject({ trips: 2, result_trips: 2 })
  })

  test('a shell that is left, a round trip more, or a run that was not right miss their goals', () => {
    const good = { trips: 6, result_trips: 5, shells_left: 0 }
    expect(goal([look(good)], 'winrm-trips')).toMatchObject({ met: true, measured: '6.00, the result after 5.00' })
    expect(goal([look({ ...good, result_trips: 5.1 })], 'winrm-trips')).toMatchObject({ met: false })
    expect(goal([look(good, { right: false })], 'winrm-trips')).toMatchObject({ met: false })
    expect(goal([look(good)], 'winrm-shells')).toMatchObject({ met: true })
    expect(goal([look({ ...good, shells_left: 1 })], 'winrm-shells')).toMatchObject({ met: false })
    expect(goal([look(good, { devices: 50 })], 'winrm-shells')).toMatchObject({ met: null })
  })

  test('the peer says in its log which ports it has', () => {
    expect(portsIn('{"ev":"listen","ports":[4001,4002]}\n{"ev":"http","n":1}\n')).toEqual([4001, 4002])
    expect(portsIn('')).toEqual([])
  })
})

describe('several results', () => {
  const first = resultOf([
    sample('till', { cpu_device_ms: 9 }),
    sample('till', { cpu_ms: 150 }, { section: 'start-up', what: 'version', devices: 1 }),
  ])
  const second = { ...resultOf([sample('till', { cpu_device_ms: 5 })]), skipped: [] }

  test('the later one takes the place of the sections that it has, and goals follow', () => {
    const both = merged([first, second])
    expect(both.samples).toHaveLength(2)
    expect(both.goals.find(({ id }) => id === 'cpu-true')).toMatchObject({ met: true, measured: '5 ms' })
    expect(both.goals.find(({ id }) => id === 'version')).toMatchObject({ met: true })
    expect(both.tools.map(({ id }) => id)).toEqual(['till', 'go'])
    expect(both.command).toBe('npm run bench && npm run bench')
    expect(both.skipped).toEqual([{ section: 'line', reason: 'no root' }])
  })

  test('one stays what it is', () => {
    expect(merged([first])).toEqual(first)
  })
})

describe('a profile', () => {
  const frame = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url } })
  const profile: CpuProfile = {
    nodes: [
      frame(1, '(root)'),
      frame(2, '(idle)'),
      frame(3, '(garbage collector)'),
      frame(4, 'sign', 'node:internal/crypto/sig'),
      frame(5, 'parse', 'file:///x/node_modules/ssh2/lib/protocol/Protocol.js'),
      frame(6, 'writeBuffer'),
      frame(7, 'walk', 'file:///x/dist/engine/walk-runbook.js'),
      frame(8, 'emit', 'node:events'),
    ],
    samples: [2, 3, 4, 5, 6, 7, 8, 7],
    timeDeltas: [1_000, 10, 20, 10, 20, 15, 10, 15],
  }

  test('is the share of each part of the time in which something was done', () => {
    expect(sharesOf([profile])).toEqual({ garbage: 10, cryptography: 20, ssh2: 10, sockets: 20, own: 30, rest: 10 })
  })

  test('of several threads is that of all of them together', () => {
    const other: CpuProfile = { nodes: [frame(1, 'sign', 'node:crypto')], samples: [1], timeDeltas: [100] }
    expect(sharesOf([profile, other])['cryptography']).toBe(60)
  })
})
