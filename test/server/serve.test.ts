import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { bearer, NORTH, RULES, SECRETS, SENDERS, ServedProject, SOUTH, signed, zabbix } from './served-project.ts'
import { Visitor } from './visitor.ts'

let project: ServedProject | undefined

async function served(settings = SENDERS + RULES): Promise<ServedProject> {
  project = new ServedProject(settings)
  await project.serve()
  return project
}

afterEach(async () => {
  await project?.remove()
  project = undefined
})

test('an alert that comes in is kept, answered with its episode, and repaired', async () => {
  const till = await served()
  const answer = await till.send('zabbix', zabbix(1, 'MarkerGone'))
  expect(answer).toMatchObject({ status: 202, alerts: [{ device: `${NORTH}/pos1`, why: null }] })
  await till.has(() => till.told.includes('repair 1 helped'))
  expect(till.log()).toEqual(['pos1 made'])
  const again = await till.send('zabbix', zabbix(1, 'MarkerGone'))
  expect(again.alerts?.[0]?.episode).toBe(answer.alerts?.[0]?.episode)
  const shown = await till.till('episodes', 'list', '--json')
  expect(JSON.parse(shown.stdout).episodes).toMatchObject([{ state: 'repaired', attempts: [{ result: 'helped' }] }])
  const ready = await (await fetch(`${till.url}/readyz`)).json()
  expect([errorsOf('server-ready', ready), ready]).toMatchObject([[], { ready: true }])
  expect(await (await fetch(`${till.url}/healthz`)).text()).toBe('ok\n')
  const metrics = await (await fetch(`${till.url}/metrics`)).text()
  expect(metrics).toContain('till_hook_requests_total{source="zabbix",status="202"} 2\n')
  expect(metrics).toContain('till_repairs_total{result="helped"} 1\n')
  expect(metrics).not.toContain(NORTH)
  expect(till.told).not.toContain(SECRETS.T_ALL)
  expect(await till.end('SIGTERM')).toMatchObject({ code: 0 })
  expect(till.told).toMatch(/Stopping\.\n[\s\S]*Stopped\.\n$/)
})

test('a server whose stderr nobody reads any more goes on', async () => {
  const till = await served()
  till.server?.stderr?.destroy()
  for (const [index, device] of [`${NORTH}/pos1`, `${NORTH}/office`].entries()) {
    expect(await till.send('zabbix', zabbix(index, 'MarkerGone', device))).toMatchObject({ status: 202 })
    await till.has(() => till.log().length === index + 1)
  }
  expect(await till.end('SIGTERM')).toMatchObject({ code: 0 })
})

test('a payload that leaves alerts out is taken, and told of', async () => {
  const till = await served()
  const labels = { alertname: 'MarkerGone', device: `${NORTH}/pos1` }
  const alert = { status: 'firing', fingerprint: 'c6', startsAt: '2026-11-22T01:40:33Z', labels }
  const cut = await till.send('alertmanager', { alerts: [alert], truncatedAlerts: 3 })
  expect(cut).toMatchObject({ status: 202, left_out: 3, alerts: [{ device: `${NORTH}/pos1`, why: null }] })
  await till.has(() => till.told.includes('3 alerts were left out of it ("truncatedAlerts")'))
  const metrics = await (await fetch(`${till.url}/metrics`)).text()
  expect(metrics).toContain('till_hook_payloads_cut_total{source="alertmanager"} 1\n')
})

test('what leads to nothing is told in the log, since few senders read an answer', async () => {
  const till = await served()
  await till.send('zabbix', zabbix(1, 'Other'))
  await till.has(() =>
    till.told.includes('Nothing is done about "Other" of zabbix: No rule holds for it. "till hook record"'),
  )
  const alert = { status: 'firing', fingerprint: 'c6', labels: { alertname: 'MarkerGone', store: 'S-none' } }
  const resolved = { ...alert, status: 'resolved', labels: { ...alert.labels, alertname: 'Ended' } }
  await till.send('alertmanager', { alerts: [resolved, alert] })
  await till.has(() => till.told.includes('"MarkerGone" of alertmanager: There is no store "S-none" in the inventory.'))
  expect(till.told).not.toContain('"Ended"')
})

