import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandRunbook } from '../../src/app/run/command-runbook.ts'
import { type Load, wantsThread } from '../../src/app/run/workers/load.ts'
import { packSecrets, readMessages, ThreadMail, unpackSecrets } from '../../src/app/run/workers/messages.ts'
import { PendingConnections } from '../../src/app/run/workers/pending-connections.ts'
import { openRunbookSource, runbookSourceOf } from '../../src/app/run/workers/runbook-source.ts'
import { shareLogins } from '../../src/app/run/workers/share-logins.ts'
import { fail, success } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Target } from '../../src/core/transport.ts'
import { MODULES } from '../../src/modules/index.ts'
import { device } from '../engine/bench.ts'
import { DEADLINES } from '../peers/targets.ts'

const secret = fc.string({ minLength: 1, unit: 'binary' }).map((text) => new Secret(text))
const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(
    value.map((v) => ({ [name]: v })),
    { nil: {} },
  )

function target(via: fc.Arbitrary<Target> | undefined): fc.Arbitrary<Target> {
  const key = fc
    .tuple(fc.string(), secret, optional('passphrase', secret))
    .map(([origin, content, more]) => ({ origin, content, ...more }))
  return fc
    .tuple(fc.array(key, { maxLength: 2 }), optional('password', secret), optional('password', secret), fc.boolean())
    .chain(([keys, password, become, elevated]) =>
      (via ? optional('via', via) : fc.constant({})).map((way) => ({
        device: 'PL-0001/pos1',
        type: 'ssh',
        address: '10.0.0.1',
        port: 22,
        user: 'till',
        keys,
        hostKeys: ['ssh-ed25519 AAAA'],
        deadlines: DEADLINES,
        keepAliveMs: 1,
        maxOutputBytes: 2,
        ...password,
        ...way,
        ...(elevated && { become: { method: 'sudo' as const, ...become } }),
      })),
    )
}

/** Secrets hide what they hold from every comparison. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { revealed: value.reveal() }
  if (Array.isArray(value)) return value.map(revealed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revealed(item)]))
}

const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

describe('what threads say to each other', () => {
  it('carries endpoints whole, secrets and gateways included', () => {
    fc.assert(
      fc.property(target(target(undefined)), (given) => {
        const arrived = unpackSecrets(overTheWire(packSecrets(success(given))))
        expect(revealed(arrived)).toEqual(revealed(success(given)))
      }),
    )
    const failure = fail({ code: 'CONNECT_VIA_FAILED', phase: 'resolve', message: 'No gateway.' } as const)
    expect(unpackSecrets(overTheWire(packSecrets(failure)))).toEqual(failure)
  })

  it('carries secrets that are asked for, and masks one that slipped in', async () => {
    fc.assert(
      fc.property(secret, (given) => {
        expect(revealed(unpackSecrets(overTheWire(packSecrets(success(given)))))).toEqual(revealed(success(given)))
      }),
    )
    const sent: string[] = []
    const outbox = new ThreadMail<unknown>((text) => sent.push(text))
    outbox.send({ value: new Secret('hunter2') })
    outbox.flush()
    expect(sent).toEqual(['[{"value":"***"}]'])
  })

  it('goes out once a turn, in order', async () => {
    const sent: string[] = []
    const outbox = new ThreadMail<number>((text) => sent.push(text))
    for (const n of [1, 2, 3]) outbox.send(n)
    await new Promise((resolve) => setImmediate(resolve))
    outbox.send(4)
    await new Promise((resolve) => setImmediate(resolve))
    expect(sent.map((text) => readMessages<number>(text))).toEqual([[1, 2, 3], [4]])
  })

  it('makes the same command of `till exec` there', () => {
    for (const words of [['uname -r; id'], ['printf', '%s', "it's"]]) {
      const runbook = commandRunbook(words, 5_000)
      const again = openRunbookSource(overTheWire(runbookSourceOf(runbook)), MODULES)
      expect(again.digest).toBe(runbook.digest)
      expect(again.steps[0]?.timeout_ms).toBe(5_000)
      expect(again.steps[0]?.params.render({} as never)).toEqual(runbook.steps[0]?.params.render({} as never))
    }
  })
})

describe('logins of several threads', () => {
  it('are never more than the run may have, and all of those in the end', async () => {
    const counts = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100 }), counts, async (total, sizes) => {
        const parties: { logins: number; setLogins(limit: number): Promise<void> }[] = []
        let taken = 0
        const party = () => ({
          logins: 0,
          async setLogins(limit: number) {
            if (limit > this.logins) taken += limit - this.logins
            expect(taken).toBeLessThanOrEqual(total)
            const before = this.logins
            this.logins = limit
            await new Promise((resolve) => setImmediate(resolve))
            if (limit < before) taken -= before - limit
          },
        })
        for (const size of sizes) {
          parties.push(...Array.from({ length: size }, party))
          await shareLogins(total, parties)
          expect(parties.reduce((sum, { logins }) => sum + logins, 0)).toBe(parties.length === 0 ? 0 : total)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('another thread', () => {
  const load: Load = { threads: 1, most: 4, busy: 0.99, processors: 0.97, left: 5_000, rate: 250 }
  it.each<[string, Partial<Load>, boolean]>([
    ['is wanted when this one is what the run waits for', {}, true],
    ['is not, when slow devices are', { busy: 0.4, processors: 0.4 }, false],
    ['is not, when servers on the same machine have the processors', { processors: 0.6 }, false],
    ['is not, when little is left', { left: 100 }, false],
    ['is not, when there are as many as processors', { threads: 4, processors: 4 }, false],
    ['is not, when one of them has nothing to do', { threads: 2, processors: 1.1 }, false],
    ['is, when two are not enough', { threads: 2, processors: 1.95 }, true],
  ])('%s', (_, more, wanted) => {
    expect(wantsThread({ ...load, ...more })).toBe(wanted)
  })
})

describe('devices on their way in', () => {
  it('are those that may want a connection and have none, and those that were just asked directly', async () => {
    let room = 0
    const pendingConnections = new PendingConnections(() => {
      room += 1
    })
    const [pos1, pos2, printer] = ['pos1', 'pos2', 'printer'].map((id) =>
      device(`PL-0001/${id}`, { transport: { type: id === 'printer' ? 'none' : 'ssh' } }),
    ) as [ReturnType<typeof device>, ReturnType<typeof device>, ReturnType<typeof device>]
    for (const one of [pos1, pos2, printer]) pendingConnections.begin(one)
    expect(pendingConnections.size).toBe(3)
    pendingConnections.connecting(pos1)
    expect([pendingConnections.size, room]).toEqual([3, 0])
    // The other never asks for one, and the printer does not answer: that costs nothing, so others are begun.
    await expect.poll(() => pendingConnections.size, { timeout: 3_000 }).toBe(1)
    pendingConnections.connected(pos1)
    pendingConnections.end(pos1)
    expect([pendingConnections.size, room]).toEqual([0, 3])
  })
})
