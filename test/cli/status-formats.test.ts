import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { RECORDED_RUNS } from '../../src/testing/recorded-runs.ts'
import { inventoryWith, TestProject } from './project.ts'

let project: TestProject

beforeAll(async () => {
  project = new TestProject({ 'tillwright.yaml': '' })
  const devices = ['pos1', 'pos2'].map((id, n) => `      ${id}: {profile: till, address: 127.0.0.${n + 1}}\n`).join('')
  project.write('inventory/fleet.yaml', inventoryWith(devices))
  const store = await openSqliteStore(project.path('.till/state.db'))
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  await store.close()
})
afterAll(() => project.remove())

test('for Prometheus: no timestamps, a line end behind the last line, and what nobody has looked at is unknown', async () => {
  const { code, stdout } = await project.till('status', '--format', 'prometheus')
  expect(code).toBe(0)
  expect(stdout.endsWith('\n')).toBe(true)
  for (const line of stdout.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) till_\w+ .+|till_\w+(\{.+\})? [0-9]+)$/)
  const names = stdout.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? [])
  expect(new Set(names).size).toBe(names.length)
  const never = [...stdout.matchAll(/till_device_state\{device="([^"]+)",.*state="never"\} 1/g)].map(
    ([, device]) => device,
  )
  for (const device of never) {
    expect(stdout).toContain(`till_device_unknown{device="${device}",store="PL-0001",region="north",kind="till"} 1\n`)
    expect(stdout).not.toContain(`till_device_age_seconds{device="${device}"`)
  }
  expect(stdout).toContain(`till_devices{state="never"} ${never.length}\n`)
})

test('for Zabbix: a list for discovery, and the items that come of it', async () => {
  const { stdout } = await project.till('status', '--format', 'zabbix')
  const lld = JSON.parse((await project.till('status', '--format', 'zabbix-lld')).stdout)
  const discovery = JSON.parse(stdout).data.find(({ key }: { key: string }) => key === 'till.discovery')
  expect([lld.length > 0, lld]).toEqual([true, JSON.parse(discovery.value)])
  const { request, data } = JSON.parse(stdout)
  expect(request).toBe('sender data')
  const values = new Map(data.map(({ key, value }: { key: string; value: string }) => [key, value]))
  const discovered = JSON.parse(String(values.get('till.discovery')))
  expect(discovered.map((each: Record<string, string>) => each['{#DEVICE}'])).toEqual(['PL-0001/pos1', 'PL-0001/pos2'])
  for (const device of ['PL-0001/pos1', 'PL-0001/pos2']) expect(values.has(`till.device.state[${device}]`)).toBe(true)
})

