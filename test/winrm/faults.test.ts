import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CutProxy, startCutProxy } from '../peers/cut-proxy.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../peers/winrm-peer.ts'
import { type Conversation, converse, newTransport } from './program.ts'

const ACTIONS = ['Create', 'Command', 'Send', 'Receive', 'Delete'] as const

/** What a fault ends with when it happens once; every other one costs nothing but time. */
const ENDS: Readonly<Record<string, string>> = {
  // Their output went to a reply that was never seen: whoever frames it notices.
  'timedout-after@Receive': 'SHELL_GONE or SESSION_GARBLED',
  'kill-shell@Send': 'SHELL_GONE',
  'kill-shell@Receive': 'SHELL_GONE',
  ...everywhere('fault:5', 'ACCESS_DENIED'),
  ...everywhere('fault:87', 'WINRM_FAULT'),
  'fault:2150858843@Send': 'SHELL_GONE',
  'fault:2150858843@Receive': 'SHELL_GONE',
  'fault:2147943418@Send': 'SHELL_GONE',
  'fault:2147943418@Receive': 'SHELL_GONE',
  'fault:2150859173@Command': 'QUOTA_SHELLS_EXCEEDED',
  'fault:2150859173@Send': 'QUOTA_SHELLS_EXCEEDED',
  'fault:2150859173@Receive': 'QUOTA_SHELLS_EXCEEDED',
  ...everywhere('http:500', 'PLAINTEXT_REFUSED'),
  ...everywhere('http:404', 'IDENTIFY_PROTOCOL_INVALID'),
  ...everywhere('http:407', 'IDENTIFY_PROTOCOL_INVALID'),
  ...everywhere('http:413', 'ENVELOPE_TOO_LARGE'),
}

function everywhere(kind: string, code: string): Record<string, string> {
  return Object.fromEntries(['Create', 'Command', 'Send', 'Receive'].map((action) => [`${kind}@${action}`, code]))
}

/** It says that the shell has gone when it has not. */
const LIES = new Set(['fault:2150858843@Delete', 'fault:2147943418@Delete'])

const KINDS = [
  ...['drop-before', 'drop-after', 'drop-mid', 'rst', 'timedout', 'timedout-after', 'stall:0.2'],
  ...['bad-mac', 'bad-relates', 'garbage', 'kill-shell'],
  ...[5, 170, 995, 87, 2150858843, 2150859173, 2150859174, 2150859175, 2147943418].map((code) => `fault:${code}`),
  ...[401, 400, 502, 503, 504, 500, 404, 407, 413].map((status) => `http:${status}`),
]

function specOf(kind: string, action: string, times: string): string {
  const [name = '', argument] = kind.split(':')
  return `${name}@${action}${argument === undefined ? '' : `:${argument}`}${times}`
}

/** Nothing ran twice, nothing is said to be done that was not, and what may have run is said to. */
function expectHonest(conversation: Conversation, what: string): void {
  const { end, times, mayHaveRun } = conversation
  expect(times, what).toBeLessThanOrEqual(1)
  if (end === 'done') expect(times, what).toBe(1)
  if (times > 0 && end !== 'SESSION_GARBLED') expect(mayHaveRun, what).toBe(true)
}

/** Kinds that are the same at every try. */
const ALWAYS = [
  'drop-before',
  'drop-after',
  'bad-mac',
  'garbage',
  'http:401',
  'http:502',
  'http:503',
  'fault:2150859174',
  'timedout',
]

/** Most of it waits for deadlines, so it is tried by several devices beside each other, each with tests of its own. */
const LANES = [0, 1, 2]
const inLane = (kinds: readonly string[], lane: number): string[] => kinds.filter((_, n) => n % LANES.length === lane)

/** A device for the tests of a suite. */
function ownPeer(): { readonly peer: WinRmPeer } {
  const own: { peer?: WinRmPeer } = {}
  beforeAll(async () => {
    own.peer = await startWinRmPeer(['--auth', 'ntlm', '--require-encryption', '--exec', 'sh'])
  })
  afterAll(() => own.peer?.stop())
  return own as { readonly peer: WinRmPeer }
}

describe.runIf(hasWinRmPeer).concurrent.each(LANES)('a device that fails (%i)', (lane) => {
  describe.sequential('at a message', () => {
    const own = ownPeer()
    const transport = newTransport()

    test.each(inLane(KINDS, lane))('once with %s, at every message', async (kind) => {
      for (const action of ACTIONS) {
        await own.peer.reset()
        await own.peer.fault(specOf(kind, action, '*1'))
        const conversation = await converse(transport, winrmTarget(own.peer))
        const what = `${kind}@${action}: ${JSON.stringify(conversation)}`
        expect((ENDS[`${kind}@${action}`] ?? 'done').split(' or '), what).toContain(conversation.end)
        expectHonest(conversation, what)
        const state = await own.peer.state()
        if (!LIES.has(`${kind}@${action}`)) expect(state.shells_open, what).toBe(0)
        expect(state.violations, what).toBe(0)
        expect(state.decrypt_errors, what).toBe(0)
      }
    })

    test.each(inLane(ALWAYS, lane))('always with %s is given up in time, and leaves no shell', async (kind) => {
      for (const action of ['Create', 'Command', 'Receive']) {
        if (kind === 'timedout' && action === 'Receive') continue
        await own.peer.reset()
        await own.peer.fault(specOf(kind, action, ''))
        const conversation = await converse(transport, winrmTarget(own.peer))
        const what = `${kind}@${action}: ${JSON.stringify(conversation)}`
        expect(conversation.end, what).not.toBe('done')
        expectHonest(conversation, what)
        expect((await own.peer.state()).shells_open, what).toBe(0)
      }
    })
  })
})

