import { join } from 'node:path'
import { startBackground } from '../lab/background.ts'
import { startOpenSsh } from '../lab/lab.ts'
import { makeNamespace } from '../lab/namespace.ts'
import type { Host, Tool } from '../tools/tool.ts'
import { addressesOf, inWords, type Ran, runTool, sampleOf } from './run-tool.ts'
import type { Bench, Section } from './section.ts'

const DEVICES = 1_000
const FEW_DEVICES = 100
/** The others would take minutes for a thousand, and say the same of a hundred. */
const THOUSAND = new Set(['till', 'against', 'clush'])
const PORTS = { healthy: 22, refuses: 23, tarpit: 24, blackHole: 25 } as const
const LIMIT_S = 400
const TOOLS = new Set(['till', 'against', 'clush', 'pdsh', 'pssh', 'ansible'])

/** Of each hundred devices 3 refuse, 1 is a black hole, 1 a tarpit, spread among the healthy ones. */
function portAt(n: number): number {
  const place = n % 100
  if (place === 10 || place === 40 || place === 70) return PORTS.refuses
  return place === 25 ? PORTS.blackHole : place === 55 ? PORTS.tarpit : PORTS.healthy
}

/** Devices that cannot be used must not cost the others anything: beside a run over the healthy ones alone. */
export const faulty: Section = {
  id: 'faulty',
  title: 'Devices of which 3 % refuse, 1 % are black holes, 1 % tarpits',
  async run(bench) {
    const lab = bench.lab()
    const program = bench.program('faulty-peers')
    if (!lab || !program) return
    const namespace = makeNamespace()
    await startOpenSsh(lab, namespace, '0.0.0.0', PORTS.healthy)
    const command = ['ip', 'netns', 'exec', namespace, program, String(PORTS.tarpit), String(PORTS.blackHole)]
    await startBackground({ command, log: join(bench.folder('faulty'), 'log'), ready: 'ready' })
    for (const tool of bench.tools.filter(({ id }) => TOOLS.has(id))) {
      if (tool.id === 'ansible' && bench.options.quick) continue
      const count = !bench.options.quick && THOUSAND.has(tool.id) ? DEVICES : FEW_DEVICES
      const hosts = addressesOf(count).map((address, n) => ({ address, port: portAt(n) }))
      const healthy = hosts.filter(({ port }) => port === PORTS.healthy)
      // What the healthy ones take by themselves is needed for the goal only.
      for (const [what, chosen] of tool.kind === 'tillwright'
        ? [['healthy', healthy] as const, ['faulty', hosts] as const]
        : [['faulty', hosts] as const]) {
        const run = { section: 'faulty', what, round: 0, namespace, seconds: LIMIT_S }
        const ran = await runTool(bench, tool, { lab, hosts: chosen, work: 'true', change: false }, run)
        if (ran) judge(bench, tool, run, ran)
      }
    }
  },
}

function judge(bench: Bench, tool: Tool, run: Parameters<typeof sampleOf>[1], ran: Ran): void {
  const { hosts } = ran.job
  const named = ran.cost.tooLong ? new Set<string>() : new Set(tool.failed?.(ran.output, ran.job))
  const isHealthy = ({ port }: Host): boolean => port === PORTS.healthy
  const healthy = hosts.filter(isHealthy)
  const done = ran.cost.tooLong ? 0 : healthy.filter(({ address }) => !named.has(address)).length
  const sick = hosts.filter((host) => !isHealthy(host))
  const faultyNamed = sick.filter(({ address }) => named.has(address)).length
  const right = done === healthy.length && faultyNamed === sick.length
  const note = right
    ? {}
    : { note: `${done} of ${healthy.length} healthy, ${faultyNamed} of ${sick.length} faulty named` }
  const values = { healthy_done: done, faulty_named: faultyNamed }
  const sample = sampleOf(tool, run, ran, { right, values, ...(!ran.cost.tooLong && note) })
  bench.record(sample)
  bench.say(inWords(sample))
}