test.each([
  [
    'ZBXD\x01',
    '{"response":"success","info":"processed: 5; failed: 0; total: 5; seconds spent: 0.000094"}',
    0,
    '5 values were taken, 0 were not.\n',
  ],
  [
    'ZBXD\x01',
    '{"response":"success","info":"processed: 3; failed: 2; total: 5; seconds spent: 0.000094"}',
    4,
    '3 values were taken, 2 were not.\n',
  ],
  ['ZBXD\x01', '{"response":"failed"}', 4, ''],
  ['HTTP/1.1 400', '', 4, ''],
])('what a trapper answers to --send is read: %s %s', async (head, text, code, said) => {
  const server = createServer((socket) => {
    socket.once('data', (sent) => {
      expect(sent.toString('latin1', 0, 5)).toBe('ZBXD\x01')
      expect(sent.readUInt32LE(5)).toBe(sent.length - 13)
      const length = Buffer.alloc(8)
      length.writeUInt32LE(text.length)
      socket.end(Buffer.concat([Buffer.from(head, 'latin1'), length, Buffer.from(text)]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const answer = await project.till('status', '--send', `zabbix://127.0.0.1:${port}/tills`)
  server.close()
  expect(answer).toMatchObject({ code, stdout: said })
  if (said === '') expect(answer.stderr).toContain('its answer is not that of a Zabbix trapper')
})

/** A trapper that gives these answers, one a connection. */
async function trapper(...answers: readonly object[]) {
  const left = answers.map((answer) => JSON.stringify(answer))
  const server = createServer((socket) => {
    socket.once('data', () => {
      const text = left.shift() ?? ''
      const length = Buffer.alloc(8)
      length.writeUInt32LE(text.length)
      socket.end(Buffer.concat([Buffer.from('ZBXD\x01', 'latin1'), length, Buffer.from(text)]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, left, port: (server.address() as { port: number }).port }
}

// What proxies of a group answer (Zabbix 7.0, zbx_add_redirect_response), and what zabbix_sender makes of it: one more try, at the other one.
test('a proxy of a group names the one that has the host', async () => {
  const taken = { response: 'success', info: 'processed: 5; failed: 0; total: 5; seconds spent: 0.000094' }
  const other = await trapper(taken, { response: 'failed', redirect: { revision: 3, address: '127.0.0.1:1' } })
  const redirect = { revision: 2, address: `127.0.0.1:${other.port}` }
  const first = await trapper(
    { response: 'failed', redirect },
    { response: 'failed', redirect },
    { response: 'failed', redirect: { reset: true } },
  )
  const send = () => project.till('status', '--send', `zabbix://127.0.0.1:${first.port}/tills`)
  try {
    expect(await send()).toMatchObject({ code: 0, stdout: '5 values were taken, 0 were not.\n' })
    expect(await send()).toMatchObject({ code: 4, stderr: expect.stringContaining('its proxies name one another') })
    expect(await send()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('its group of proxies is not in order'),
    })
    expect([first.left, other.left]).toEqual([[], []])
  } finally {
    first.server.close()
    other.server.close()
  }
})

test('a server that is not there, and an address that is none', async () => {
  const gone = await project.till('status', '--send', 'zabbix://127.0.0.1:1/tills', '--no-pager')
  expect(gone.code).toBe(4)
  expect(gone.stderr).toContain('MONITORING_UNREACHABLE')
  expect(gone.stderr).toContain('Another way: --send zabbix-api:HOST.')
  expect((await project.till('status', '--send', 'http://127.0.0.1')).code).toBe(2)
})

// As documented: https://www.zabbix.com/documentation/7.0/en/manual/api/reference/history/push
test('the API of Zabbix takes them where its trapper is out of reach, each with an answer of its own', async () => {
  let [version, asked] = ['7.0.3', '']
  let answer: (values: readonly object[]) => object = (values) => ({
    result: {
      response: 'success',
      data: values.map((_, n) => (n === 1 ? { error: 'Item is disabled.' } : { itemid: `${n}` })),
    },
  })
  const server = createHttp(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method, params } = JSON.parse(body)
    if (method === 'history.push') asked = JSON.stringify([request.headers.authorization, params])
    response.end(
      JSON.stringify({ jsonrpc: '2.0', id: 1, ...(method === 'history.push' ? answer(params) : { result: version }) }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const send = () => project.till('status', '--send', 'zabbix-api:tills')
  try {
    const unnamed = await send()
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('hooks.systems.zabbix')])
    project.write('token', 'a'.repeat(64))
    const system = `{url: "http://127.0.0.1:${port}/api_jsonrpc.php", token: "file:${project.path('token')}"}`
    project.write('tillwright.yaml', `hooks: {systems: {zabbix: ${system}}}\n`)
    const sent = JSON.parse((await project.till('status', '--format', 'zabbix')).stdout).data.length
    expect(await send()).toMatchObject({ code: 4, stdout: `${sent - 1} values were taken, 1 was not.\n` })
    const [authorization, values] = JSON.parse(asked)
    expect(authorization).toBe(`Bearer ${'a'.repeat(64)}`)
    expect(values).toContainEqual({ host: 'tills', key: 'till.device.state[PL-0001/pos1]', value: expect.any(String) })
    answer = () => ({
      error: { code: -32602, message: 'Invalid params.', data: 'No permissions to call "history.push".' },
    })
    expect(await send()).toMatchObject({ code: 4, stderr: expect.stringContaining('No permissions to call') })
    answer = () => ({ result: { response: 'success', data: [] } })
    expect((await send()).stderr).toContain('its answer is not that of history.push')
    version = '6.0.14'
    expect(await send()).toMatchObject({ code: 2, stderr: expect.stringContaining('This is Zabbix 6.0') })
  } finally {
    server.close()
    project.write('tillwright.yaml', '')
  }
})
