import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMap, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { dotted, explainCascade, overlay } from '../../src/lang/inventory/cascade.ts'
import { readHours } from '../../src/lang/inventory/trading-hours.ts'
import { loadInventory } from '../../src/lang/load-inventory.ts'
import { folderOf } from './inventory-folder.ts'
import { BASE } from './malformed-inventories.ts'

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string({ maxLength: 3 }),
  fc.array(fc.integer(), { maxLength: 2 }),
)
const key = fc.constantFrom('a', 'b', 'c', 'd.e')
const level = fc.letrec<{ map: JsonObject; value: JsonValue }>((tie) => ({
  map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('map')),
})).map
const clean = level.map((map) => overlay({}, map))

function hasNull(value: JsonValue): boolean {
  if (value === null) return true
  return isMap(value) && Object.values(value).some(hasNull)
}

describe('the cascade', () => {
  test('laid over nothing, or by nothing, a level is itself without what it removes', () => {
    fc.assert(
      fc.property(level, (map) => {
        expect(hasNull(overlay({}, map))).toBe(false)
        expect(overlay(overlay({}, map), {})).toEqual(overlay({}, map))
        expect(overlay(overlay({}, map), undefined)).toEqual(overlay({}, map))
      }),
    )
  })

  test('laying a level twice is laying it once', () => {
    fc.assert(
      fc.property(clean, level, (wide, narrow) => {
        expect(overlay(overlay(wide, narrow), narrow)).toEqual(overlay(wide, narrow))
      }),
    )
  })

  test('the narrower level wins for scalars and lists, and null removes', () => {
    fc.assert(
      fc.property(clean, level, (wide, narrow) => {
        const merged = overlay(wide, narrow)
        for (const [name, value] of Object.entries(narrow)) {
          if (value === null) expect(merged).not.toHaveProperty([name])
          else if (!isMap(value)) expect(merged[name]).toEqual(value)
        }
        for (const [name, value] of Object.entries(wide)) if (!(name in narrow)) expect(merged[name]).toBe(value)
      }),
    )
  })

  test('never writes to a level', () => {
    fc.assert(
      fc.property(clean, level, (wide, narrow) => {
        const before = JSON.stringify([wide, narrow])
        overlay(wide, narrow)
        expect(JSON.stringify([wide, narrow])).toBe(before)
      }),
    )
  })

  test('the explanation has exactly the effective values, each from the last level that set it', () => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 5 }), (levels) => {
        const effective = levels.reduce((wide, narrow) => overlay(wide, narrow), {} as JsonObject)
        const explained = explainCascade(levels)
        let rebuilt: JsonObject = {}
        for (const { path, value, level: index } of explained) {
          rebuilt = overlay(
            rebuilt,
            path.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), value) as JsonObject,
          )
          const written = path.reduce<JsonValue | undefined>(
            (at, name) => (isMap(at) ? at[name] : undefined),
            levels[index],
          )
          expect(isMap(value) || JSON.stringify(written) === JSON.stringify(value)).toBe(true)
        }
        expect(rebuilt).toEqual(effective)
      }),
    )
  })

  test('a key with a dot is told apart in a dotted path', () =>
    expect(dotted(['vars', 'a.b', 'c'])).toBe('vars."a.b".c'))
})

describe('trading hours', () => {
  test('groups, lists, single digits and midnight', () => {
    const { hours, problems } = readHours({
      week: { 'mon-thu': '6:00-22:00', 'fri-sat': ['08:00-12:00', '20:00-02:00'], sun: 'closed' },
      exceptions: { '2026-12-31': '10:00-24:00', '2026-12-24': [] },
    })
    expect(problems).toEqual([])
    expect(hours.week).toEqual({
      mon: ['06:00-22:00'],
      tue: ['06:00-22:00'],
      wed: ['06:00-22:00'],
      thu: ['06:00-22:00'],
      fri: ['08:00-12:00', '20:00-02:00'],
      sat: ['08:00-12:00', '20:00-02:00'],
      sun: [],
    })
    expect(Object.entries(hours.exceptions)).toEqual([
      ['2026-12-24', []],
      ['2026-12-31', ['10:00-24:00']],
    ])
  })

  test('a span that ends past midnight may touch the next day', () => {
    expect(readHours({ week: { 'mon-sun': ['00:00-02:00', '20:00-00:00'] } }).problems).toEqual([])
    expect(readHours({ week: { 'mon-sun': '06:00-06:00' } }).problems).toHaveLength(1)
    expect(readHours({ week: { 'mon-sun': '22:00-21:59' } }).problems).toEqual([])
  })

  test('whatever is written, either it is fine or something is said', () => {
    const span = fc.tuple(fc.nat(26), fc.nat(61), fc.nat(26), fc.nat(61)).map(([a, b, c, d]) => {
      const two = (n: number): string => String(n).padStart(2, '0')
      return `${two(a)}:${two(b)}-${two(c)}:${two(d)}`
    })
    const day = fc.oneof(span, fc.array(span, { maxLength: 3 }), fc.constant('closed'))
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('mon-fri', 'sat', 'sun', 'sat-sun', 'mon'), day),
        fc.dictionary(fc.constantFrom('2026-02-29', '2026-03-01', '2026-03-02'), day),
        (week, exceptions) => {
          const { hours, problems } = readHours({ week, exceptions })
          if (problems.length > 0) return
          // What was accepted reads as itself.
          expect(readHours(hours)).toEqual({ hours, problems: [] })
        },
      ),
    )
  })
})

