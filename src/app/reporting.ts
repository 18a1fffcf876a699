import type { Fleet } from '../core/fleet.ts'
import type { Reporter } from '../core/ports.ts'
import type { Runbook } from '../core/runbook.ts'
import { jsonReporter } from '../reporters/json.ts'
import { linesReporter } from '../reporters/lines.ts'
import { ndjsonReporter } from '../reporters/ndjson.ts'
import { planFileReporter } from '../reporters/plan-file.ts'
import type { Sink } from '../reporters/sink.ts'
import { terminalReporter } from '../reporters/terminal.ts'
import { deviceDigest } from './device-digest.ts'
import { fileOutput, type Output, stdoutOutput } from './output.ts'
import type { RunRequest } from './start-run.ts'

interface OutputFlags {
  readonly json: boolean
  readonly ndjson: boolean
  readonly verbose: boolean
  readonly output?: string | undefined
}

/** What a run shows on stdout, and the result document in the file of `--output`. */
export function runReporters(flags: OutputFlags): RunRequest['reporters'] {
  return async () => {
    const reporters = [stdoutReporter(flags)]
    if (flags.output !== undefined) reporters.push(await toFile(flags.output, (sink) => jsonReporter(sink)))
    return reporters
  }
}

/** As for every run; but the file of `--output` is the plan. */
export function planReporters(
  flags: OutputFlags,
  planned: { readonly runbook: Runbook; readonly fleet: Fleet },
): RunRequest['reporters'] {
  const { runbook, fleet } = planned
  return async () => {
    const reporters = [stdoutReporter(flags)]
    if (flags.output !== undefined) {
      const digestOf = (name: string): string => {
        const device = fleet.devices.get(name)
        return device ? deviceDigest(device) : ''
      }
      reporters.push(await toFile(flags.output, (sink) => planFileReporter(sink, { file: runbook.file, digestOf })))
    }
    return reporters
  }
}

function stdoutReporter(flags: OutputFlags): Reporter {
  const sink = sinkOf(stdoutOutput())
  if (flags.json) return jsonReporter(sink)
  if (flags.ndjson) return ndjsonReporter(sink)
  if (sink.isTerminal) return terminalReporter(sink, { verbose: flags.verbose })
  return linesReporter(sink, { verbose: flags.verbose })
}

function sinkOf(output: Output): Sink {
  const isTerminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'
  return {
    write: (text) => output.write(text),
    isTerminal,
    columns: process.stdout.columns ?? 120,
    color: isTerminal && !process.env['NO_COLOR'],
  }
}

async function toFile(path: string, create: (sink: Sink) => Reporter): Promise<Reporter> {
  const output = await fileOutput(path)
  const reporter = create({ write: (text) => output.write(text), isTerminal: false, columns: 120, color: false })
  return {
    event: (event) => reporter.event(event),
    async close() {
      await reporter.close()
      await output.close()
    },
  }
}