test('others who read the state meanwhile see what comes after, too', async () => {
  const till = await served()
  for (const [index, device] of [`${NORTH}/pos1`, `${NORTH}/office`, `${SOUTH}/pos1`].entries()) {
    await till.send('zabbix', zabbix(index, 'MarkerGone', device))
    await till.has(() => till.log().length === index + 1)
    const { episodes } = JSON.parse((await till.till('episodes', 'list', '--json')).stdout)
    expect(episodes).toHaveLength(index + 1)
  }
})

test('what `till hook fire` takes in is worked off by the server, and no second server works on the state', async () => {
  const till = await served()
  const fields = Object.entries(zabbix(1, 'MarkerGone')).flatMap(([name, value]) => ['--field', `${name}=${value}`])
  const fired = await till.till('hook', 'fire', '--source', 'zabbix', ...fields, '--json')
  expect(JSON.parse(fired.stdout)).toMatchObject({ worker: { pid: till.server?.pid }, alerts: [] })
  await till.has(() => till.log().length > 0)
  const second = await till.till('serve', '--listen', '127.0.0.1:0', '--json')
  expect(second.code).toBe(2)
  expect(JSON.parse(second.stdout).diagnostics).toMatchObject([{ code: 'SERVER_RUNNING' }])
  await till.end('SIGTERM')
  expect(till.log()).toEqual(['pos1 made'])
})

test('a stop waits for the repair that is under way', async () => {
  const till = await served()
  await till.send('zabbix', zabbix(1, 'Slow'))
  await till.has(() => till.log().includes('begun'))
  const end = till.end('SIGTERM')
  await expect.poll(async () => (await fetch(`${till.url}/readyz`)).status).toBe(503)
  till.write('quick', '')
  expect(await end).toMatchObject({ code: 0 })
  expect(till.log()).toEqual(['begun', 'ended'])
  const shown = await till.till('episodes', 'list', '--json')
  expect(JSON.parse(shown.stdout).episodes).toMatchObject([{ attempts: [{ result: 'helped' }] }])
})

test('a repair that the server was killed in is settled as in doubt, and not made again', async () => {
  const till = await served()
  await till.send('zabbix', zabbix(1, 'Slow'))
  await till.has(() => till.log().includes('begun'))
  await till.end('SIGKILL')
  await till.serve()
  expect(till.told).toContain('1 repair that nobody makes any more')
  await till.send('zabbix', zabbix(2, 'Slow'))
  const list = async () => JSON.parse((await till.till('episodes', 'list', '--json')).stdout).episodes
  while ((await list())[0]?.state !== 'needs-people') await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(await list()).toMatchObject([{ occurrences: 2, attempts: [{ result: 'doubtful' }] }])
  till.write('quick', '')
})