describe.runIf(hasWinRmPeer).concurrent.each(['up', 'down'] as const)(
  'a line that is cut anywhere on the way %s',
  (direction) => {
    describe.sequential('to the device', () => {
      const own = ownPeer()
      const transport = newTransport()

      test('costs at most the login of the run', async () => {
        const text = await measure()
        const whole = text.length
        const anywhere = Array.from({ length: 12 }, (_, n) => Math.floor(((n + Math.random()) * whole) / 12))
        for (const at of new Set([...edges(text), ...anywhere])) {
          await own.peer.reset()
          const proxy = await startCutProxy(own.peer.port, { direction, at })
          const conversation = await converse(transport, winrmTarget(proxy))
          await proxy.stop()
          const what = `cut ${direction} at ${at} of ${whole}: ${JSON.stringify(conversation)}`
          expectHonest(conversation, what)
          expect(conversation.end, what).toBe('done')
          expect((await own.peer.state()).shells_open, what).toBe(0)
        }
      }, 240_000)

      /** Before and behind every head, every part of a body, and what is sealed in it. */
      function edges(text: string): number[] {
        const marks = text.matchAll(
          /POST \/wsman|HTTP\/1\.1 |\r\n\r\n|octet-stream\r\n|--Encrypted Boundary(?:--\r\n)?/g,
        )
        return [...marks].flatMap(({ index, 0: { length } }) => [index, index + length])
      }

      async function measure(): Promise<string> {
        const proxy: CutProxy = await startCutProxy(own.peer.port, { direction, at: Number.POSITIVE_INFINITY })
        await converse(transport, winrmTarget(proxy))
        await proxy.stop()
        return proxy.text(direction)
      }
    })
  },
)

describe.runIf(hasWinRmPeer)('a gateway before a device', () => {
  const own = ownPeer()
  const transport = newTransport()

  test('what a gateway gives up on may have been done behind it', async () => {
    for (const kind of ['http:500', 'http:502', 'http:504', 'http:520']) {
      await own.peer.reset()
      await own.peer.fault(specOf(kind, 'Command', ''))
      expect(await converse(transport, winrmTarget(own.peer)), kind).toMatchObject({
        mayHaveRun: true,
        phase: 'observe',
      })
      await own.peer.reset()
      await own.peer.fault(specOf(kind, 'Create', ''))
      expect((await converse(transport, winrmTarget(own.peer))).mayHaveRun, kind).toBe(false)
      // It is said that the shell ends without waiting for the answer.
      const deletes = async (): Promise<number> => (await own.peer.state()).actions['Delete'] ?? 0
      await expect.poll(deletes, { message: kind, timeout: 10_000 }).toBeGreaterThan(0)
    }
  })

  test('an answer that is not sealed is refused, whatever it says', async () => {
    await own.peer.reset()
    const plain =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><x/></s:Body></s:Envelope>'
    const forged = `HTTP/1.1 200 \r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: ${plain.length}\r\n\r\n${plain}`
    const proxy = await startCutProxy(own.peer.port, {
      direction: 'up',
      at: Number.POSITIVE_INFINITY,
      forge: { after: 2, reply: forged },
    })
    const conversation = await converse(transport, winrmTarget(proxy))
    await proxy.stop()
    expect(conversation).toMatchObject({ end: 'SEAL_INVALID', times: 0 })
    expect((await own.peer.state()).shells_open).toBe(0)
  })
})

describe.runIf(hasWinRmPeer)('Windows 7, which chooses ids itself', () => {
  let peer: WinRmPeer
  const transport = newTransport()
  beforeAll(async () => {
    peer = await startWinRmPeer([
      '--auth',
      'ntlm',
      '--require-encryption',
      '--exec',
      'sh',
      '--legacy',
      '--quota-ops',
      '15',
    ])
  })
  afterAll(() => peer?.stop())

  test('is spoken to all the same', async () => {
    expect(await converse(transport, winrmTarget(peer))).toMatchObject({ end: 'done', times: 1 })
    expect((await peer.state()).shells_open).toBe(0)
  })

  test.each(['drop-before', 'drop-after', 'timedout', 'timedout-after', 'bad-mac'])(
    'a command whose reply is lost by %s is never started again',
    async (kind) => {
      await peer.reset()
      await peer.fault(specOf(kind, 'Command', '*1'))
      const conversation = await converse(transport, winrmTarget(peer))
      expect(conversation.end).not.toBe('done')
      expect(conversation.mayHaveRun).toBe(true)
      expect(conversation.times).toBeLessThanOrEqual(1)
      expect((await peer.state()).shells_open).toBe(0)
    },
  )
})
