import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

interface Tag {
  readonly tag: string
  readonly value: string
}
interface Host {
  readonly tags: readonly Tag[]
}

/** Hosts as host.get gives them, and what a call of host.create and host.update comes to: an error of Zabbix, or a status of its web server. */
let own: Host[] = []
let answerTo: (names: readonly string[], call: number) => string | number | undefined = () => undefined
const writes: (readonly string[])[] = []

/** Hosts that bear any of the tags, with `evaltype` 2. */
function tagged({ tags, evaltype }: { tags: Tag[]; evaltype: number }): readonly Host[] {
  expect(evaltype).toBe(2)
  return own.filter((one) => one.tags.some((is) => tags.some(({ tag, value }) => is.tag === tag && is.value === value)))
}

// What a real server does is in test/server/zabbix.test.ts; this one fails on purpose.
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { method, params } = JSON.parse(body)
  let answer: object = { result: [] }
  if (method === 'apiinfo.version') answer = { result: '7.0.0' }
  else if (method === 'host.get' && params.filter === undefined) answer = { result: params.tags ? tagged(params) : own }
  else if (method === 'hostgroup.get') answer = { result: [{ groupid: '7', name: 'Tillwright/north' }] }
  else if (/^host\.(create|update)$/.test(method)) {
    const names = params.map(({ host }: { host: string }) => host)
    writes.push(names)
    const wrong = answerTo(names, writes.length)
    if (typeof wrong === 'number') response.statusCode = wrong
    else if (wrong !== undefined) answer = { error: { code: -32500, message: 'Application error.', data: wrong } }
  }
  response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }))
})

const device = (n: number): string => `      pos${n}: {profile: till, address: 10.0.0.${n}}\n`
const inventory = (count: number): string =>
  inventoryWith(Array.from({ length: count }, (_, index) => device(index + 1)).join(''))
const project = new TestProject({})

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const zabbix = `{url: "http://127.0.0.1:${port}/api_jsonrpc.php", token: "file:${project.path('token')}"}`
  project.write('token', 'a'.repeat(64))
  project.write('tillwright.yaml', `hooks: {systems: {zabbix: ${zabbix}}}\n`)
})
afterAll(async () => {
  server.close()
  await project.remove()
})
beforeEach(() => {
  own = []
  answerTo = () => undefined
  writes.length = 0
})

async function sync() {
  const { code, stdout, stderr } = await project.till('sync', 'zabbix', '--yes', '--json')
  const answer = JSON.parse(stdout)
  expect(errorsOf('zabbix-sync', answer)).toEqual([])
  return { code, stderr, ...answer }
}

const host = (id: number, name: string, tags: Record<string, string>, status = '0') => ({
  hostid: String(id),
  host: name,
  name,
  status,
  tags: Object.entries(tags).map(([tag, value]) => ({ tag, value })),
  interfaces: [],
  hostgroups: [{ groupid: '7', name: 'Tillwright/north' }],
})
const ours = (name: string) => ({ 'till.fleet': 'Test', 'till.device': `PL-0001/${name}` })

test('where Zabbix does not answer, nothing more is tried, and what is left is told', async () => {
  project.write('inventory/fleet.yaml', inventory(250))
  answerTo = (_names, call) => (call === 2 ? 504 : undefined)
  const { code, counts, hosts, stderr } = await sync()
  expect(writes.map(({ length }) => length)).toEqual([100, 100])
  expect([code, counts]).toMatchObject([4, { create: 100, refused: 150 }])
  expect(stderr).toMatch(/^Zabbix: it answers 504\. 150 hosts were left/)
  const whys = new Set(hosts.map(({ why }: { why: string | null }) => why))
  expect(whys).toEqual(
    new Set([null, 'it answers 504', 'It was not tried, since Zabbix failed before: it answers 504']),
  )
})

test('one host that Zabbix refuses, as one deleted meanwhile, fails alone; an account that may not write stops it all', async () => {
  project.write('inventory/fleet.yaml', inventory(3))
  own = [1, 2, 3].map((n) => host(n, `PL-0001-pos${n}`, ours(`pos${n}`)))
  const gone = 'No permissions to referred object or it does not exist!'
  answerTo = (names) => (names.includes('PL-0001-pos2') ? gone : undefined)
  const { code, counts, hosts } = await sync()
  expect([code, counts, writes.length]).toMatchObject([4, { update: 2, refused: 1 }, 4])
  expect(hosts[1]).toMatchObject({ device: 'PL-0001/pos2', why: expect.stringContaining('it does not exist') })
  writes.length = 0
  answerTo = () => 'No permissions to call "host.update".'
  expect(await sync()).toMatchObject({ code: 4, counts: { update: 0, refused: 3 } })
  expect(writes).toHaveLength(1)
})

