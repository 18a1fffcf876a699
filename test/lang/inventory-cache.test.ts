import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fleet } from '../../src/core/fleet.ts'
import { type LoadedInventory, loadInventory } from '../../src/lang/load-inventory.ts'
import { generateFleet } from '../../src/sandbox/generate/generate-fleet.ts'
import { folderOf } from './inventory-folder.ts'

const files = Object.fromEntries(generateFleet({ seed: 'cache', stores: 40 }))

/** All that can be known of a fleet, in the order in which it tells it. */
function facts({ fleet, ...rest }: LoadedInventory): unknown {
  return { ...rest, fleet: fleet && factsOf(fleet) }
}

function factsOf(fleet: Fleet): unknown {
  return {
    ...fleet,
    stores: [...fleet.stores],
    devices: [...fleet.devices],
    storesBehind: [...fleet.stores.keys(), 'X'].map((id) => [...fleet.storesBehind(id)]),
    explain: ['PL-0007', 'PL-0007/pos1', 'PL-0040/router1', 'X'].map((name) => [...fleet.explain(name)]),
  }
}

/** A folder of inventory, its cache, and two ways to load it. */
function cached(content: Readonly<Record<string, string>>) {
  const folder = folderOf(content)
  const cacheFolder = join(folder.path, '.cache')
  const pack = join(cacheFolder, 'inventory.pack')
  return {
    ...folder,
    pack,
    file: (name: string) => join(folder.path, name),
    load: () => loadInventory(folder.path, { cacheFolder }),
    loadAnew: () => loadInventory(folder.path),
  }
}

describe('the cache', () => {
  test('changes nothing: cold, warm, deleted, and after an edit of a file, a new one, one that is gone', async () => {
    using fleet = cached(files)
    const without = facts(await fleet.loadAnew())
    for (const _ of ['cold', 'warm']) expect(facts(await fleet.load())).toEqual(without)
    rmSync(fleet.pack)
    expect(facts(await fleet.load())).toEqual(without)
    const edited = files['opolskie.yaml']?.replace(/address: 10[\d.]+/, 'address: 10.255.255.254') ?? ''
    writeFileSync(fleet.file('opolskie.yaml'), edited)
    const changed = facts(await fleet.loadAnew())
    expect(changed).not.toEqual(without)
    for (const _ of ['half', 'warm']) expect(facts(await fleet.load())).toEqual(changed)
    writeFileSync(fleet.file('more.yaml'), 'region: opolskie\nstores:\n  X-1: {devices: {}}\n')
    for (const _ of ['half', 'warm']) expect(facts(await fleet.load())).toEqual(facts(await fleet.loadAnew()))
    rmSync(fleet.file('more.yaml'))
    expect(facts(await fleet.load())).toEqual(changed)
  })

  test('is written when something is new, and only then', async () => {
    using fleet = cached(files)
    await fleet.load()
    utimesSync(fleet.pack, 1, 1)
    await fleet.load()
    expect(statSync(fleet.pack).mtimeMs).toBe(1000)
    expect(readdirSync(join(fleet.pack, '..'))).toEqual(['inventory.pack'])
  })

  test('is cleared of what a writer left that was killed, but not of what one is writing', async () => {
    using fleet = cached(files)
    const [old, young] = [`${fleet.pack}.1.tmp`, `${fleet.pack}.2.tmp`] as const
    mkdirSync(join(fleet.pack, '..'))
    for (const file of [old, young]) writeFileSync(file, '')
    utimesSync(old, 1, 1)
    await fleet.load()
    expect(readdirSync(join(fleet.pack, '..')).sort()).toEqual(['inventory.pack', 'inventory.pack.2.tmp'])
  })

  test('is not believed when it is not as it was written, however it is broken', async () => {
    using fleet = cached(Object.fromEntries(generateFleet({ seed: 'broken', stores: 2 })))
    const without = facts(await fleet.loadAnew())
    await fleet.load()
    const whole = readFileSync(fleet.pack)
    const position = fc.double({ min: 0, max: 0.999, noNaN: true }).map((part) => Math.floor(part * whole.length))
    const broken = fc.oneof(
      position.map((length) => whole.subarray(0, length)),
      fc.tuple(position, fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ change
        return bytes
      }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([whole, bytes, Buffer.of(0)])),
      fc.constantFrom('', 'null', '{"format":1}\n', sealed('null\n'), sealed('{}'), sealed('\n\n')).map(Buffer.from),
    )
    await fc.assert(
      fc.asyncProperty(broken, async (bytes) => {
        writeFileSync(fleet.pack, bytes)
        expect(facts(await fleet.load())).toEqual(without)
      }),
      { numRuns: 60 },
    )
  })

  test('is not believed when it is of another program or of an older one', async () => {
    using fleet = cached(files)
    const without = facts(await fleet.loadAnew())
    await fleet.load()
    const text = readFileSync(fleet.pack, 'utf8')
    const body = text.slice(text.indexOf('\n') + 1)
    const header = JSON.parse(body.slice(0, body.indexOf('\n'))) as { format: string }
    for (const other of [{ ...header, format: 'till 1' }, { format: header.format }, { ...header, files: [{}] }]) {
      const lines = body.slice(body.indexOf('\n')).replaceAll('pos1', 'pos9')
      writeFileSync(fleet.pack, sealed(`${JSON.stringify(other)}${lines}`))
      expect(facts(await fleet.load())).toEqual(without)
    }
  })

  test('holds nothing of a file with mistakes, whose errors are told each time', async () => {
    using fleet = cached({ ...files, 'opolskie.yaml': `${files['opolskie.yaml']}\n    colour: red\n` })
    for (const _ of ['cold', 'warm']) {
      expect((await fleet.load()).diagnostics.map(({ code }) => code)).toEqual(['SCHEMA_KEY_UNKNOWN'])
    }
  })

  test('does not hide what is wrong between files', async () => {
    using fleet = cached({ ...files, 'copy.yaml': files['opolskie.yaml'] ?? '' })
    const without = facts(await fleet.loadAnew())
    for (const _ of ['cold', 'warm']) expect(facts(await fleet.load())).toEqual(without)
    expect(new Set((await fleet.load()).diagnostics.map(({ code }) => code))).toEqual(new Set(['INV_STORE_DUPLICATE']))
  })

  test('is not needed: its folder may be a file, its file a folder', async () => {
    using fleet = cached(files)
    writeFileSync(join(fleet.pack, '..'), '')
    expect((await fleet.load()).diagnostics).toEqual([])
    rmSync(join(fleet.pack, '..'))
    mkdirSync(fleet.pack, { recursive: true })
    expect((await fleet.load()).diagnostics).toEqual([])
    expect(readdirSync(join(fleet.pack, '..'))).toEqual(['inventory.pack'])
  })
})

