import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  hasWinRmPeer,
  PEER_PACKAGES,
  startWinRmFleet,
  type WinRmCounts,
  type WinRmFleet,
  type WinRmWay,
} from '../lab/winrm-fleet.ts'
import { measure } from '../measure/measure.ts'
import { rotated } from '../report/statistics.ts'
import type { WinRmTool, WinRmWork } from '../tools/winrm.ts'
import { inWords, sampleOf } from './run-tool.ts'
import type { Bench, Options, Section } from './section.ts'

const SIZES = [50, 200]
const QUICK_SIZES = [5]
const LIMIT_S = 120
/** Up to how many devices a tool is run on that starts a process for each; `--all` lifts this. */
const MOST: Readonly<Record<string, number>> = { 'ansible-winrm': 50 }

interface Turn {
  readonly tool: WinRmTool
  readonly work: WinRmWork
  readonly count: number
}

function turns({ winrmTools, options }: Bench): readonly Turn[] {
  const sizes = options.quick ? QUICK_SIZES : SIZES
  const takes = ({ tool, count }: Turn): boolean => isWithin(options, tool, count)
  return sizes.flatMap((count, round) =>
    (['hostname', 'look'] as const)
      .flatMap((work) => rotated(winrmTools, round).map((tool) => ({ tool, work, count })))
      .filter(takes),
  )
}

function isWithin({ all, tools }: Options, { id }: WinRmTool, count: number): boolean {
  return all || tools.includes(id) || count <= (MOST[id] ?? count)
}

/** What the peer counted, for one device: round trips of HTTP in all, and until nothing was missing but the clean-up. */
export function tripsOf(
  { http, shells_open, actions }: WinRmCounts,
  devices: number,
): Readonly<Record<string, number>> {
  return {
    trips: http / devices,
    result_trips: (http - (actions['Delete'] ?? 0)) / devices,
    shells_left: shells_open,
  }
}

/** So many Windows tills at once, over NTLM on plain HTTP and over HTTPS: one command, and ten steps. */
export const winrm: Section = {
  id: 'winrm',
  title: 'Windows tills over WinRM',
  async run(bench) {
    if (bench.winrmTools.length === 0) return
    if (!hasWinRmPeer()) {
      bench.skip('winrm', `its peer cannot be started; Debian: ${PEER_PACKAGES}`)
      return
    }
    const all = turns(bench)
    const most = Math.max(...all.map(({ count }) => count))
    for (const way of ['ntlm', 'https'] as const satisfies readonly WinRmWay[]) {
      const fleet = await startWinRmFleet(way, most, bench.folder(`winrm-${way}`))
      for (const turn of all) await take(bench, fleet, turn)
    }
  },
}

async function take(bench: Bench, fleet: WinRmFleet, { tool, work, count }: Turn): Promise<void> {
  const meter = bench.program('meter')
  if (!meter) return
  const folder = bench.folder(`${tool.id}-${work}-${fleet.way}-${count}`)
  const command = tool.prepare({ fleet, ports: fleet.ports.slice(0, count), work, folder })
  if (!command) return
  await fleet.reset()
  const cost = await measure(meter, command, folder, { seconds: LIMIT_S, sampleMs: 200 })
  const counts = await fleet.counts()
  const run = { section: 'winrm', what: `${work} ${fleet.way}`, round: 0, namespace: '', seconds: LIMIT_S }
  const output = readFileSync(join(folder, 'out.log'), 'utf8')
  // What it says is believed only as far as the peer saw a shell for each device, and nothing that is against the rules.
  const right = cost.exitCode === 0 && counts.shells_created >= count && counts.violations === 0
  const ran = { cost, output, job: { hosts: fleet.ports.slice(0, count) } }
  const sample = sampleOf(tool, run, ran, { right, values: tripsOf(counts, count) })
  bench.record(sample)
  bench.say(inWords(sample))
}
