import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/module.ts'
import { pointerName } from '../../src/devices/dns/answer.ts'
import { dns } from '../../src/modules/dns.ts'
import { isThere } from '../peers/debian.ts'
import { NameServer } from '../peers/name-server.ts'
import { openWorld, removeFarms, type World } from './device-world.ts'
import { someContext } from './some-context.ts'
import { WindowsWorld } from './windows-world.ts'

const server = new NameServer({
  'pos.example': ['A 10.0.0.2', 'A 10.0.0.1', 'AAAA fd00::12', 'MX 10 mail.example', 'TXT v=1; a b'],
  'text.example': [String.raw`TXT Żabka "Górna"; C:\kasa\126`],
  'www.example': ['CNAME pos.example'],
  '9.12.4.10.in-addr.arpa': ['PTR pos.example'],
  'broken.example': 'SERVFAIL',
  'closed.example': 'REFUSED',
  'slow.example': 'silent',
})
let port: number
beforeAll(async () => {
  port = await server.start()
})
afterAll(() => {
  server.close()
  removeFarms()
})

const DEBIAN = [
  { tool: 'dig', debian: 'bind9-dnsutils' },
  { tool: 'nslookup', debian: 'bind9-dnsutils' },
  { tool: 'host', debian: 'bind9-host' },
  { tool: 'busybox', debian: 'busybox' },
] as const

const has = (wanted: string): boolean => {
  const { debian } = DEBIAN.find(({ tool }) => tool === wanted) ?? { debian: wanted }
  const isHere = spawnSync('/bin/sh', ['-c', `command -v ${wanted}`]).status === 0
  return isThere({ what: `dns by ${wanted}`, debian, isHere })
}

const TOOLS = ['dig', 'host', 'nslookup'] as const
const devices = [
  ...TOOLS.map((tool) => ({ by: tool, shell: '/bin/dash', missing: TOOLS.filter((other) => other !== tool) })),
  { by: 'busybox', shell: '/usr/bin/busybox', missing: [] },
].filter(({ by }) => has(by))

const asked: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['pos.example', 'A', 'resolved', ['10.0.0.1', '10.0.0.2']],
  ['pos.example', 'AAAA', 'resolved', ['fd00::12']],
  ['pos.example', 'MX', 'resolved', ['10 mail.example']],
  ['pos.example', 'TXT', 'resolved', ['v=1; a b']],
  ['text.example', 'TXT', 'resolved', [String.raw`Żabka "Górna"; C:\kasa\126`]],
  ['www.example', 'CNAME', 'resolved', ['pos.example']],
  ['10.4.12.9', 'PTR', 'resolved', ['pos.example']],
  ['nobody.example', 'A', 'nxdomain', []],
  ['broken.example', 'A', 'servfail', []],
  ['closed.example', 'A', 'refused', []],
  ['slow.example', 'A', 'timed-out', []],
]

async function look(world: World | undefined, params: JsonObject): Promise<Observation> {
  const context = someContext(world?.shell ?? ({} as World['shell']))
  const common = { server: '127.0.0.1', port, timeout_ms: 1000 }
  const seen = await dns.observe(context, { from: world ? 'device' : 'controller', ...common, ...params })
  if (!seen.ok) throw new Error(seen.failure.message)
  return seen.value
}

it.each(asked)('asks from the controller: %s %s is %s', async (name, type, state, answers) => {
  expect((await look(undefined, { name, type })).value).toMatchObject({ state, answers })
})

it('knows a name without records of the type, and a server that is not there', async () => {
  expect((await look(undefined, { name: 'www.example', type: 'TXT' })).value).toMatchObject({ answers: [] })
  expect((await look(undefined, { name: '9.12.4.10.in-addr.arpa', type: 'A' })).value).toMatchObject({
    state: 'no-data',
  })
  expect((await look(undefined, { name: 'pos.example', port: 1 })).value).toMatchObject({ state: 'unreachable' })
})

describe.each(devices)('from a device by $by', ({ shell, missing }) => {
  it.each(asked)('%s %s is %s', async (name, type, state, answers) => {
    const world = await openWorld(shell, { missing })
    try {
      expect((await look(world, { name, type })).value).toMatchObject({ state, answers })
    } finally {
      await world.close()
    }
  })
})

describe('on Windows', () => {
  const said = (answer: object): WindowsWorld =>
    new WindowsWorld({ 'dns.resolve': { code: 0, detail: '', answers: [], ms: 3, ...answer } as never })
  const params = { name: 'pos.example', from: 'device' }

  it.each([
    [{ answers: ['10.0.0.1'] }, []],
    [{ code: 9003 }, ['state: nxdomain -> resolved']],
    [{ code: 9002 }, ['state: servfail -> resolved']],
    [{ code: 1460 }, ['state: timed-out -> resolved']],
    [{ code: 9501 }, ['state: no-data -> resolved']],
    [{ code: 5, detail: 'Access is denied' }, ['unknown: "pos.example" (A) could not be asked for: Access is denied.']],
  ])('understands %j', async (answer, differs) => {
    expect(await said(answer).differs('dns', params)).toEqual(differs)
  })

  it('asks for the name of a pointer, and not on another port', async () => {
    const world = said({ answers: ['pos.example'] })
    await world.differs('dns', { ...params, name: '10.4.12.9', type: 'PTR', server: '10.0.0.53' })
    expect(world.valuesOf('dns.resolve')).toMatchObject({ name: '9.12.4.10.in-addr.arpa', server: '10.0.0.53' })
    expect((await world.differs('dns', { ...params, server: '10.0.0.53', port: 5353 }))[0]).toMatch(/^PARAMS_INVALID/)
  })
})

it('knows the pointers of IPv6', () => {
  expect(pointerName('2001:db8::567:89ab')).toBe(
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  )
})