const NAMES = ['a', 'bb', 'ccc']

/** A small fleet of which anything may be changed, in files that change with it. */
type Written = Record<string, Record<string, Record<string, { address: string; via?: string }>>>

const EDITS = {
  address: fc.tuple(place(), fc.nat(3)).map(
    ([at, n]) =>
      (all: Written) =>
        change(all, at, { address: `10.1.0.${n}` }),
  ),
  way: fc.tuple(place(), fc.constantFrom('pos1', 'pos2', 'S-0/pos1', 'S-1/pos1', 'S-2/pos2', 'S-9/pos1')).map(
    ([at, via]) =>
      (all: Written) =>
        change(all, at, { via }),
  ),
  direct: place().map((at) => (all: Written) => change(all, at, { via: undefined as never })),
  gone: place().map(
    ([file, store, device]) =>
      (all: Written) =>
        void delete all[file]?.[store]?.[device],
  ),
  moved: fc.tuple(place(), place()).map(([[from, store], [to]]) => (all: Written) => {
    const devices = all[from]?.[store]
    delete all[from]?.[store]
    if (devices) all[to] = { ...all[to], [store]: devices }
  }),
  copied: fc.tuple(place(), place()).map(([[from], [to]]) => (all: Written) => {
    if (all[from]) all[to] = all[from]
  }),
  deleted: place().map(
    ([file]) =>
      (all: Written) =>
        void delete all[file],
  ),
  fresh: place().map(([file, store]) => (all: Written) => {
    all[file] = { ...all[file], [store]: { pos1: { address: `10.${file.length}.${store.slice(2)}.77` } } }
  }),
}

function place() {
  const [file, store] = [fc.constantFrom(...NAMES), fc.nat(3).map((n) => `S-${n}`)]
  return fc.tuple(file, store, fc.constantFrom('pos1', 'pos2'))
}

function change(all: Written, [file, store, device]: readonly [string, string, string], to: object): void {
  const found = all[file]?.[store]?.[device]
  if (found) Object.assign(found, to)
}

