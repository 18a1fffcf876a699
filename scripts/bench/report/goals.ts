import type { Figure, Goal } from './result.ts'
import { slope } from './statistics.ts'

/** What Tillwright aims for, beside what was measured. */
export function goalsOf(figures: readonly Figure[]): readonly Goal[] {
  return GOALS.map(({ id, what, goal, measure }) => {
    const found = measure((section, name, devices) => find(figures, section, name, devices), figures)
    return { id, what, goal, measured: found?.text ?? null, met: found?.met ?? null }
  })
}

type Find = (section: string, what: string, devices?: number) => Figure | undefined

interface Measured {
  readonly text: string
  readonly met: boolean
}

interface Rule {
  readonly id: string
  readonly what: string
  readonly goal: string
  measure(find: Find, figures: readonly Figure[]): Measured | undefined
}

/** Tillwright's own figure; of several sizes the largest. */
function find(figures: readonly Figure[], section: string, what: string, devices?: number): Figure | undefined {
  return figures
    .filter((figure) => figure.tool === 'till' && figure.section === section && figure.what === what)
    .filter((figure) => devices === undefined || figure.devices === devices)
    .sort((a, b) => b.devices - a.devices)[0]
}

/** A rule for one value that must not be larger than a limit. */
function atMost(value: string, limit: number, unit: string, of: (find: Find) => Figure | undefined): Rule['measure'] {
  return (find) => {
    const figure = of(find)
    const number = figure?.values[value]
    if (!figure || number === undefined) return undefined
    return { text: `${Number(number.toFixed(2))} ${unit}`, met: number <= limit && figure.right }
  }
}

/** A rule for the difference or the quotient of one value of two figures. */
function compared(value: string, a: Figure | undefined, b: Figure | undefined): readonly [number, number] | undefined {
  const [x, y] = [a?.values[value], b?.values[value]]
  return x === undefined || y === undefined ? undefined : [x, y]
}

