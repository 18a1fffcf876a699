/**
 * What signals from monitoring cost: `npm run bench:hooks`, alone on a machine. With --storm it is a storm instead: alerts in
 * any order, several times each, while the server is killed, and what has come of them.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bearer, RULES, SENDERS, ServedProject, zabbix } from '../test/server/served-project.ts'
import { storm } from '../test/server/storm.ts'

const { values } = parseArgs({
  options: {
    storm: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    devices: { type: 'string', default: '500' },
    alerts: { type: 'string', default: '10000' },
    copies: { type: 'string', default: '20' },
    'kill-within': { type: 'string', default: '5000' },
    stores: { type: 'string', default: '3500' },
    seconds: { type: 'string', default: '10' },
  },
})

const agent = new Agent({ keepAlive: true })
/**
 * Devices that take a connection and then say nothing: what they get first is looked at. Fewer than the server repairs at a time,
 * and none hangs up: whoever is hung up on goes slower.
 */
const LISTENERS = 60

if (values.storm) await inStorm()
else await measured()

async function inStorm(): Promise<void> {
  const devices = Number(values.devices)
  const till = new ServedProject(SENDERS + RULES, devices)
  try {
    await till.serve()
    const { seed, alerts, copies } = values
    const of = { seed: Number(seed), devices, alerts: Number(alerts), mostCopies: Number(copies), senders: 16 }
    console.log({ ...of, ...(await storm(till, { ...of, killWithinMs: Number(values['kill-within']) })) })
    const list = async (): Promise<
      readonly { state: string; device: string; attempts: { result: string }[]; occurrences: number }[]
    > => JSON.parse((await till.till('episodes', 'list', '--all', '--limit', '100000', '--json')).stdout).episodes
    let episodes = await list()
    while (episodes.some(({ state }) => state === 'waiting' || state === 'repairing')) {
      await delay(1_000)
      episodes = await list()
    }
    const made = new Map<string, number>()
    for (const line of till.log()) made.set(line, (made.get(line) ?? 0) + 1)
    const results = episodes.flatMap(({ attempts }) => attempts.map(({ result }) => result))
    console.log({
      episodes: episodes.length,
      occurrences: episodes.reduce((sum, { occurrences }) => sum + occurrences, 0),
      attempts: results.length,
      helped: results.filter((result) => result === 'helped').length,
      doubtful: results.filter((result) => result === 'doubtful').length,
      devicesRepaired: made.size,
      repairedMoreThanOnce: [...made.values()].filter((times) => times > 1).length,
    })
  } finally {
    await till.remove()
  }
}

async function measured(): Promise<void> {
  const till = new ServedProject(SENDERS + RULES)
  const first = new Map<string, number>()
  const servers = await Promise.all(Array.from({ length: LISTENERS }, (_, n) => listening(n, first)))
  try {
    till.write('inventory/fleet.yaml', fleet(Number(values.stores), servers))
    await till.serve()
    await fromAlertToDevice(till, first)
    await accepted(till, Number(values.seconds))
    await till.end('SIGTERM')
    await fired(till)
  } finally {
    for (const server of servers) server.close()
    await till.remove()
    process.exit(0)
  }
}

async function fromAlertToDevice(till: ServedProject, first: Map<string, number>): Promise<void> {
  const [all, answers]: number[][] = [[], []]
  for (let n = 0; n < LISTENERS; n++) {
    const begun = performance.now()
    await till.send('zabbix', zabbix(n + 1, 'MarkerGone', addressOf(n)))
    answers?.push(performance.now() - begun)
    while (!first.has(addressOf(n))) await delay(1)
    // The first ones are those of a cold server.
    if (n >= 5) all?.push((first.get(addressOf(n)) ?? 0) - begun)
    await delay(20)
  }
  console.log(`alert to first byte at the device: ${spread(all ?? [])}; to the answer: ${spread(answers ?? [])}`)
}

async function accepted(till: ServedProject, seconds: number): Promise<void> {
  let [count, id] = [0, 1_000_000]
  const until = performance.now() + seconds * 1000
  const cpu = cpuOf(till.server?.pid)
  const send = async (): Promise<void> => {
    while (performance.now() < until) {
      const status = await posted(`${till.url}/hooks/zabbix`, JSON.stringify(zabbix(id++, 'Nothing', 'nobody')))
      if (status === 202) count += 1
      else await delay(5)
    }
  }
  await Promise.all(Array.from({ length: 32 }, send))
  const used = ((cpuOf(till.server?.pid) - cpu) / count) * 1000
  console.log(`accepted: ${Math.round(count / seconds)} alerts a second, ${used.toFixed(2)} ms of processor each`)
}

/** With as little of this process as may be: it shares the machine with the server. */
function posted(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { ...bearer('T_ALL'), 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function fired(till: ServedProject): Promise<void> {
  const times: number[] = []
  for (let n = 0; n < 7; n++) {
    const fields = Object.entries(zabbix(2_000_000 + n, 'Nothing', 'nobody')).flatMap(([name, value]) => [
      '--field',
      `${name}=${value}`,
    ])
    const begun = performance.now()
    await till.till('hook', 'fire', '--source', 'zabbix', ...fields)
    times.push(performance.now() - begun)
  }
  console.log(`till hook fire, cold: ${spread(times)}`)
}

function addressOf(n: number): string {
  return `127.0.100.${n + 1}`
}

async function listening(n: number, first: Map<string, number>): Promise<Server & { port?: number }> {
  const host = addressOf(n)
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      if (!first.has(host)) first.set(host, performance.now())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return server
}

function fleet(stores: number, servers: readonly Server[]): string {
  const lines = [
    'fleet: {name: Bench, time_zone: Europe/Warsaw}',
    'profiles:',
    '  till: {kind: till, os: {family: linux}, transport: {type: ssh, user: root, password: {secret: "env:T_ALL"}}}',
    'regions:',
    '  north: {name: North}',
    'stores:',
  ]
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhhbmRtYWRlLWtleS1vZi1hLWJlbmNoLW9ubHktMTIz'
  for (let store = 0; store < stores; store++) {
    lines.push(
      `  BN-${String(store).padStart(4, '0')}:`,
      '    name: One',
      '    region: north',
      '    address: {street: Long 1, postcode: 00-001, city: Warszawa}',
      '    hours: {week: {mon-sun: 06:00-22:00}}',
      '    link: {type: fibre}',
      '    owner: {team: ops}',
      '    devices:',
    )
    for (let device = 0; device < 5; device++) {
      const n = store * 5 + device
      const port = (servers[n]?.address() as { port: number } | undefined)?.port
      const address = port ? addressOf(n) : `10.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`
      const more = port ? `, transport: {port: ${port}, host_keys: ['${key}']}` : ''
      lines.push(`      pos${device + 1}: {profile: till, address: ${address}${more}}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function cpuOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`
  return `median ${at(0.5)}, p99 ${at(0.99)}`
}