describe('one file of many that is another by now', () => {
  const wide = `fleet: {time_zone: Europe/Warsaw}
regions: {r: {}}
profiles: {till: {kind: till, os: {family: linux}}}
`

  test('is checked with what is known of the others, and nothing that is wrong between them is missed', async () => {
    const edits = fc.array(fc.oneof(...Object.values(EDITS)), { minLength: 1, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(fc.array(edits, { minLength: 4, maxLength: 8 }), async (rounds) => {
        using fleet = cached({ 'fleet.yaml': wide })
        // Each round begins with a fleet in order, of which everything is known.
        for (const some of rounds.flatMap((round) => [[], round])) {
          const all = inOrder()
          for (const edit of some) edit(all)
          for (const name of NAMES) write(fleet.file(`${name}.yaml`), all[name])
          expect(facts(await fleet.load())).toEqual(facts(await fleet.loadAnew()))
        }
      }),
      { numRuns: 40 },
    )
  })

  function inOrder(): Written {
    const devices = (n: number, via: string) => ({
      pos1: { address: `10.1.0.${n}` },
      pos2: { address: `10.1.1.${n}`, via },
    })
    const ways = ['pos1', 'S-0/pos1', 'pos1']
    return Object.fromEntries(NAMES.map((name, n) => [name, { [`S-${n}`]: devices(n, ways[n] ?? '') }]))
  }

  function write(file: string, stores: Written[string] | undefined): void {
    rmSync(file, { force: true })
    if (!stores) return
    const lines = Object.entries(stores).flatMap(([id, devices]) => [
      `  ${id}:`,
      '    region: r',
      '    devices:',
      ...Object.entries(devices).map(([device, { address, via }]) => {
        const way = via === undefined ? '' : `, transport: {via: ${via}}`
        return `      ${device}: {profile: till, address: ${address}${way}}`
      }),
    ])
    writeFileSync(file, ['stores:', ...lines, ''].join('\n').replaceAll(/devices:\n(?! {6})/g, 'devices: {}\n'))
  }

  test('costs what it holds, not what the fleet does', async () => {
    using fleet = cached(files)
    await fleet.load()
    const edited = files['opolskie.yaml']?.replace(/address: 10[\d.]+/, 'address: 10.255.255.254') ?? ''
    writeFileSync(fleet.file('opolskie.yaml'), edited)
    const header = () =>
      JSON.parse(readFileSync(fleet.pack, 'utf8').split('\n')[1] ?? '') as { files: readonly object[] }
    const before = header().files.length
    const { fleet: loaded, diagnostics } = await fleet.load()
    expect([diagnostics, header().files.length]).toEqual([[], before])
    // What is built when it is asked for was not built to be checked.
    expect(loaded?.devices).not.toBeInstanceOf(Map)
  })
})

describe('a fleet from the cache', () => {
  test('answers as one that was just read, whatever is asked first', async () => {
    using folder = cached(files)
    const { fleet: fresh } = await folder.load()
    const names = [...(fresh?.devices.keys() ?? []), 'PL-0001', 'PL-0001/', '/pos1', 'PL-0001/pos1/x', '', 'X/pos1']
    expect(names.length).toBeGreaterThan(150)
    for (const name of names.toReversed()) {
      const { fleet } = await folder.load()
      if (!fleet || !fresh) throw new Error('The fleet has mistakes.')
      expect(fleet.devices.has(name)).toBe(fresh.devices.has(name))
      expect(fleet.devices.get(name)).toEqual(fresh.devices.get(name))
      expect(fleet.stores.get(name)).toEqual(fresh.stores.get(name))
    }
  })

  test('has one object for each device and store, and its maps are maps', async () => {
    using folder = cached(files)
    const [{ fleet: fresh }, { fleet }] = [await folder.load(), await folder.load()]
    if (!fleet || !fresh) throw new Error('The fleet has mistakes.')
    const seen: string[] = []
    fleet.devices.forEach((device, name, map) => {
      expect(map).toBe(fleet.devices)
      expect(fleet.devices.get(name)).toBe(device)
      expect(fleet.stores.get(device.store)?.devices).toContain(device)
      seen.push(name)
    })
    expect(seen).toEqual([...fresh.devices.keys()])
    expect([...fleet.devices.keys()]).toEqual(seen)
    expect([...fleet.devices.values()]).toEqual([...fresh.devices.values()])
    expect(new Map(fleet.stores)).toEqual(fresh.stores)
    expect([fleet.devices.size, fleet.stores.size]).toEqual([fresh.devices.size, fresh.stores.size])
  })
})

function sealed(body: string): string {
  return `${createHash('sha256').update(body).digest('hex')}\n${body}`
}
