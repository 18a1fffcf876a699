import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { cpus, totalmem } from 'node:os'
import { fromDotnet } from '../../pattern/dotnet-pattern.ts'
import { compilePattern, type Pattern } from '../../pattern/pattern.ts'
import type { DeviceAnswer } from '../../shell/powershell-device.ts'
import { json, type StandIn, Stop } from './answering.ts'
import type { WindowsMachine } from './windows-machine.ts'

/** Builds of Windows 10 and 11 by their releases. */
const BUILDS: Readonly<Record<string, number>> = {
  '1607': 14_393,
  '1809': 17_763,
  '21H2': 19_044,
  '22H2': 19_045,
  '23H2': 22_631,
  '24H2': 26_100,
}
const PATCH = 4291

const writeFilter: StandIn = () => json({ kind: '', system_drive: 'C:', drives: [], files: [], keys: [] })

const facts: StandIn = (machine, given) => {
  const build = BUILDS[machine.release ?? ''] ?? 19_044
  const { size, free } = machine.disk
  const memory = 8 * 1024 ** 3
  return json({
    os: {
      id: 'windows',
      version: `10.0.${build}.${PATCH}`,
      name: `Windows ${build >= 22_000 ? 11 : 10} IoT Enterprise`,
      edition: 'IoTEnterprise',
    },
    kernel: `10.0.${build}`,
    architecture: 'AMD64',
    hostname: machine.computer,
    machine_id: machineGuid(machine.computer),
    uptime_seconds: machine.uptimeS,
    memory: { total_bytes: Math.min(memory, totalmem()), available_bytes: Math.floor(memory / 3) },
    cpus: Math.min(4, cpus().length),
    addresses: [{ interface: 'Ethernet', address: '10.0.2.15' }],
    disks: [{ mount: 'C:\\', size_bytes: size, free_bytes: free }],
    powershell: '5.1.19041.4291',
    reasons: [...machine.pendingReboot],
    hotfixes: given.flag('hotfixes') ? ['KB5034122', 'KB5035845'] : null,
  })
}

/** Written by the setup of Windows, so that a clone of a disk has that of the original. */
function machineGuid(computer: string): string {
  const digits = createHash('md5').update(computer).digest('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** It knows itself and nobody else, so that nothing that is asked here goes further. */
const resolve: StandIn = (machine, given) => {
  const name = given.text('name').toLowerCase()
  const own: Readonly<Record<string, string>> = {
    localhost: '127.0.0.1',
    [machine.computer.toLowerCase()]: '10.0.2.15',
  }
  const address = own[name]
  if (address === undefined) return json({ code: 9003, detail: 'DNS name does not exist', answers: [], ms: 1 })
  const answers = given.text('type') === 'A' ? [address] : []
  return json({ code: answers.length > 0 ? 0 : 9501, detail: '', answers, ms: 1 })
}

const disk: StandIn = (machine, given) => {
  const { size, free } = machine.disk
  const drive = given.text('path').slice(0, 2).toUpperCase()
  if (drive !== 'C:')
    throw new Stop(1, `Could not find the drive '${drive}\\'. The drive might not be ready or might not be mapped.`)
  return json({ device: 'Windows', mount: 'C:\\', size, free })
}

const processes: StandIn = (machine, given) => {
  const bare = (name: string): string => name.replace(/\.exe$/i, '').toLowerCase()
  const [name, pattern, user] = [bare(given.text('name')), given.text('pattern'), given.text('user').toLowerCase()]
  const matcher = expressionOf(pattern)
  const found = machine.processes.filter(
    (one) =>
      (name === '' || bare(one.name) === name) &&
      (pattern === '' || matcher.test(one.command)) &&
      (user === '' || [one.user, `${machine.computer}\\${one.user}`].some((known) => known.toLowerCase() === user)),
  )
  return json(found.map(({ pid, user: whose, command }) => ({ pid, user: user === '' ? '' : whose, command })))
}

/** What steps ask of .NET was made from a pattern of the dialect, and is read as one here. */
export function expressionOf(pattern: string): Pattern {
  const compiled = compilePattern(fromDotnet(pattern))
  if (compiled.ok) return compiled.pattern
  throw new Stop(1, `parsing "${pattern}" - ${compiled.problem}`)
}

/** Error codes of Windows' sockets: nobody listens there; there is no way there. */
const SOCKET = { refused: 10_061, unreachable: 10_065 } as const

/** A device of the sandbox is alone on its network. */
function isSelf(machine: WindowsMachine, host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost', machine.computer.toLowerCase()].includes(host.toLowerCase())
}

const connect: StandIn = (machine, given) => {
  if (!isSelf(machine, given.text('host'))) return json({ code: SOCKET.unreachable, detail: '', ms: 0 })
  return json({ code: machine.listens(given.number('port')) ? 0 : SOCKET.refused, detail: '', ms: 0 })
}

/** Error code of a name that is not known. */
const NO_SUCH_NAME = 11_001

/** What listens on a device of the sandbox takes connections and says nothing of HTTP. */
const askHttp: StandIn = (machine, given) => {
  const answer = (stage: string, code: number): DeviceAnswer =>
    json({ stage, code, detail: '', tls: '', times: {}, cut: false, ended: code === 0, raw: '', ms: 0 })
  const host = given.text('host')
  if (!isSelf(machine, host)) return isIP(host) ? answer('connect', SOCKET.unreachable) : answer('name', NO_SUCH_NAME)
  if (!machine.listens(given.number('port'))) return answer('connect', SOCKET.refused)
  return answer(given.flag('secure') ? 'tls' : 'answer', given.flag('secure') ? -1 : 0)
}

const ping: StandIn = (machine, given) => {
  const count = isSelf(machine, given.text('host')) ? given.number('count') : 0
  return json({ state: 'asked', times: Array.from({ length: count }, () => 0) })
}

export const LOOK_STAND_INS: Readonly<Record<string, StandIn>> = {
  'dns.resolve': resolve,
  'facts.observe': facts,
  'windows.write-filter': writeFilter,
  'disk.observe': disk,
  'process.list': processes,
  'tcp.connect': connect,
  'ping.send': ping,
  'http.ask': askHttp,
}
