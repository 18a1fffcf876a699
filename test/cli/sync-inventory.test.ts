import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { inventoryWith, snapshot, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

interface Page {
  readonly status?: number
  readonly type?: string
  readonly body: unknown
}
/** Where there are several, one at each question. */
let pages: Record<string, Page | Page[]> = {}
let hangs = false
const asked: { readonly url: string; readonly authorization: string | undefined }[] = []

const server = createServer((request, response) => {
  asked.push({ url: request.url ?? '', authorization: request.headers.authorization })
  if (hangs) return
  const answers = pages[request.url ?? '']
  const page = (Array.isArray(answers) ? answers.shift() : answers) ?? { status: 404, body: {} }
  response.writeHead(page.status ?? 200, { 'content-type': page.type ?? 'application/json', location: '/elsewhere' })
  response.end(typeof page.body === 'string' ? page.body : JSON.stringify(page.body))
})
const project = new TestProject({ token: 'token-of-the-vendor' })
let base = ''

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const devices = [
    '      pos1: {profile: till, address: 10.0.0.1, vars: {hw: {serial: "77"}}}',
    '      pos2: {profile: till, address: 10.0.0.2}',
  ]
  project.write('inventory/fleet.yaml', inventoryWith(`${devices.join('\n')}\n`))
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await project.remove()
})
beforeEach(() => {
  asked.length = 0
  hangs = false
  settings()
})

function settings(more = '', timeout = '1m'): void {
  project.write(
    'tillwright.yaml',
    `device_lists:
  vendor:
    url: ${base}/v1/devices?limit=2
    token: "file:${project.path('token')}"
    items: payload.items
    next: payload.next
    total: payload.total
    as_of: payload.made
    fresh: 1h
    device: "item.shop + '/' + item.name"
    fields: {address: item.ip, vars.hw.serial: item.sn}
    where: device.kind == 'till'
    timeout: ${timeout}
${more}`,
  )
}

const page = (items: readonly object[], next: string | null, more: object = {}): Page => ({
  body: { items, next, total: 3, made: new Date().toISOString(), ...more },
})
const device = (name: string, ip: string, sn: unknown = null): object => {
  const [shop, id] = name.split('/')
  return { shop, name: id, ip, sn }
}

async function sync() {
  const { code, stdout, stderr } = await project.till('sync', 'inventory', 'vendor', '--json')
  const answer = JSON.parse(stdout)
  expect(errorsOf(code === 0 || answer.devices ? 'inventory-difference' : 'diagnostics', answer)).toEqual([])
  return { code, stderr, summary: answer.diagnostics?.[0]?.summary as string | undefined, ...answer }
}

