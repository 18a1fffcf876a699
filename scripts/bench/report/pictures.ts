import type { BenchmarkResult, Figure } from './result.ts'
import { nameOf } from './rows.ts'
import { type Bar, barChart } from './svg.ts'

interface Plan {
  readonly file: string
  readonly title: string
  readonly section: string
  readonly what: string
  readonly value: string
  readonly unit: string
  readonly goal?: number
  /** Shown in this many of the unit of the value. */
  readonly per?: number
}

const PLANS: readonly Plan[] = [
  {
    file: 'cpu-true',
    title: 'CPU of the client for a device: log in, run true',
    section: 'fleet',
    what: 'true',
    value: 'cpu_device_ms',
    unit: 'ms',
    goal: 6,
  },
  {
    file: 'cpu-ten-steps',
    title: 'CPU of the client for a device: ten steps',
    section: 'fleet',
    what: 'look',
    value: 'cpu_device_ms',
    unit: 'ms',
  },
  {
    file: 'memory',
    title: 'Peak memory of the client',
    section: 'fleet',
    what: 'true',
    value: 'memory_mb',
    unit: 'MB',
  },
  {
    file: 'first-answer',
    title: 'First answer over a line of 100 ms, OpenSSH server',
    section: 'line',
    what: 'true openssh',
    value: 'wire_ms',
    unit: 'ms',
    goal: 800,
  },
  {
    file: 'line-desired',
    title: 'Ten steps in their desired state over that line',
    section: 'line',
    what: 'desired openssh',
    value: 'wire_ms',
    unit: 's',
    per: 1_000,
  },
  {
    file: 'line-drifted',
    title: 'Ten steps to mend over that line',
    section: 'line',
    what: 'drifted openssh',
    value: 'wire_ms',
    unit: 's',
    per: 1_000,
  },
  {
    file: 'faulty',
    title: 'Wall time with 5 % faulty devices',
    section: 'faulty',
    what: 'faulty',
    value: 'wall_ms',
    unit: 's',
    per: 1_000,
  },
  {
    file: 'inventory',
    title: 'CPU to load the inventory, cold',
    section: 'inventory',
    what: 'cold',
    value: 'cpu_ms',
    unit: 's',
    per: 1_000,
    goal: 2.5,
  },
]

/** A picture that goes with a result: the name of its file, what it shows, and the SVG. */
export interface Drawn {
  readonly section: string
  readonly file: string
  readonly title: string
  readonly svg: string
}

/** Draws what a result has figures for. Each tool is shown at the largest number of devices that it was given. */
export function picturesOf(result: BenchmarkResult): readonly Drawn[] {
  return PLANS.flatMap((plan) => {
    const figures = largest(
      result.figures.filter(({ section, what }) => section === plan.section && what === plan.what),
    )
    const shown = figures.filter(({ values }) => (values[plan.value] ?? 0) > 0)
    if (shown.length < 2) return []
    const sizes = new Set(shown.map(({ devices }) => devices))
    const bars = shown
      .map((figure): Bar => barOf(result, figure, plan, sizes.size > 1))
      .sort((a, b) => a.value - b.value)
    const svg = barChart({
      title: plan.title,
      unit: plan.unit,
      bars,
      ...(plan.goal !== undefined && { goal: plan.goal }),
    })
    return [{ section: plan.section, file: `${plan.file}.svg`, title: plan.title, svg }]
  })
}

function largest(figures: readonly Figure[]): readonly Figure[] {
  const byTool = new Map<string, Figure>()
  for (const figure of figures) {
    const other = byTool.get(figure.tool)
    if (!other || other.devices < figure.devices) byTool.set(figure.tool, figure)
  }
  return [...byTool.values()]
}

function barOf(result: BenchmarkResult, figure: Figure, { value, per = 1 }: Plan, withSize: boolean): Bar {
  const kind = result.tools.find(({ id }) => id === figure.tool)?.kind
  const name = SHORT[figure.tool] ?? nameOf(result, figure.tool)
  return {
    label: withSize ? `${name}, ${figure.devices.toLocaleString('en')}` : name,
    value: (figure.values[value] ?? 0) / per,
    kind: kind === 'tillwright' ? 'ours' : kind === 'floor' ? 'floor' : 'peer',
  }
}

const SHORT: Readonly<Record<string, string>> = {
  libssh2: 'C, libssh2',
  go: 'Go, x/crypto',
  asyncssh: 'asyncssh',
  yaml: 'yaml (npm)',
  'js-yaml': 'js-yaml',
  pyyaml: 'PyYAML, C',
}