describe('nobody is let in who', () => {
  const good = JSON.stringify(zabbix(1, 'Nobody'))
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const stale = 'The time that it is signed with is not within 60 s of the clock of this machine.'
  interface Case {
    readonly who: string
    readonly status: number
    readonly why: string
    readonly headers: () => Readonly<Record<string, string>>
    readonly body?: string | Uint8Array
    readonly source?: string
  }
  const all = () => bearer('T_ALL')
  const noToken = { status: 401, why: 'Its token is not right.' }
  const noPassword = { status: 401, why: 'Its user or password is not right.' }
  const noSignature = { status: 401, why: 'Its signature is not right.' }
  const noSource = { status: 404, why: 'There is no such source.' }
  const cases: readonly Case[] = [
    { who: 'proves nothing', status: 401, why: 'It proves in no way who it is.', headers: () => ({}) },
    { who: 'has another token', ...noToken, headers: () => ({ authorization: 'Bearer token-of-all-012345678' }) },
    { who: 'sends the password as a token', ...noToken, headers: () => bearer('T_BASIC') },
    { who: 'has another password', ...noPassword, headers: () => basic(`graf:${SECRETS.T_ALL}`) },
    { who: 'has another user', ...noPassword, headers: () => basic(`gra:${SECRETS.T_BASIC}`) },
    {
      who: 'speaks another scheme',
      status: 401,
      why: 'Its Authorization is neither Bearer nor Basic.',
      headers: () => ({ authorization: 'Digest x=1' }),
    },
    { who: 'signs with another key', ...noSignature, headers: () => signed(good, Date.now(), 'another-key') },
    { who: 'signs another body', ...noSignature, headers: () => signed(`${good} `) },
    { who: 'signed an hour ago', status: 401, why: stale, headers: () => signed(good, Date.now() - 3_600_000) },
    { who: 'signs for in an hour', status: 401, why: stale, headers: () => signed(good, Date.now() + 3_600_000) },
    { who: 'names no source', ...noSource, headers: all, source: 'zabix' },
    { who: 'may not send as that source', ...noSource, headers: () => bearer('T_NORTH'), source: 'alertmanager' },
    { who: 'sends nothing', status: 400, why: 'This is no payload of zabbix: It is empty.', headers: all, body: '' },
    {
      who: 'sends no JSON',
      status: 400,
      why: 'This is no payload of zabbix: It is not JSON.',
      headers: all,
      body: '{',
    },
    {
      who: 'sends no text',
      status: 400,
      why: 'Its body is not UTF-8.',
      headers: all,
      body: new Uint8Array([34, 255, 34]),
    },
    {
      who: 'sends it compressed',
      status: 415,
      why: 'Its body is compressed: send it as it is.',
      headers: () => ({ ...all(), 'content-encoding': 'gzip' }),
    },
  ]
  let till: ServedProject

  beforeAll(async () => {
    till = new ServedProject(SENDERS + RULES)
    await till.serve()
  })
  afterAll(async () => {
    expect((await till.till('hook', 'record')).stdout).toBe('')
    await till.remove()
  })

  test.each(cases)('$who', async ({ status, why, headers, body = good, source = 'zabbix' }) => {
    expect(await till.send(source, body, headers())).toMatchObject({ status, why })
  })
})

test('a signature is taken once, and each way in works', async () => {
  const till = await served()
  const body = JSON.stringify(zabbix(1, 'MarkerGone'))
  const headers = signed(body)
  const both = await Promise.all([till.send('zabbix', body, headers), till.send('zabbix', body, headers)])
  expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
  // What was signed, but not taken in, may come again when it can be.
  const early = signed('{')
  expect((await till.send('zabbix', '{', early)).status).toBe(400)
  expect((await till.send('zabbix', '{', early)).status).toBe(400)
  const heard = async (text: string, headers: Readonly<Record<string, string>>) =>
    (await fetch(`${till.url}/acknowledgements/M1`, { method: 'POST', headers, body: text })).status
  const [unknown, unread] = [signed('{"heard": true}'), signed('[]')]
  expect([await heard('{"heard": true}', unknown), await heard('{"heard": true}', unknown)]).toEqual([404, 404])
  expect([await heard('[]', unread), await heard('[]', unread)]).toEqual([400, 400])
  const basic = { authorization: `Basic ${Buffer.from(`graf:${SECRETS.T_BASIC}`).toString('base64')}` }
  expect((await till.send('zabbix', zabbix(2, 'MarkerGone'), basic)).status).toBe(202)
  const get = await fetch(`${till.url}/hooks/zabbix`, { redirect: 'manual' })
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, PUT'])
})

