import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cost, measure } from '../measure/measure.ts'
import type { Sample } from '../report/result.ts'
import type { Job, Tool } from '../tools/tool.ts'
import type { Bench } from './section.ts'

/** Addresses of a network of one's own, where all of 127.0.0.0/8 is there. */
export function addressesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}`)
}

export interface Run {
  readonly section: string
  readonly what: string
  readonly round: number
  readonly namespace: string
  /** Seconds after which it is ended. */
  readonly seconds: number
  readonly sampleMs?: number
}

export interface Ran {
  readonly cost: Cost
  readonly output: string
  readonly job: Job
}

/** Runs one tool at one job under the meter. */
export async function runTool(bench: Bench, tool: Tool, wanted: Omit<Job, 'folder'>, run: Run): Promise<Ran | null> {
  const meter = bench.program('meter')
  if (!meter) return null
  const folder = bench.folder(`${tool.id}-${run.what}-${wanted.hosts.length}`)
  const job = { ...wanted, folder }
  const limits = { seconds: run.seconds, sampleMs: run.sampleMs ?? 200, namespace: run.namespace }
  const cost = await measure(meter, tool.prepare(job), folder, limits)
  return { cost, output: readFileSync(join(folder, 'out.log'), 'utf8'), job }
}

/** What a sample needs of a run: of the job only how many devices it had. */
interface Seen extends Omit<Ran, 'job'> {
  readonly job: { readonly hosts: readonly unknown[] }
}

/** What a run becomes in the result: what it cost in all, and each device. */
export function sampleOf(
  tool: Pick<Tool, 'id'>,
  run: Run,
  { cost, job, output }: Seen,
  more: Partial<Sample> = {},
): Sample {
  const devices = job.hosts.length
  const right = more.right ?? cost.exitCode === 0
  const note = more.note ?? (cost.tooLong ? `ended after ${run.seconds} s` : right ? undefined : lastLines(output))
  return {
    section: run.section,
    what: run.what,
    tool: tool.id,
    devices,
    round: run.round,
    right,
    values: { ...cost.values, cpu_device_ms: cost.values.cpu_ms / devices, ...more.values },
    ...(note !== undefined && { note }),
  }
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-4).join(' / ').slice(0, 400)
}

/** A line of progress. */
export function inWords({ what, tool, devices, right, values, note }: Sample): string {
  const parts = Object.entries(values).map(
    ([name, value]) => `${name} ${value.toFixed(name === 'cpu_device_ms' ? 2 : 0)}`,
  )
  return `${tool} ${what} on ${devices}: ${parts.join(', ')}${right ? '' : ' NOT RIGHT'}${note ? ` (${note})` : ''}`
}
