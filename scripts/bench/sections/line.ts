import { join } from 'node:path'
import { startBackground } from '../lab/background.ts'
import { deviceFilesAreDesired, putDeviceFiles } from '../lab/device-files.ts'
import { type Lab, startDropbear, startOpenSsh } from '../lab/lab.ts'
import { type Line, makeLine } from '../lab/namespace.ts'
import { rotated } from '../report/statistics.ts'
import type { Tool } from '../tools/tool.ts'
import { inWords, runTool, sampleOf } from './run-tool.ts'
import type { Bench, Section } from './section.ts'

const ROUND_TRIP_MS = 100
const LIMIT_S = 180
const ROUNDS = 2
const SERVERS = [
  { server: 'openssh', address: '10.77.1.1', start: startOpenSsh, needs: '/usr/sbin/sshd' },
  { server: 'dropbear', address: '10.77.1.2', start: startDropbear, needs: '/usr/sbin/dropbear' },
] as const
const TASKS = [
  { task: 'true', work: 'true', before: 'desired' },
  { task: 'desired', work: 'mend', before: 'desired' },
  { task: 'drifted', work: 'mend', before: 'drifted' },
] as const
/** They run the OpenSSH client, which is measured itself. */
const LIKE_OPENSSH = new Set(['clush', 'pdsh', 'pssh'])
const SLOW = new Set(['ansible', 'mitogen'])

type Server = (typeof SERVERS)[number]
type Task = (typeof TASKS)[number]

function takes(tool: Tool, round: number, { server }: Server, { task }: Task): boolean {
  if (LIKE_OPENSSH.has(tool.id)) return false
  if (SLOW.has(tool.id)) return round === 0 && server === 'openssh'
  return server === 'openssh' || task === 'true' || tool.kind === 'tillwright'
}

/** One device behind a line of 100 ms: its first answer, ten steps as they should be, ten steps to mend. */
export const line: Section = {
  id: 'line',
  title: 'One device over a line with 100 ms of round trip',
  async run(bench) {
    const lab = bench.lab()
    const [tapdelay, stopwatch] = [bench.program('tapdelay'), bench.program('stopwatch')]
    if (!lab || !tapdelay || !stopwatch) return
    const folder = bench.folder('line')
    const addresses = SERVERS.map(({ address }) => address)
    const wire = await makeLine(tapdelay, folder, addresses)
    for (const { start, address } of SERVERS) await start(lab, wire.devices, address, 22)
    wire.setRoundTrip(ROUND_TRIP_MS)
    for (let round = 0; round < (bench.options.quick ? 1 : ROUNDS); round += 1) {
      for (const server of SERVERS) {
        for (const task of TASKS) {
          for (const tool of rotated(bench.tools, round).filter((tool) => takes(tool, round, server, task))) {
            await once({ bench, lab, wire, stopwatch, folder }, { tool, server, task, round })
          }
        }
      }
    }
  },
}

interface Surroundings {
  readonly bench: Bench
  readonly lab: Lab
  readonly wire: Line
  readonly stopwatch: string
  readonly folder: string
}

interface Turn {
  readonly tool: Tool
  readonly server: Server
  readonly task: Task
  readonly round: number
}

async function once({ bench, lab, wire, stopwatch, folder }: Surroundings, turn: Turn): Promise<void> {
  const { tool, round } = turn
  const { server, address } = turn.server
  const { task, work, before } = turn.task
  putDeviceFiles(lab, [address], before)
  const command = [stopwatch, wire.controller, wire.interface]
  const watch = await startBackground({ command, log: join(folder, 'stopwatch.log'), ready: 'ready' })
  const run = { section: 'line', what: `${task} ${server}`, round, namespace: wire.controller, seconds: LIMIT_S }
  const job = { lab, hosts: [{ address, port: 22 }], work, change: task === 'drifted' }
  const ran = await runTool(bench, tool, job, { ...run, sampleMs: 0 })
  await watch.stop()
  if (!ran) return
  const [connections = 0, wireMs = 0] = watch
    .output()
    .replace(/^ready\n/, '')
    .split(' ')
    .map(Number)
  const right = ran.cost.exitCode === 0 && (work === 'true' || deviceFilesAreDesired(lab, [address]))
  const { memory_mb: _, ...costs } = ran.cost.values
  const values = { wire_ms: wireMs, trips: wireMs / ROUND_TRIP_MS, connections }
  const sample = sampleOf(tool, run, { ...ran, cost: { ...ran.cost, values: ran.cost.values } }, { right, values })
  bench.record({ ...sample, values: { ...costs, ...values } })
  bench.say(inWords(sample))
}