test('what a sender may not tell of does not exist for it', async () => {
  const till = await served()
  const north = bearer('T_NORTH')
  const told = async (name: string, host: string, more = {}) => {
    const { status, alerts } = await till.send('zabbix', { ...zabbix(1, name, host), ...more }, north)
    return [status, alerts?.[0]]
  }
  const nowhere = { device: null, episode: null }
  expect(await told('MarkerGone', `${SOUTH}/pos1`)).toMatchObject([
    202,
    { ...nowhere, why: `No device of the inventory goes by "${SOUTH}/pos1".` },
  ])
  expect(await told('MarkerGone', 'nobody')).toMatchObject([
    202,
    { ...nowhere, why: 'No device of the inventory goes by "nobody".' },
  ])
  const tag = (tag: string, value: string) => ({ host: '', event_tags: JSON.stringify([{ tag, value }]) })
  expect(await told('MarkerGone', '', tag('device', `${SOUTH}/pos1`))).toMatchObject([
    202,
    { why: `There is no device "${SOUTH}/pos1" in the inventory.` },
  ])
  expect(await told('LineDown', '', tag('store', SOUTH))).toMatchObject([
    202,
    { ...nowhere, why: `There is no store "${SOUTH}" in the inventory.` },
  ])
  // Nor for one that is called like a source of ours.
  const streams = await till.send('zabbix', zabbix(7, 'MarkerGone', `${SOUTH}/pos1`), bearer('T_STREAMS'))
  expect(streams.alerts).toMatchObject([{ ...nowhere, why: `No device of the inventory goes by "${SOUTH}/pos1".` }])
  // One device of that store is not its own: it may not say that the whole store has a fault.
  expect(await told('LineDown', '', tag('store', NORTH))).toMatchObject([
    202,
    { ...nowhere, why: expect.stringContaining('Not all devices of the store') },
  ])
  expect(await told('MarkerGone', `${NORTH}/pos1`)).toMatchObject([202, { device: `${NORTH}/pos1`, why: null }])
  // The same text from somebody who may tell of it is not what came before.
  expect((await till.send('zabbix', zabbix(1, 'MarkerGone', `${SOUTH}/pos1`))).alerts).toMatchObject([
    { device: `${SOUTH}/pos1`, why: null },
  ])
})

/** Sends sixty at once, again and again until one is refused for it: a slow machine sends so slowly that room comes back meanwhile. */
async function untilRefused(send: (n: number) => Promise<number>): Promise<readonly number[]> {
  const all: number[] = []
  for (let n = 0; n < 3_000 && !all.includes(429); n += 60)
    all.push(...(await Promise.all(Array.from({ length: 60 }, (_, more) => send(n + more)))))
  return all
}

test('who sends too much is refused, and the others are not', async () => {
  const till = await served()
  const slow = bearer('T_SLOW')
  const sent = async (id: number) => (await till.send('zabbix', zabbix(id, 'MarkerGone'), slow)).status
  expect([await sent(1), await sent(2)]).toEqual([202, 202])
  const atOnce = await untilRefused((n) => sent(10 + n))
  expect(atOnce).toContain(429)
  expect((await till.send('zabbix', zabbix(9, 'MarkerGone'))).status).toBe(202)
  const many = await untilRefused(async () => (await till.send('zabbix', '{}', {})).status)
  expect(new Set(many)).toEqual(new Set([401, 429]))
  // All of them may come by one proxy: whoever has a token is none of those who are refused.
  const both = Array.from({ length: 120 }, (_, n) => {
    return n % 6 === 0 ? till.send('zabbix', zabbix(n, 'Nobody')) : till.send('zabbix', '{}', {})
  })
  const answers = (await Promise.all(both)).map(({ status }) => status)
  expect(new Set(answers.filter((_, n) => n % 6 === 0))).toEqual(new Set([202]))
})

