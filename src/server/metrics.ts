import { prometheusLabels } from '../reporters/prometheus-labels.ts'

/** Numbers for Prometheus, in its text format (version 0.0.4). None of them is per device. */
export class Metrics {
  readonly #counters = new Map<string, { readonly help: string; readonly values: Map<string, number> }>()
  readonly #gauges: { readonly name: string; readonly help: string; readonly read: () => number | Promise<number> }[] =
    []
  readonly #families: {
    readonly name: string
    readonly help: string
    readonly read: () => Promise<readonly (readonly [Readonly<Record<string, string>>, number])[]>
  }[] = []
  readonly #times = new Map<string, { readonly help: string; readonly buckets: number[]; sum: number; count: number }>()

  /** Labels take values of lists that this program knows, never texts of others. */
  count(name: string, help: string, labels: Readonly<Record<string, string>> = {}): void {
    const counter = this.#counters.get(name) ?? { help, values: new Map<string, number>() }
    this.#counters.set(name, counter)
    const key = labelText(labels)
    counter.values.set(key, (counter.values.get(key) ?? 0) + 1)
  }

  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    this.#gauges.push({ name, help, read })
  }

  /** Gauges of one name, by labels that this program or its project file names. */
  gauges(
    name: string,
    help: string,
    read: () => Promise<readonly (readonly [Readonly<Record<string, string>>, number])[]>,
  ): void {
    this.#families.push({ name, help, read })
  }

  /** A histogram of seconds. */
  took(name: string, help: string, ms: number): void {
    const time = this.#times.get(name) ?? { help, buckets: BOUNDS_MS.map(() => 0), sum: 0, count: 0 }
    this.#times.set(name, time)
    for (const [index, bound] of BOUNDS_MS.entries())
      if (ms <= bound) time.buckets[index] = (time.buckets[index] ?? 0) + 1
    time.sum += ms / 1000
    time.count += 1
  }

  async text(): Promise<string> {
    const lines: string[] = []
    for (const [name, { help, values }] of this.#counters) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`)
      for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`)
    }
    for (const { name, help, read } of this.#gauges) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${await read()}`)
    }
    for (const { name, help, read } of this.#families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`)
      for (const [labels, value] of await read()) lines.push(`${name}${labelText(labels)} ${value}`)
    }
    for (const [name, { help, buckets, sum, count }] of this.#times) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`)
      for (const [index, bound] of BOUNDS_MS.entries())
        lines.push(`${name}_bucket{le="${bound / 1000}"} ${buckets[index] ?? 0}`)
      lines.push(`${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${sum}`, `${name}_count ${count}`)
    }
    return `${lines.join('\n')}\n`
  }
}

const BOUNDS_MS = [5, 10, 25, 50, 100, 150, 200, 500, 1_000, 5_000, 30_000]

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = prometheusLabels(labels)
  return pairs === '' ? '' : `{${pairs}}`
}
