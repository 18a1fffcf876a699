import { putDeviceFiles } from '../lab/device-files.ts'
import { startOpenSsh } from '../lab/lab.ts'
import { makeNamespace } from '../lab/namespace.ts'
import { rotated } from '../report/statistics.ts'
import type { Tool } from '../tools/tool.ts'
import type { Work } from '../tools/work.ts'
import { addressesOf, inWords, runTool, sampleOf } from './run-tool.ts'
import type { Bench, Options, Section } from './section.ts'

const SSHD_PORT = 22
const LIMIT_S = 900
/** Up to how many addresses a run is short and noisy: the cheap tools have one turn more then. */
const SMALL = 100
/**
 * Up to how many devices a task is given to tools that start a process for each, or worse, so that a run takes minutes and
 * not hours. What a device costs them hardly depends on how many there are. `--all` lifts this.
 */
const MOST: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  asyncssh: { true: 1_000, look: 100 },
  openssh: { true: 100, look: 100 },
  pssh: { true: 500, look: 100 },
  pdsh: { true: 500, look: 100 },
  clush: { true: 1_000, look: 100 },
  ansible: { true: 100, look: 100 },
  mitogen: { true: 100, look: 100 },
}
const SLOW = new Set(['ansible', 'mitogen'])

interface Turn {
  readonly tool: Tool
  readonly work: Work
  readonly size: number
  readonly round: number
}

/** Whether a tool has this turn. */
function takes({ all, quick, tools }: Options, { tool, work, size, round }: Turn): boolean {
  if (all) return true
  if (SLOW.has(tool.id) && quick && tools.length === 0) return false
  const most = MOST[tool.id]?.[work]
  return most === undefined || (size <= most && round === 0) || tools.length > 0
}

function turns(bench: Bench): readonly Turn[] {
  const { sizes, rounds, quick } = bench.options
  return sizes.flatMap((size) => {
    const times = quick ? 1 : size <= SMALL ? rounds + 1 : rounds
    return Array.from({ length: times }, (_, round) => round).flatMap((round) =>
      (['true', 'look'] as const).flatMap((work) =>
        rotated(bench.tools, round).map((tool) => ({ tool, work, size, round })),
      ),
    )
  })
}

/** All tools on the same real sshd, one after the other, the order rotated: `true`, and ten steps in their desired state. */
export const fleet: Section = {
  id: 'fleet',
  title: 'A fleet on loopback, OpenSSH server',
  async run(bench) {
    const lab = bench.lab()
    if (!lab) return
    const namespace = makeNamespace()
    await startOpenSsh(lab, namespace, '0.0.0.0', SSHD_PORT)
    putDeviceFiles(lab, addressesOf(Math.max(...bench.options.sizes)), 'desired')
    // What takes minutes comes last, so that a run that is broken off has the rest.
    const all = turns(bench).filter((turn) => takes(bench.options, turn))
    const isSlow = ({ tool }: Turn): boolean => SLOW.has(tool.id)
    for (const turn of [...all.filter((turn) => !isSlow(turn)), ...all.filter(isSlow)]) {
      const { tool, work, size, round } = turn
      const hosts = addressesOf(size).map((address) => ({ address, port: SSHD_PORT }))
      const run = { section: 'fleet', what: work, round, namespace, seconds: LIMIT_S }
      const ran = await runTool(bench, tool, { lab, hosts, work, change: false }, run)
      if (!ran) continue
      const sample = sampleOf(tool, run, ran)
      bench.record(sample)
      bench.say(inWords(sample))
    }
  },
}