test('a body that does not come is not waited for, and one that is too large is not read', async () => {
  const till = await served()
  const { port, hostname } = new URL(till.url)
  const answerTo = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let answer = ''
      const socket = connect(Number(port), hostname, () => socket.write(text))
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })
  const head = `POST /hooks/zabbix HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRETS.T_ALL}\r\n`
  const answers = await Promise.all([
    answerTo(`${head}Content-Length: 40000000\r\n\r\n{`),
    answerTo(`${head}Content-Length: 1000\r\n\r\n{`),
    answerTo(head),
  ])
  for (const [index, status] of [413, 408, 408].entries())
    expect(answers[index]?.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
  // Who sends all of one, with its length or without, sees the answer: the connection is not cut below it.
  for (let times = 0; times < 3; times++) {
    const whole = ['x'.repeat(35_000_000), new Blob(['x'.repeat(35_000_000)]).stream()]
    for (const body of whole) {
      const headers = { authorization: `Bearer ${SECRETS.T_ALL}` }
      const sent = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      expect((await fetch(`${till.url}/hooks/zabbix`, sent)).status).toBe(413)
    }
  }
  expect((await till.send('zabbix', zabbix(1, 'MarkerGone'))).status).toBe(202)
})

test('bodies of nobody shut out neither senders, nor people, nor who signs', async () => {
  const people = `server:\n  proxies: [127.0.0.1]\n  accounts:\n    anna: {role: admin, password: '${hashOf(PASSWORD)}'}\n`
  const till = await served(SENDERS.replace('server:\n', people) + RULES)
  const { port, hostname } = new URL(till.url)
  const size = 32 * 1024 * 1024
  const body = Buffer.alloc(size - 1, 'x')
  for (const address of ['10.9.0.1', '10.9.0.2', '10.9.0.3']) {
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    const signs = 'X-Sign: 00\r\nX-Time: 0'
    const head = `POST /hooks/zabbix HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n${signs}\r\nContent-Length: ${size}\r\n\r\n`
    socket.write(head)
    // Whoever gets no room for all of it is answered, and sends no more.
    await Promise.race([new Promise((resolve) => socket.write(body, resolve)), once(socket, 'data')])
  }
  expect(await till.send('zabbix', zabbix(1, 'Nobody'))).toMatchObject({ status: 202 })
  expect(await new Visitor(till.url).signIn('anna')).toMatchObject({ status: 200 })
  const text = JSON.stringify(zabbix(2, 'Nobody'))
  expect(await till.send('zabbix', text, { ...signed(text), 'x-forwarded-for': '10.9.0.4' })).toMatchObject({
    status: 202,
  })
})

test('a new revision is taken into force, and one that cannot be used is told and leaves the old one', async () => {
  const till = await served()
  const settings = till.read('tillwright.yaml')
  till.write('tillwright.yaml', settings.replace("'MarkerGone'", "'Other' && nonsense"))
  await till.has(() => till.told.includes('cannot be used'))
  expect(till.told).toMatch(/the revision before stays in force: .*tillwright\.yaml:\d+:\d+: /)
  expect((await till.send('zabbix', zabbix(1, 'MarkerGone'))).alerts).toMatchObject([{ why: null }])
  expect(await (await fetch(`${till.url}/metrics`)).text()).toContain('till_revision_in_force 0\n')
  till.write('tillwright.yaml', settings.replace("'MarkerGone'", "'Other'"))
  await till.has(() => till.told.includes('A new revision of the repository is in force'))
  expect((await till.send('zabbix', zabbix(2, 'MarkerGone'))).alerts).toMatchObject([{ why: 'No rule holds for it.' }])
  expect((await till.send('zabbix', zabbix(3, 'Other', `${SOUTH}/pos1`))).alerts).toMatchObject([{ why: null }])
  await till.has(() => till.log().length === 2)
  // What began by a rule that is no longer there, or that holds no longer, is ended all the same.
  const over = await till.send('zabbix', zabbix(1, 'MarkerGone', `${NORTH}/pos1`, '0'))
  expect(over.alerts).toMatchObject([{ device: `${NORTH}/pos1`, why: null }])
  till.write('tillwright.yaml', settings.replace('name: marker', 'name: marking').replace("'MarkerGone'", "'Other'"))
  await till.has(() => till.told.split('A new revision of the repository is in force').length === 3)
  const ended = await till.send('zabbix', zabbix(3, 'Other', `${SOUTH}/pos1`, '0'))
  expect(ended.alerts).toMatchObject([{ device: `${SOUTH}/pos1`, why: null }])
  const list = async () => JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
  const states = async () => (await list()).map(({ state }: { state: string }) => state)
  while ((await states()).sort().join() !== 'clear,closed') await delay(100)
})