test('all pages are read, and what differs is proposed with what is there and where; nothing is written', async () => {
  pages = {
    '/v1/devices?limit=2': page(
      [device('PL-0001/pos1', '10.0.0.9', 77), device('PL-0001/pos3', '10.0.0.3', 'A1')],
      '/v1/devices?page=2',
    ),
    '/v1/devices?page=2': page([device('PL-0009/pos1', '10.0.9.1')], null),
  }
  const before = snapshot(project.path('inventory'))
  const answer = await sync()
  expect([answer.code, answer.pages, answer.counts]).toEqual([
    3,
    2,
    { add: 1, change: 1, missing: 1, 'no-store': 1, same: 0, unreadable: 0 },
  ])
  expect(answer.devices).toMatchObject([
    { action: 'change', device: 'PL-0001/pos1', fields: [{ field: 'address', is: '10.0.0.1', listed: '10.0.0.9' }] },
    {
      action: 'add',
      device: 'PL-0001/pos3',
      fields: [{ field: 'address' }, { field: 'vars.hw.serial', listed: 'A1' }],
    },
    { action: 'no-store', device: 'PL-0009/pos1' },
    { action: 'missing', device: 'PL-0001/pos2' },
  ])
  expect(answer.devices[0].fields[0].at).toMatch(/fleet\.yaml:\d+$/)
  expect(asked.map(({ authorization }) => authorization)).toEqual(Array(2).fill('Bearer token-of-the-vendor'))
  const shown = await project.till('sync', 'inventory', 'vendor')
  expect([shown.code, shown.stdout]).toEqual([
    3,
    expect.stringMatching(/pos1:\n {8}address: "10\.0\.0\.9" {2}# "10\.0\.0\.1" at .*fleet\.yaml:\d+\n/),
  ])
  expect(shown.stdout).toContain('        vars:\n          hw:\n            serial: "A1"')
  expect(snapshot(project.path('inventory'))).toEqual(before)

  pages = {
    '/v1/devices?limit=2': page([device('PL-0001/pos1', '10.0.0.1', '77'), device('PL-0001/pos2', '10.0.0.2')], null, {
      total: 2,
    }),
  }
  expect(await sync()).toMatchObject({ code: 0, counts: { same: 2 }, devices: [] })
})

test('half a list, an old one, or none at all is refused as a whole', async () => {
  const all = [
    device('PL-0001/pos1', '10.0.0.1'),
    device('PL-0001/pos2', '10.0.0.2'),
    device('PL-0001/pos3', '10.0.0.3'),
  ]
  const first = '/v1/devices?limit=2'
  const refused = async (made: Record<string, Page>): Promise<string | undefined> => {
    pages = made
    const { code, summary, diagnostics } = await sync()
    expect([code, diagnostics?.[0]?.code]).toEqual([4, 'DEVICE_LIST_UNUSABLE'])
    expect(summary).not.toContain('token-of-the-vendor')
    return summary
  }
  expect(await refused({ [first]: page(all.slice(1), null) })).toContain(
    '2 devices on its pages, and says that there are 3',
  )
  for (const total of ['3', null])
    expect(await refused({ [first]: page(all, null, { total }) })).toContain(
      `"total" gives no number, but ${JSON.stringify(total)}`,
    )
  expect(await refused({ [first]: page(all, null, { made: '2026-01-01T00:00:00Z' }) })).toContain(
    'is stale: it was made at 2026-01-01',
  )
  expect(await refused({ [first]: page(all, null, { made: null }) })).toContain('"as_of" gives no time')
  expect(await refused({ [first]: page([], null, { total: 0 }) })).toContain('no devices at all')
  expect(await refused({ [first]: page(all, first) })).toContain('one that was there before')
  expect(await refused({ [first]: page(all, 'http://127.0.0.2:9/x') })).toContain(
    'leads to another server, http://127.0.0.2:9',
  )
  expect(await refused({ [first]: page(all.slice(0, 2), '/gone') })).toContain('page 2: it answers 404')
  expect(await refused({ [first]: { type: 'text/html', body: '<html>Sign in</html>' } })).toContain(
    'it answers with a page of HTML',
  )
  expect(await refused({ [first]: { body: '{"items": [' } })).toContain('its answer is not JSON')
  expect(await refused({ [first]: { status: 302, body: {} } })).toContain('cannot be reached')
  expect(
    await refused({ [first]: { body: { items: 'x', made: new Date().toISOString(), next: null, total: 1 } } }),
  ).toContain('gives no list')
  expect(asked.some(({ url }) => url === '/elsewhere')).toBe(false)
  hangs = true
  settings('', '1s')
  expect(await refused({})).toContain('does not answer within 1 s')
}, 300_000)

test('an entry that cannot be read is told, and then none is missed', async () => {
  pages = {
    '/v1/devices?limit=2': page(
      [
        device('PL-0001/pos1', '10.0.0.1'),
        device('PL-0001/pos1', '10.0.0.8'),
        { shop: 'PL-0001', name: 'a b', ip: '10.0.0.7' },
      ],
      null,
    ),
  }
  const { code, unreadable, counts } = await sync()
  expect([code, counts]).toMatchObject([4, { missing: 0, unreadable: 2, same: 1 }])
  expect(unreadable).toEqual([
    'Entry 2: PL-0001/pos1 is there twice.',
    'Entry 3: "PL-0001/a b" is no full name of a device: it is STORE/DEVICE.',
  ])
})

test('a list that changes between its pages is read once more, and is none where it changes again', async () => {
  const names = ['pos1', 'pos2', 'pos3', 'pos4']
  const [one, two, three, four] = names.map((name, n) => device(`PL-0001/${name}`, `10.0.0.${n + 1}`)) as [
    object,
    object,
    object,
    object,
  ]
  const [first, second] = ['/v1/devices?limit=2', '/v1/devices?offset=2']
  // With pos1 gone, pos3 is on the first page, which was read before: all in all there are three.
  const before = () => page([one, two], second, { total: 4 })
  const after = () => page([two, three], second)
  const last = () => page([four], null)
  pages = { [first]: [before(), after()], [second]: [last(), last()] }
  const { code, counts, devices } = await sync()
  expect([code, counts.missing, counts.add]).toEqual([3, 1, 2])
  expect(devices.find(({ action }: { action: string }) => action === 'missing').device).toBe('PL-0001/pos1')
  pages = { [first]: [before(), before()], [second]: [last(), last()] }
  const moves = await sync()
  expect([moves.code, moves.diagnostics[0].code]).toEqual([4, 'DEVICE_LIST_UNUSABLE'])
  expect(moves.summary).toContain('page 2 says that there are 3 devices, and page 1 that there are 4')
})

test('the last page may leave the key of the next one away; what is empty says nothing, and text is text', async () => {
  const made = new Date().toISOString()
  const items = [device('PL-0001/pos1', '', ' '), device('PL-0001/pos2', '10.0.0.2', 'A2')]
  pages = {
    '/v1/devices?limit=2': page(items, '/v1/devices?page=2'),
    '/v1/devices?page=2': { body: { items: [{ shop: 'PL-0001', name: 'pos3', ip: 7, sn: 8 }], total: 3, made } },
  }
  const answer = await sync()
  expect([answer.code, answer.pages, answer.counts]).toMatchObject([
    3,
    2,
    { same: 1, change: 1, add: 1, unreadable: 0 },
  ])
  expect(answer.devices).toMatchObject([
    { action: 'change', device: 'PL-0001/pos2', fields: [{ field: 'vars.hw.serial', listed: 'A2' }] },
    { action: 'add', device: 'PL-0001/pos3', fields: [{ listed: '7' }, { listed: 8 }] },
  ])
  pages = { '/v1/devices?limit=2': page([{ shop: 'PL-0001', name: 'pos1', ip: true }], null, { total: 1 }) }
  expect((await sync()).unreadable).toEqual(['Entry 1: address is no text, but true.'])
})

test('settings that make no sense are refused at their place', async () => {
  const unknown = await project.till('sync', 'inventory', 'vendr')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean "vendor"?')])
  settings('  other: {url: "http://x", items: payload.items, device: "item.", fields: {address: item.ip}, fresh: 1h}\n')
  const { code, stderr } = await project.till('validate')
  expect([code, stderr]).toEqual([2, expect.stringContaining('Its age is not known')])
  expect(stderr).toContain('tillwright.yaml:14:64')
})
