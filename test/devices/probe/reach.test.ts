import { describe, expect, test } from 'vitest'
import { connectHere } from '../../../src/devices/probe/connect-here.ts'
import { pingSummary } from '../../../src/devices/probe/ping-output.ts'
import { reachStateInWords, reachStateOf } from '../../../src/devices/probe/reach.ts'
import { tcp } from '../../../src/modules/tcp.ts'
import { someContext } from '../../modules/some-context.ts'
import { openLocalShell, shells } from '../../shell/shells.ts'
import { blackHole, tcpServer } from './servers.ts'

const never = new AbortController().signal

describe('from the controller', () => {
  test('an open port, and one that refuses', async () => {
    const server = await tcpServer()
    const to = { host: '127.0.0.1', port: server.port }
    expect(await connectHere(to, { timeoutMs: 5_000, signal: never })).toMatchObject({ state: 'open' })
    await server.close()
    expect(await connectHere(to, { timeoutMs: 5_000, signal: never })).toMatchObject({ state: 'refused' })
  })

  test('a black hole', async () => {
    const hole = await blackHole()
    const to = { host: '127.0.0.1', port: hole.port }
    expect(await connectHere(to, { timeoutMs: 500, signal: never })).toMatchObject({ state: 'timed-out' })
    await hole.close()
  })

  test('a name that does not resolve', async () => {
    const to = { host: 'no-such-name.invalid', port: 1 }
    expect(await connectHere(to, { timeoutMs: 10_000, signal: never })).toMatchObject({ state: 'name-not-found' })
  })

  test('a network that is not there', async () => {
    const answer = await connectHere({ host: '255.255.255.255', port: 1 }, { timeoutMs: 2_000, signal: never })
    expect(['unreachable', 'error', 'timed-out']).toContain(answer.state)
  })
})

describe.each(shells)('from a device with $name', ({ path }) => {
  test('a black hole', async () => {
    const hole = await blackHole()
    const { shell, close } = await openLocalShell(path)
    const context = someContext(shell, { signal: never })
    const observed = await tcp.observe(context, { port: hole.port, from: 'device', timeout_ms: 1000 })
    expect(observed).toMatchObject({ ok: true, value: { value: { state: 'timed-out' } } })
    await close()
    await hole.close()
  })
})

test('words of many programs', () => {
  expect(reachStateInWords('bash: connect: Connection refused')).toBe('refused')
  expect(reachStateInWords("nc: can't connect to remote host (10.0.0.1): No route to host")).toBe('unreachable')
  expect(reachStateInWords('nc: connect to h port 1 (tcp) timed out: Operation now in progress')).toBe('timed-out')
  expect(reachStateInWords("wget: bad address 'x'")).toBe('name-not-found')
  expect(reachStateInWords('nc: getaddrinfo for host "x" port 1: Temporary failure in name resolution')).toBe(
    'name-not-found',
  )
  expect(reachStateInWords('something else')).toBe('error')
})

test('of several addresses the one that says most counts', () => {
  const errors = ['ENETUNREACH', 'ECONNREFUSED'].map((code) => Object.assign(new Error(code), { code }))
  expect(reachStateOf(new AggregateError(errors))).toBe('refused')
})

test('summaries of ping', () => {
  expect(
    pingSummary(
      '3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss, time 2003ms\nrtt min/avg/max/mdev = 0.026/0.034/0.040/0.006 ms',
    ),
  ).toEqual({ sent: 3, received: 2, lossPercent: 33.3, rttMs: { min: 0.026, avg: 0.034, max: 0.04 } })
  expect(
    pingSummary('1 packets transmitted, 1 packets received, 0% packet loss\nround-trip min/avg/max = 1.5/1.5/1.5 ms'),
  ).toEqual({
    sent: 1,
    received: 1,
    lossPercent: 0,
    rttMs: { min: 1.5, avg: 1.5, max: 1.5 },
  })
  expect(pingSummary('2 packets transmitted, 4 received, +2 duplicates, 0% packet loss')).toMatchObject({
    lossPercent: 0,
  })
  expect(pingSummary('ping: unknown host')).toBeUndefined()
})
