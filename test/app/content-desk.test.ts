import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ContentCourier } from '../../src/app/reach/content-courier.ts'
import { ContentTraffic } from '../../src/app/reach/content-desk.ts'
import { LineLimits, type PaceClock } from '../../src/app/reach/line-limits.ts'
import { parseByteSize } from '../../src/core/byte-size.ts'
import type { ShellAnswer, ShellChannel } from '../../src/core/channel.ts'
import type { ContentDesk } from '../../src/core/content.ts'
import type { Device } from '../../src/core/fleet.ts'
import { knownFile } from '../../src/devices/file/known-file.ts'
import { contentOf } from '../../src/modules/file/desired-content.ts'

const till = (name: string): Device => ({ name, store: name.split('/')[0] }) as Device
const SHA256 = 'a'.repeat(64)

/** Time that goes on only where somebody sleeps. */
class SleptClock implements PaceClock {
  #now = 0

  now(): number {
    return this.#now
  }

  async sleep(ms: number): Promise<void> {
    const until = this.#now + ms
    await Promise.resolve()
    this.#now = Math.max(this.#now, until)
  }
}

/** Time that goes on only where the test says so. */
class SteppedClock implements PaceClock {
  #now = 0
  #sleepers: { readonly until: number; readonly wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ until: this.#now + ms, wake }))
  }

  /** In the order in which they are to wake, each with the time to go back to sleep. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (;;) {
      const until = Math.min(...this.#sleepers.map((sleeper) => sleeper.until))
      if (until > end) break
      this.#now = until
      const due = this.#sleepers.filter((sleeper) => sleeper.until <= until)
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.until > until)
      for (const { wake } of due) wake()
      await settled()
    }
    this.#now = end
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('how fast files go', () => {
  async function sendAll(limits: LineLimits, store: string, slices: number, rates = RATES): Promise<void> {
    for (let n = 0; n < slices; n += 1) await limits.take(store, 64_000, rates)
  }
  const RATES = { perStore: 64_000, fleet: 256_000 }

  it('is held for the line of a store, however many send', async () => {
    const clock = new SleptClock()
    const limits = new LineLimits(clock)
    await Promise.all([sendAll(limits, 'A', 10), sendAll(limits, 'A', 11)])
    // 21 slices of a second each; the first leaves at once.
    expect(clock.now()).toBe(20_000)
  })

  it('is held for the fleet, whose stores do not wait for one another', async () => {
    const clock = new SleptClock()
    const limits = new LineLimits(clock)
    const stores = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']
    await Promise.all(stores.map((store) => sendAll(limits, store, 10)))
    expect(clock.now()).toBeGreaterThanOrEqual(79 * 250)
    expect(clock.now()).toBeLessThan(82 * 250)
  })

  it('is as it may be where nothing is said', async () => {
    const clock = new SleptClock()
    await sendAll(new LineLimits(clock), 'A', 1_000, {} as typeof RATES)
    expect(clock.now()).toBe(0)
  })

  it('is written with its unit', () => {
    expect(['256KB', '1.5MB', '1GB', '10B', '1MB/s', '1', 'MB', '1mb'].map(parseByteSize)).toEqual([
      ...[262_144, 1_572_864, 1_073_741_824, 10, 1_048_576],
      ...[undefined, undefined, undefined],
    ])
  })
})

describe('who gets a file of two that ask at once', () => {
  const [one, two, three] = [till('S/pos1'), till('S/pos2'), till('S/pos3')] as const

  it('is the first; the other waits for its copy', async () => {
    const traffic = new ContentTraffic()
    expect(await traffic.seek(one, SHA256)).toEqual([])
    const waiting = traffic.seek(two, SHA256)
    traffic.got(one, SHA256, true)
    expect(await waiting).toEqual(['S/pos1'])
    expect(await traffic.seek(till('T/pos1'), SHA256)).toEqual([])
  })

  it('is the next where the first got nothing, and one at a time', async () => {
    const traffic = new ContentTraffic()
    await traffic.seek(one, SHA256)
    const [second, third] = [traffic.seek(two, SHA256), traffic.seek(three, SHA256)]
    traffic.got(one, SHA256, false)
    expect(await second).toEqual([])
    traffic.got(two, SHA256, true)
    expect(await third).toEqual(['S/pos2'])
  })

  it('does not wait for ever for one that never says', async () => {
    const traffic = new ContentTraffic({ waitMs: 20 })
    await traffic.seek(one, SHA256)
    expect(await traffic.seek(two, SHA256)).toEqual([])
  })

  it('is one at a time also where the one before stands still', async () => {
    const clock = new SteppedClock()
    const traffic = new ContentTraffic({ clock })
    await traffic.seek(one, SHA256)
    const answers: string[] = []
    for (const device of [two, three])
      void traffic.seek(device, SHA256).then((all) => answers.push(`${device.name} ${all}`))
    await clock.pass(59_999)
    expect(answers).toEqual([])
    await clock.pass(1)
    expect(answers).toEqual(['S/pos2 '])
    await clock.pass(50_000)
    // The one that was given up has it after all.
    traffic.got(one, SHA256, true)
    await clock.pass(0)
    expect(answers).toEqual(['S/pos2 ', 'S/pos3 S/pos1'])
  })

  it('is nobody else while the first goes on, however slowly, or waits for its turn', async () => {
    const clock = new SteppedClock()
    const traffic = new ContentTraffic({ clock })
    await traffic.seek(one, SHA256)
    let isOver = false
    void traffic.seek(two, SHA256).then(() => {
      isOver = true
    })
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.pass(50_000)
      await traffic.take(one, 65_536, {})
    }
    expect(isOver).toBe(false)
    // Another one, whose bytes keep the line for ten minutes.
    await traffic.take(three, 600_000, { perStore: 1_000 })
    const turn = traffic.take(one, 1_000, { perStore: 1_000 })
    await clock.pass(599_999)
    expect(isOver).toBe(false)
    await clock.pass(1)
    await turn
    await clock.pass(60_000)
    expect(isOver).toBe(true)
  })

  it('forgets one that has it no more', async () => {
    const traffic = new ContentTraffic()
    await traffic.seek(one, SHA256)
    traffic.got(one, SHA256, true)
    traffic.got(one, SHA256, false)
    expect(await traffic.seek(two, SHA256)).toEqual([])
  })
})

it('refuses a hidden file on a metered line by its size, which its bytes do not tell', async () => {
  const desk = {
    settings: { share: false, aboveBytes: 262_144, metered: 'refuse' },
    sideOf: () => ({ isMetered: true, peers: [] }),
  } as unknown as ContentDesk
  const sent: number[] = []
  const shell = {
    dialect: 'posix',
    upload: async (_path, _content, options) => {
      sent.push(options?.sizeBytes ?? 0)
      return { exitCode: 0 } as ShellAnswer
    },
  } as ShellChannel
  const openPeer = (): never => {
    throw new Error('nobody else is asked')
  }
  const courier = new ContentCourier(till('S/pos1'), shell, { desk, openPeer })
  const hidden = (async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(0)
  })()
  expect((await courier.upload('/a', hidden, { sizeBytes: 70_000 })).failure).toBeUndefined()
  expect((await courier.upload('/a', hidden, { sizeBytes: 300_000 })).failure).toMatchObject({ code: 'LINK_METERED' })
  expect(sent).toEqual([70_000])
})

it('is asked of another holder by each device of the store', async () => {
  const devices = ['S/pos1', 'S/pos2', 'S/pos3', 'S/pos4', 'S/pos5', 'S/pos6'].map(till)
  const holders = ['S/pos1', 'S/pos2', 'S/pos3']
  const asked: string[] = []
  for (const device of devices.slice(3)) {
    const desk = {
      settings: { share: true, aboveBytes: 1, metered: 'allow' },
      sideOf: () => ({ isMetered: false, peers: devices.filter((other) => other !== device) }),
      seek: async () => holders,
      got: async () => undefined,
    } as unknown as ContentDesk
    const shell = {
      dialect: 'posix',
      ask: async () => ({ exitCode: 0, text: 'room=yes\nwhole=no\nhave=0\nby=curl\npart=/c/a.part\n' }) as ShellAnswer,
    } as unknown as ShellChannel
    const openPeer = (peer: Device): never => {
      asked.push(peer.name)
      throw new Error('far enough')
    }
    const courier = new ContentCourier(device, shell, { desk, openPeer })
    await expect(courier.upload('/a', knownFile('/none', { sha256: SHA256, sizeBytes: 9 }))).rejects.toThrow(
      'far enough',
    )
  }
  expect(asked.sort()).toEqual(holders)
})

it('reads of a source what was looked at, and no pipe that has come to its place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-source-'))
  try {
    const source = join(folder, 'source')
    const known = knownFile(source, { sha256: SHA256, sizeBytes: 6 })
    const desired = { source, sha256: SHA256, sizeBytes: 6, isSecret: false }
    const hidden = (): AsyncIterable<Uint8Array> => contentOf(desired, true).stream as AsyncIterable<Uint8Array>
    // It has grown since.
    writeFileSync(source, 'abcdefgh')
    expect(await textOf(known)).toBe('abcdef')
    expect(await textOf(known.from(2))).toBe('cdef')
    expect(await textOf(known.from(6))).toBe('')
    expect(await textOf(hidden())).toBe('abcdef')
    rmSync(source)
    execFileSync('mkfifo', [source])
    await expect(textOf(known)).rejects.toThrow('it is a pipe')
    await expect(textOf(hidden())).rejects.toThrow('it is a pipe')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