test('a body with thousands of alerts of one device holds up nobody', async () => {
  const till = await served()
  const alerts = Array.from({ length: 10_000 }, (_, n) => ({
    status: 'firing',
    fingerprint: `f${n}`,
    startsAt: '2026-11-22T01:40:33Z',
    labels: { alertname: 'MarkerGone', device: `${NORTH}/pos1` },
  }))
  let [slowest, isOver] = [0, false]
  const watching = (async () => {
    while (!isOver) {
      const begun = performance.now()
      await (await fetch(`${till.url}/healthz`)).text()
      slowest = Math.max(slowest, performance.now() - begun)
      await delay(20)
    }
  })()
  expect((await till.send('alertmanager', { version: '4', alerts })).status).toBe(202)
  await till.has(() => till.told.includes('repair 1 helped'))
  const list = async () => JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
  while ((await list())[0]?.occurrences !== 10_000) await delay(100)
  isOver = true
  await watching
  // A fraction of a second, where nothing else wants the machine; one after the other they took minutes.
  expect(slowest).toBeLessThan(10_000)
  expect(till.log()).toEqual(['pos1 made'])
})

test('monitoring that does not answer holds up no repair of what others tell of', async () => {
  const asked = new Set<unknown>()
  let left = 0
  const hanging = createServer((request) => {
    asked.add(request)
    request.socket.once('close', () => {
      left += 1
    })
  })
  hanging.listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`
  const systems = `hooks:\n  systems: {zabbix: {url: "${url}", token: "env:T_ALL"}}\n`
  const till = await served(SENDERS + RULES.replace('hooks:\n', systems))
  await till.send('zabbix', zabbix(1, 'MarkerGone'))
  await till.has(() => asked.size > 0)
  const labels = { alertname: 'MarkerGone', device: `${NORTH}/office` }
  await till.send('alertmanager', {
    version: '4',
    alerts: [{ status: 'firing', fingerprint: 'a', startsAt: '', labels }],
  })
  await till.has(() => till.told.includes('repair 1 helped'))
  expect([till.log(), left]).toEqual([['office made'], 0])
  hanging.closeAllConnections()
  hanging.close()
})

test('tills behind a line that is back have the time to say that they are well', async () => {
  const rules = RULES.replace('within: 1m', 'within: 4s').replaceAll('settle: 0s', 'settle: 5s, quiet: 0s')
  const till = await served(SENDERS + rules)
  const line = { event_tags: JSON.stringify([{ tag: 'store', value: NORTH }]), host: '' }
  await till.send('zabbix', { ...zabbix(1, 'LineDown'), ...line })
  const devices = ['pos1', 'office'] as const
  for (const [n, device] of devices.entries())
    await till.send('zabbix', zabbix(2 + n, 'MarkerGone', `${NORTH}/${device}`))
  const list = async () => JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
  const count = async (state: string): Promise<number> =>
    (await list()).filter((episode: { state: string }) => episode.state === state).length
  const begun = Date.now()
  // Their own time to settle is over long before the line is back.
  while ((await count('symptom')) < 2 || Date.now() < begun + 6_000) await delay(50)
  await till.send('zabbix', { ...zabbix(1, 'LineDown', '', '0'), ...line })
  while ((await count('closed')) < 1) await delay(50)
  for (const [n, device] of devices.entries())
    await till.send('zabbix', zabbix(2 + n, 'MarkerGone', `${NORTH}/${device}`, '0'))
  while ((await count('closed')) < 3) await delay(50)
  expect(till.log()).toEqual([])
})

test.each([
  [
    'a secret that is not there',
    'senders: {a: {token: "env:T_NOT_THERE"}}',
    '"a": its secret "env:T_NOT_THERE" cannot be read',
    // Whoever tells it may be away, and back soon.
    4,
  ],
  ['a secret that is short', 'senders: {a: {token: "env:HOME"}}', '"a": its secret has fewer than 16 characters'],
  [
    'two with one secret',
    'senders: {a: {token: "env:T_ALL"}, b: {token: "env:T_ALL"}}',
    '"b": it has the secret of "a"',
  ],
  ['no proof', 'senders: {a: {rate: 1}}', '"a" has no way to prove who it is'],
  [
    'a certificate without an authority',
    'senders: {a: {certificate: x}}',
    '"a" has a certificate, and nobody is named who signs it',
  ],
  [
    'files for TLS that are not there',
    'tls: {certificate: a.pem, key: b.pem}',
    'The file "a.pem" of server.tls could not be read',
  ],
] as readonly (readonly [string, string, string, number?])[])(
  'a server does not begin with %s',
  async (_, settings, summary, exit = 2) => {
    project = new ServedProject(`server: {${settings}}\n`)
    const env = { ...process.env }
    Object.assign(process.env, SECRETS, { HOME: '/root' })
    const { code, stdout } = await project.till('serve', '--listen', '127.0.0.1:0', '--json')
    process.env = env
    expect(code).toBe(exit)
    expect(JSON.parse(stdout).diagnostics).toMatchObject([{ code: 'SERVER_INVALID', summary }])
  },
)

test('a server whose database is away may be started again', async () => {
  project = new ServedProject('{}\n')
  process.env['TILL_STATE'] = 'postgres://till:secret@127.0.0.1:1/till'
  onTestFinished(() => void delete process.env['TILL_STATE'])
  for (const command of [['serve', '--listen', '127.0.0.1:0'], ['worker']]) {
    const { code, stderr } = await project.till(...command)
    expect([code, stderr]).toEqual([4, expect.stringContaining('does not answer (ECONNREFUSED)')])
  }
})

test('what comes while the last repair is made to its end is taken in, and worked off by the next server', async () => {
  const pushed =
    '{push: true, device: event.till, kind: event.type, id: event.id, rules: [{kinds: [SOLD], count: [sold]}]}'
  const till = await served(
    `${SENDERS}${RULES.replaceAll('settle: 0s', 'settle: 0s, quiet: 0s')}sources:\n  pushed: ${pushed}\n`,
  )
  const push = async (id: string) => {
    const body = JSON.stringify({ till: `${NORTH}/pos1`, type: 'SOLD', id })
    return (await fetch(`${till.url}/sources/pushed`, { method: 'POST', headers: bearer('T_ALL'), body })).status
  }
  await expect.poll(() => push('1')).toBe(200)
  await till.send('zabbix', zabbix(1, 'Slow', `${NORTH}/pos1`))
  await till.has(() => till.log().includes('begun'))
  const end = till.end('SIGTERM')
  await expect.poll(() => till.told).toContain('1 repair is under way')
  expect((await till.send('zabbix', zabbix(1, 'Slow', `${NORTH}/pos1`, '0'))).status).toBe(202)
  expect(await push('2')).toBe(200)
  till.write('quick', '')
  expect((await end).code).toBe(0)
  await till.serve()
  const states = async () =>
    JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes.map(
      (episode: { state: string }) => episode.state,
    )
  await expect.poll(states).toEqual(['closed'])
})

test('an address that cannot be had', async () => {
  const till = await served()
  const other = new ServedProject(RULES)
  const taken = await other.till('serve', '--listen', new URL(till.url).host, '--json')
  expect(JSON.parse(taken.stdout).diagnostics).toMatchObject([{ code: 'SERVER_ADDRESS_UNUSABLE' }])
  const wrong = await other.till('serve', '--listen', 'nowhere', '--json')
  expect([taken.code, wrong.code]).toEqual([2, 2])
  expect(existsSync(other.path('log'))).toBe(false)
  await other.remove()
})