const SIZE = 1_000
const GOALS: readonly Rule[] = [
  {
    id: 'cpu-true',
    what: 'client CPU a device over 1,000 addresses: connect, log in, one exchange',
    goal: '≤ 6 ms, then 5',
    measure: atMost('cpu_device_ms', 6, 'ms', (find) => find('fleet', 'true', SIZE)),
  },
  {
    id: 'cpu-ten-steps',
    what: 'the same for ten steps',
    goal: '≤ 1.3 × the line above',
    measure(find) {
      const both = compared('cpu_device_ms', find('fleet', 'look', SIZE), find('fleet', 'true', SIZE))
      return (
        both && {
          text: `${both[0].toFixed(2)} ms = ${(both[0] / both[1]).toFixed(2)} ×`,
          met: both[0] <= 1.3 * both[1],
        }
      )
    },
  },
  {
    id: 'first-answer',
    what: 'first answer over a line of 100 ms, OpenSSH server',
    goal: '≤ 800 ms',
    measure: atMost('wire_ms', 800, 'ms', (find) => find('line', 'true openssh')),
  },
  {
    id: 'line-desired',
    what: 'ten steps in their desired state on that line',
    goal: 'the same + 1 exchange at most',
    measure: (find) => exchanges(find('line', 'desired openssh'), find('line', 'true openssh')),
  },
  {
    id: 'line-drifted',
    what: 'the same, each of them drifted',
    goal: '+ 1 exchange',
    measure: (find) => exchanges(find('line', 'drifted openssh'), find('line', 'desired openssh')),
  },
  {
    id: 'cores',
    what: 'cores used by a run over 1,000 devices, light server',
    goal: 'all of them: client and servers ≥ 90 % of all cores',
    measure(find) {
      const figure = find('cores', 'true', SIZE)
      const { busy_percent: busy, cores } = figure?.values ?? {}
      if (busy === undefined || cores === undefined) return undefined
      return { text: `${busy.toFixed(0)} %, of it ${cores.toFixed(2)} cores by the client`, met: busy >= 90 }
    },
  },
  {
    id: 'in-flight',
    what: 'memory for a device in flight',
    goal: '≤ 120 KB',
    measure(_find, figures) {
      const held = figures.filter(({ section, tool }) => section === 'in-flight' && tool === 'till')
      const kb = slope(held.map(({ values }) => [values['held'] ?? 0, (values['memory_mb'] ?? 0) * 1024]))
      if (Number.isNaN(kb)) return undefined
      return {
        text: `${kb.toFixed(0)} KB; so 10,000 take ${((kb * 10_000) / 1024 ** 2).toFixed(2)} GB`,
        met: kb <= 120,
      }
    },
  },
  {
    id: 'winrm-trips',
    what: 'ten steps on Windows, NTLM over HTTP: HTTP round trips a device',
    goal: '≤ 6, the result after 5',
    measure(find) {
      const figure = find('winrm', 'look ntlm')
      const { trips, result_trips: before } = figure?.values ?? {}
      if (!figure || trips === undefined || before === undefined) return undefined
      const met = trips <= 6 && before <= 5 && figure.right
      return { text: `${trips.toFixed(2)}, the result after ${before.toFixed(2)}`, met }
    },
  },
  {
    id: 'winrm-trips-https',
    what: 'the same, Basic over HTTPS',
    goal: '≤ 4',
    measure: atMost('trips', 4, 'round trips', (find) => find('winrm', 'look https')),
  },
  {
    id: 'winrm-shells',
    what: 'shells left behind by a run over 200 Windows tills',
    goal: '0',
    measure: atMost('shells_left', 0, 'shells', (find) => find('winrm', 'look ntlm', 200)),
  },
  {
    id: 'inventory-cold',
    what: '17,500 devices loaded cold, CPU of the whole command',
    goal: '≤ 2,500 ms',
    measure: atMost('cpu_ms', 2_500, 'ms', (find) => find('inventory', 'cold', 17_500)),
  },
  ...(['warm', 'changed'] as const).map(
    (what): Rule => ({
      id: `inventory-${what}`,
      what:
        what === 'warm'
          ? 'loaded warm, beyond the same command on one store'
          : 'after one of eight files changed, likewise',
      goal: what === 'warm' ? '≤ 250 ms' : '≤ 120 ms',
      measure(find) {
        const both = compared('cpu_ms', find('inventory', what, 17_500), find('start-up', 'list'))
        if (!both) return undefined
        const own = both[0] - both[1]
        return { text: `${own.toFixed(0)} ms`, met: own <= (what === 'warm' ? 250 : 120) }
      },
    }),
  ),
  {
    id: 'inventory-device',
    what: '`till why` of one device of 17,500, beyond the same in one store',
    goal: '≤ 250 ms',
    measure(find) {
      const both = compared('cpu_ms', find('inventory', 'device', 17_500), find('start-up', 'why'))
      if (!both) return undefined
      const own = both[0] - both[1]
      return { text: `${own.toFixed(0)} ms`, met: own <= 250 }
    },
  },
  ...(['version', 'help'] as const).map(
    (what): Rule => ({
      id: what,
      what: `till --${what}`,
      goal: '≤ 200 ms CPU',
      measure: atMost('cpu_ms', 200, 'ms', (find) => find('start-up', what)),
    }),
  ),
  {
    id: 'faulty-wall',
    what: 'what 5 % faulty devices add to a run',
    goal: '≤ the deadline + 5 s = 15 s',
    measure(find) {
      const both = compared('wall_ms', find('faulty', 'faulty'), find('faulty', 'healthy'))
      if (!both) return undefined
      const seconds = (both[0] - both[1]) / 1_000
      return { text: `${seconds.toFixed(1)} s`, met: seconds <= 15 && find('faulty', 'faulty')?.right === true }
    },
  },
  {
    id: 'faulty-cpu',
    what: 'CPU that waiting for them takes',
    goal: 'none: ≤ 5 % more',
    measure(find) {
      const both = compared('cpu_ms', find('faulty', 'faulty'), find('faulty', 'healthy'))
      return both && { text: `${((both[0] / both[1] - 1) * 100).toFixed(1)} %`, met: both[0] <= 1.05 * both[1] }
    },
  },
  {
    id: 'printers-store',
    what: 'the printers of a store on a line of 150 ms, three stages, the whole command',
    goal: '≤ 3,000 ms',
    measure: atMost('wall_ms', 3_000, 'ms', (find) => find('printers', 'store')),
  },
  {
    id: 'printers-many',
    what: '4,000 printers, the whole command',
    goal: '≤ 60,000 ms',
    measure: atMost('wall_ms', 60_000, 'ms', (find) => find('printers', 'many', 4_000)),
  },
  {
    id: 'printers-dead',
    what: '100 printers of which half are out of reach, each 3 s long, and their ping',
    goal: '≤ 6,000 ms',
    measure: atMost('wall_ms', 6_000, 'ms', (find) => find('printers', 'dead')),
  },
  {
    id: 'results-memory',
    what: 'results of 17,500 devices as JSON: peak memory beyond that of 1,750',
    goal: 'flat: ≤ 25 % more',
    measure(_find, figures) {
      const own = figures.filter(({ section, tool }) => section === 'results' && tool === 'till')
      const sorted = [...own].sort((a, b) => a.devices - b.devices)
      const both = sorted.length < 2 ? undefined : compared('memory_mb', sorted.at(-1), sorted[0])
      return both && { text: `${both[0].toFixed(0)} MB against ${both[1].toFixed(0)}`, met: both[0] <= 1.25 * both[1] }
    },
  },
]

const EXCHANGE_MS = 100
/** What the device itself takes for the steps: it looks at files and starts programs. */
const WORK_MS = 100

function exchanges(a: Figure | undefined, b: Figure | undefined): Measured | undefined {
  const both = compared('wire_ms', a, b)
  if (!both) return undefined
  const more = both[0] - both[1]
  return {
    text: `${both[0].toFixed(0)} ms: ${(more / EXCHANGE_MS).toFixed(1)} round trips more`,
    met: more <= EXCHANGE_MS + WORK_MS,
  }
}