test('a clone does not take the place of its original, and a host of no device is left alone', async () => {
  project.write('inventory/fleet.yaml', inventory(2))
  own = [
    host(1, 'PL-0001-pos1', ours('pos1')),
    host(9, 'copy of pos1', ours('pos1')),
    host(10, 'one', ours('pos2')),
    host(11, 'other', ours('pos2')),
    host(12, 'nobody', { 'till.fleet': 'Test' }),
  ]
  const { code, hosts } = await sync()
  expect(writes).toEqual([['PL-0001-pos1']])
  expect(code).toBe(4)
  const whyOf = (name: string) => hosts.find((each: { host: string }) => each.host === name)
  expect(whyOf('copy of pos1')).toMatchObject({
    result: 'refused',
    why: expect.stringMatching(/^Another host, "PL-0001-pos1"/),
  })
  expect(whyOf('one')).toMatchObject({ result: 'refused', why: expect.stringMatching(/^Several hosts say/) })
  expect(whyOf('nobody')).toMatchObject({ device: '', result: 'refused', why: expect.stringContaining('till.device') })
})

test('a host that a person has disabled stays so when its device goes and comes back', async () => {
  project.write('inventory/fleet.yaml', inventory(1))
  own = [host(5, 'PL-0001-pos2', ours('pos2'), '1'), host(6, 'PL-0001-pos3', ours('pos3'))]
  const tagOf = (name: string, answer: { hosts: { host: string; changes: object[] }[] }) =>
    answer.hosts.find((each) => each.host === name)?.changes
  const left = await sync()
  expect(tagOf('PL-0001-pos2', left)).toMatchObject([
    { field: 'tags', to: expect.stringContaining('till.gone=was-disabled') },
  ])
  expect(tagOf('PL-0001-pos3', left)).toMatchObject([{ field: 'status', to: 'disabled' }])
  project.write('inventory/fleet.yaml', inventory(3))
  own = [
    host(5, 'PL-0001-pos2', { ...ours('pos2'), 'till.gone': 'was-disabled' }, '1'),
    host(6, 'PL-0001-pos3', { ...ours('pos3'), 'till.gone': 'true' }, '1'),
  ]
  const back = await sync()
  const fieldsOf = (name: string) => (tagOf(name, back) as { field: string }[]).map(({ field }) => field)
  expect(fieldsOf('PL-0001-pos2')).not.toContain('status')
  expect(fieldsOf('PL-0001-pos3')).toContain('status')
})

test('a sparse checkout disables no host: its device may be in a file that is left out', async () => {
  project.write('inventory/fleet.yaml', inventory(1))
  project.write('inventory/more.yaml', '{}\n')
  own = [host(5, 'PL-0001-pos1', ours('pos1')), host(6, 'PL-0001-pos2', ours('pos2'))]
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project.root, env: GIT_ENVIRONMENT })
  git('init', '-q')
  git('add', 'inventory', 'tillwright.yaml')
  git('commit', '-q', '-m', 'x')
  git('sparse-checkout', 'set', '--no-cone', '/*', '!/inventory/more.yaml')
  const { code, hosts } = await sync()
  expect([code, writes]).toEqual([4, [['PL-0001-pos1']]])
  expect(hosts.find(({ device }: { device: string }) => device === 'PL-0001/pos2')).toMatchObject({
    result: 'refused',
    why: expect.stringMatching(/^A sparse checkout leaves out files of the inventory/),
  })
  const index = readFileSync(project.path('.git/index'))
  project.write('.git/index', 'damaged')
  expect((await sync()).hosts).toContainEqual(
    expect.objectContaining({ result: 'refused', why: expect.stringMatching(/^Git does not say whether .*index/) }),
  )
  writeFileSync(project.path('.git/index'), index)
  git('sparse-checkout', 'disable')
  expect(await sync()).toMatchObject({ code: 0, counts: { disable: 1 } })
})

test('a fleet that is renamed has the hosts of before, also those that bear its new name', async () => {
  project.write('inventory/fleet.yaml', inventory(2))
  await sync()
  own = [host(1, 'PL-0001-pos1', ours('pos1')), host(2, 'PL-0001-pos2', { ...ours('pos2'), 'till.fleet': 'Renamed' })]
  project.write('inventory/fleet.yaml', inventory(2).replace('name: Test', 'name: Renamed'))
  const { counts, hosts } = await sync()
  expect(counts).toMatchObject({ create: 0, update: 2, disable: 0, refused: 0 })
  const tags = hosts.flatMap(({ changes }: { changes: { field: string; to: string }[] }) =>
    changes.filter(({ field }) => field === 'tags').map(({ to }) => to),
  )
  expect(tags).toEqual([expect.stringContaining('till.fleet=Test'), expect.stringContaining('till.fleet=Test')])
})
