import { addContent, type ContentBytes } from '../core/content.ts'
import type {
  EventHead,
  RunEvent,
  RunFinished,
  RunOverloaded,
  RunRollback,
  RunRolledBack,
  RunStarted,
} from '../core/events.ts'
import { type Finding, Findings } from '../core/findings.ts'
import { type DeviceState, EXIT, exitCodeOf, worseExitCode } from '../core/outcome.ts'
import type { Reporter } from '../core/ports.ts'
import { type DeviceRecord, emptyCounts } from '../core/run.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { jsonText } from './json-text.ts'
import type { Output } from './output.ts'

const RESULT_SCHEMA = 'till.result/1'

/** `run` of the result document. */
export type ResultRun = Omit<RunStarted, 'type'> & { readonly run: string; readonly started_at: string }

/** The result of a run as one document; `devices` come in the order in which they ended. */
export interface RunResult {
  readonly schema: typeof RESULT_SCHEMA
  readonly run: ResultRun
  readonly devices: readonly DeviceRecord[]
  readonly summary: {
    readonly counts: Readonly<Record<DeviceState, number>>
    /** Devices with at least one step that could not be judged. */
    readonly unknown: number
    /** By which ways files of the repository went; in a plan, would go. Absent: none that is looked after. */
    readonly content?: ContentBytes
  }
  /** What is wrong, each cause once. */
  readonly findings: readonly Finding[]
  readonly exit_code: number
  /** The controller's machine had more to do than it could, which says nothing about devices. */
  readonly overloaded?: Omit<RunOverloaded, 'type'> & { readonly at: string }
  /** A wave that failed and is taken back by a run of its own. */
  readonly rollback?: Omit<RunRollback, 'type'> & Partial<Pick<RunRolledBack, 'counts' | 'exit_code'>>
  /** Of a run that did not come to its end: when it was last heard of; it counts as interrupted. */
  readonly finished_at: string
}

export interface JsonOptions {
  /** The events are those of a run that is not over: devices in progress are left out, not lost. */
  readonly goesOn?: boolean
}

/**
 * Writes a `RunResult` as it comes to be: the head with `run.started`, a device a line as each ends, the rest at the
 * end. Closed before that, it ends the document with what is known; without `run.started` there is no document.
 * Holds only devices in progress, and what was found wrong.
 */
export function createJsonReporter(output: Pick<Output, 'write'>, options: JsonOptions = {}): Reporter {
  const document = new ResultDocument(output, options.goesOn ?? false)
  return { event: (event) => document.event(event), close: () => document.close() }
}

class ResultDocument {
  readonly #output: Pick<Output, 'write'>
  readonly #goesOn: boolean
  readonly #inFlight = new DevicesInFlight()
  readonly #counts = emptyCounts()
  readonly #findings = new Findings()
  #unknown = 0
  #content: ContentBytes | undefined
  #devices = 0
  #run: string | undefined
  #begun = false
  #ended = false
  #at = ''
  #worst: number = EXIT.ok
  #overloaded: RunResult['overloaded']
  #rollback: RunResult['rollback']

  constructor(output: Pick<Output, 'write'>, goesOn: boolean) {
    this.#output = output
    this.#goesOn = goesOn
  }

  async event(event: RunEvent): Promise<void> {
    this.#at = event.at
    if (event.type === 'run.started') return this.#begin(runOf(event))
    if (event.type === 'run.finished') return this.#end(event)
    if (event.type === 'run.overloaded') {
      const { at, wanted, processors, late_ms } = event
      this.#overloaded = { at, wanted, processors, ...(late_ms !== undefined && { late_ms }) }
    }
    if (event.type === 'run.rollback') {
      const { wave, failed, limit, devices, rollback_run } = event
      this.#rollback = { wave, failed, limit, devices, rollback_run }
    }
    if (event.type === 'run.rolled_back' && this.#rollback) {
      this.#rollback = { ...this.#rollback, counts: event.counts, exit_code: event.exit_code }
    }
    const record = await this.#inFlight.add(event)
    if (record) await this.#device(record)
  }

  async close(): Promise<void> {
    if (this.#begun && !this.#ended) await this.#end(undefined)
  }

  async #begin(run: ResultRun): Promise<void> {
    this.#begun = true
    this.#run = run.run
    await this.#output.write(`{"schema":"${RESULT_SCHEMA}","run":${jsonText(run)},"devices":[`)
  }

  async #device(record: DeviceRecord): Promise<void> {
    this.#counts[record.state] += 1
    this.#findings.add(record)
    this.#worst = worseExitCode(this.#worst, exitCodeOf(record))
    if (record.unknown) this.#unknown += 1
    for (const { content = [] } of record.steps) this.#content = addContent(this.#content, content)
    this.#devices += 1
    await this.#output.write(`${this.#devices === 1 ? '' : ','}\n${jsonText(record)}`)
  }

  async #end(finished: (RunFinished & EventHead) | undefined): Promise<void> {
    if (!this.#goesOn) {
      for (const record of await this.#inFlight.lost()) await this.#device(record)
      for (const record of await this.#inFlight.neverBegun()) await this.#device(record)
    }
    this.#ended = true
    const rest: Omit<RunResult, 'schema' | 'run' | 'devices'> = {
      summary: {
        counts: finished?.counts ?? this.#counts,
        unknown: finished?.unknown ?? this.#unknown,
        ...(this.#content && { content: this.#content }),
      },
      findings: this.#findings.list(this.#run),
      ...(this.#overloaded && { overloaded: this.#overloaded }),
      ...(this.#rollback && { rollback: this.#rollback }),
      exit_code: finished?.exit_code ?? (this.#goesOn ? this.#worst : EXIT.interrupted),
      finished_at: this.#at,
    }
    await this.#output.write(`\n],${jsonText(rest).slice(1)}\n`)
  }
}

/** What a result says about its run, from the event that began it. */
function runOf(event: RunStarted & EventHead): ResultRun {
  const { schema: _schema, seq: _seq, type: _type, run, at, ...started } = event
  return { run, started_at: at, ...started }
}
