import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bearer, RULES, SECRETS, SENDERS, ServedProject, signed, zabbix } from './served-project.ts'

const seed = Number(process.env['TILL_TEST_SEED'] ?? Date.now() % 1_000_000)
const TIMES = Number(process.env['TILL_TEST_BODIES'] ?? 600)
let till: ServedProject

beforeAll(async () => {
  till = new ServedProject(SENDERS + RULES)
  await till.serve()
})
afterAll(() => till.remove())

/** Bodies that are nearly right: real ones with parts of others in them. */
const bodies = fc.oneof(
  fc.json({ maxDepth: 8 }),
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .record(
      {
        event_id: fc.oneof(fc.nat().map(String), fc.constantFrom('{EVENT.ID}', '--help', '1; reboot', '__proto__')),
        event_value: fc.constantFrom('0', '1', '2', '{EVENT.VALUE}'),
        event_name: fc.oneof(fc.string(), fc.constantFrom('MarkerGone ', 'markergone')),
        event_tags: fc.oneof(fc.json(), fc.constant('[{"tag":"device","value":"../../x"}]')),
        host: fc.oneof(fc.string(), fc.constantFrom('--help', '$(reboot)', '__proto__', 'constructor')),
      },
      { requiredKeys: [] },
    )
    .map((each) => JSON.stringify(each)),
  fc
    .record({
      alerts: fc.array(
        fc.record({
          status: fc.constantFrom('firing', 'resolved', 'x'),
          fingerprint: fc.string(),
          labels: fc.jsonValue(),
        }),
      ),
    })
    .map((each) => JSON.stringify(each)),
  fc.integer({ min: 60, max: 20_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
)
const sources = fc.constantFrom('zabbix', 'alertmanager', 'grafana', 'zabix', '..%2f..', '%00', '%', 'constructor')
const proofs = fc.constantFrom('right', 'wrong', 'none', 'replayed', 'stale', 'odd')

test(`hostile bodies let nothing in, and are told why (seed ${seed})`, async () => {
  const before = memoryOf()
  const once = JSON.stringify(zabbix(1, 'Nothing'))
  const replayed = signed(once)
  expect((await till.send('zabbix', once, replayed)).status).toBe(202)
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(bodies, sources, proofs), { minLength: 1, maxLength: 8 }), async (requests) => {
      await Promise.all(
        requests.map(async ([body, source, proof]) => {
          const headers = {
            right: bearer('T_ALL'),
            wrong: { authorization: `Bearer ${SECRETS.T_ALL.slice(1)}` },
            none: {},
            replayed,
            stale: signed(once, 0),
            odd: { authorization: 'Bearer' },
          }[proof]
          const sent = proof === 'replayed' || proof === 'stale' ? once : (body as string | Uint8Array)
          const { status, why } = await till.send(source, sent, headers)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          expect([202, 400, 401, 404, 409, 429]).toContain(status)
          if (status !== 202) expect(why).toMatch(/^\S.*\.$/s)
          if (proof !== 'right') expect(status).not.toBe(202)
        }),
      )
    }),
    { seed, numRuns: Math.ceil(TIMES / 4) },
  )
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([400, 401]))
  expect(till.log()).toEqual([])
  expect(till.told).not.toContain('fault of Tillwright')
  expect(memoryOf() - before).toBeLessThan(200)
  expect((await fetch(`${till.url}/readyz`)).status).toBe(200)
})

function memoryOf(): number {
  const status = readFileSync(`/proc/${till.server?.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

test('who holds a thousand connections without asking anything keeps no alert out', async () => {
  const { hostname, port } = new URL(till.url)
  const sockets: Socket[] = []
  const idle = async (): Promise<void> => {
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    sockets.push(socket)
    socket.write('GET /healthz HTTP/1.1\r\nHost: till\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve).once('close', resolve))
  }
  try {
    for (let times = 0; times < 20; times += 1) await Promise.all(Array.from({ length: 50 }, idle))
    expect((await till.send('zabbix', zabbix(4_711, 'Elsewhere'))).status).toBe(202)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})