const SOUND = `region: north
stores:
  S1:
    name: One
    hours: {calendar: large, exceptions: {2026-12-24: closed}}
    gateway: r1
    vars: {agent: {port: 2}, own: [1, 2]}
    transport: {via: gateway}
    devices:
      r1: {profile: router, address: 10.0.0.1}
      d1:
        profile: till-linux
        address: 10.0.0.2
        tags: [pilot]
        note: new
        os: {version: "12"}
        transport: {port: 2222, user: null}
        vars: {agent: {server: b}, own: null}
      p1: {profile: printer, attached_to: d1}
`

describe('loadInventory', () => {
  test('gives every device its effective values', async () => {
    using folder = folderOf({ 'base.yaml': BASE, 'sub/x.yml': SOUND, 'notes.txt': 'not read', '.hidden.yaml': '[' })
    const { fleet, diagnostics } = await loadInventory(folder.path)
    expect(diagnostics).toEqual([])
    expect([...(fleet?.devices.keys() ?? [])]).toEqual(['S1/r1', 'S1/d1', 'S1/p1'])
    expect(fleet?.devices.get('S1/d1')).toEqual({
      id: 'd1',
      name: 'S1/d1',
      store: 'S1',
      region: 'north',
      profile: 'till-linux',
      kind: 'till',
      os: { family: 'linux', version: '12' },
      address: '10.0.0.2',
      tags: ['pilot'],
      note: 'new',
      transport: { type: 'ssh', via: 'gateway', port: 2222 },
      vars: { agent: { server: 'b', port: 2 } },
      source: { file: join(folder.path, 'sub/x.yml'), line: 11, column: 7, endLine: 11, endColumn: 9 },
    })
    // The gateway is not reached through itself, and a printer has no shell.
    expect(fleet?.devices.get('S1/r1')?.transport).toEqual({ type: 'ssh', user: 'till' })
    expect(fleet?.devices.get('S1/p1')).toMatchObject({ address: '', attached_to: 'd1', transport: { type: 'none' } })
    expect(fleet?.stores.get('S1')).toMatchObject({
      time_zone: 'Europe/Warsaw',
      hours: { exceptions: { '2026-12-24': [] } },
      vars: { agent: { server: 'a', port: 2 }, own: [1, 2] },
    })
  })

  test('says where each value came from', async () => {
    using folder = folderOf({ 'base.yaml': BASE, 'x.yaml': SOUND })
    const { fleet } = await loadInventory(folder.path)
    const told = [...(fleet?.explain('S1/d1') ?? [])].map(([path, { value, level, source }]) => {
      const place = source ? `${source.file.slice(folder.path.length + 1)}:${source.line}` : '-'
      return `${path} = ${JSON.stringify(value)} (${level}, ${place})`
    })
    expect(told.join('\n')).toMatchInlineSnapshot(`
      "profile = "till-linux" (device S1/d1, x.yaml:12)
      address = "10.0.0.2" (device S1/d1, x.yaml:13)
      note = "new" (device S1/d1, x.yaml:15)
      kind = "till" (profile till-linux, base.yaml:9)
      os.family = "linux" (profile till-linux, base.yaml:9)
      os.version = "12" (device S1/d1, x.yaml:16)
      tags = ["pilot"] (device S1/d1, x.yaml:14)
      transport.via = "gateway" (store S1, x.yaml:8)
      transport.port = 2222 (device S1/d1, x.yaml:17)
      transport.type = "ssh" (default, -)
      vars.agent.server = "b" (device S1/d1, x.yaml:18)
      vars.agent.port = 2 (store S1, x.yaml:7)"
    `)
    expect(fleet?.explain('S9').size).toBe(0)
    expect(fleet?.explain('S1').get('vars.own')).toMatchObject({ value: [1, 2], level: 'store S1' })
  })

  test('has a digest of what was read, wherever it stands', async () => {
    using one = folderOf({ 'base.yaml': BASE, 'x.yaml': SOUND })
    using same = folderOf({ 'base.yaml': BASE, 'x.yaml': SOUND })
    using other = folderOf({ 'base.yaml': BASE, 'x.yaml': SOUND.replace('10.0.0.2', '10.0.0.3') })
    const digests = await Promise.all(
      [one, same, other].map(async ({ path }) => (await loadInventory(path)).fleet?.digest),
    )
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(digests[1]).toBe(digests[0])
    expect(digests[2]).not.toBe(digests[0])
  })

  test('never throws, whatever becomes of a sound file', async () => {
    const lines = SOUND.split('\n')
    const broken = fc
      .array(
        fc.tuple(
          fc.nat(lines.length - 1),
          fc.constantFrom('', 'null', '[]', '{}', '3', '"', '- x', '  ', '\t', ': ', '&a *a', '!x', '06:00-25:00'),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((edits) => {
        const copy = [...lines]
        for (const [at, text] of edits)
          copy[at] = at % 2 === 0 ? (copy[at] ?? '').replace(/: ?.*$/, `: ${text}`) : `${copy[at]}${text}`
        return copy.join('\n')
      })
    await fc.assert(
      fc.asyncProperty(broken, async (text) => {
        using folder = folderOf({ 'base.yaml': BASE, 'x.yaml': text })
        const { fleet, diagnostics } = await loadInventory(folder.path)
        expect(fleet === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'))
        for (const { source, summary } of diagnostics) {
          expect(summary).not.toMatch(/undefined|\[object/)
          expect(source?.line).toBeGreaterThan(0)
        }
      }),
      { numRuns: 300 },
    )
  })
})
