import { availableParallelism } from 'node:os'
import { startLightFleet } from '../lab/light.ts'
import { rotated } from '../report/statistics.ts'
import { addressesOf, inWords, runTool, sampleOf } from './run-tool.ts'
import type { Section } from './section.ts'

/** How many devices, and how often. */
const SIZES = [
  [1_000, 2],
  [3_500, 1],
] as const
const QUICK_SIZES = [[50, 1]] as const
/** Those that do it all in one program and are limited by the servers of the fleet. */
const TOOLS = new Set(['till', 'against', 'libssh2', 'go'])

/** How fast the client can be where the servers cost little, and how many cores it uses for that. */
export const cores: Section = {
  id: 'cores',
  title: 'Against a light server, so that the client is the limit',
  async run(bench) {
    const fleet = await startLightFleet(bench, 'cores')
    if (!fleet) return
    const { lab, namespace, port } = fleet
    for (const [size, rounds] of bench.options.quick ? QUICK_SIZES : SIZES) {
      const hosts = addressesOf(size).map((address) => ({ address, port }))
      for (let round = 0; round < rounds; round += 1) {
        for (const tool of rotated(bench.tools, round).filter(({ id }) => TOOLS.has(id))) {
          const run = { section: 'cores', what: 'true', round, namespace, seconds: 300 }
          const before = fleet.serverCpuMs()
          const ran = await runTool(bench, tool, { lab, hosts, work: 'true', change: false }, run)
          if (!ran) return
          const servers = fleet.serverCpuMs() - before
          const { cpu_ms, wall_ms } = ran.cost.values
          const values = {
            devices_s: (size / wall_ms) * 1_000,
            cores: cpu_ms / wall_ms,
            // Of client and servers together; what else the machine does is not theirs.
            busy_percent: (100 * (cpu_ms + servers)) / (wall_ms * availableParallelism()),
          }
          const sample = sampleOf(tool, run, ran, { values })
          bench.record(sample)
          bench.say(inWords(sample))
        }
      }
    }
  },
}
