import { counted } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import type { DeviceRecord, RunSummary } from '../core/run.ts'
import { describeDevice } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { heading } from './lines.ts'
import type { Output } from './output.ts'
import { type Paint, paintFor } from './paint.ts'
import { RunTally } from './run-tally.ts'
import { SeenDifferences } from './seen-differences.ts'

export interface HistoryOptions {
  /** What the store says of the run. */
  readonly run: RunSummary
  readonly verbose: boolean
  /** Also devices that were in sync. */
  readonly inSync: boolean
  /** Only some devices of the run are shown. */
  readonly partial: boolean
  /** Flags that commands named in the summary need to find this run. */
  readonly flags: string
}

/** An earlier run as text: its devices in the order in which they ended, then the summary of those that are shown. */
export function createHistoryReporter(output: Output, options: HistoryOptions): Reporter {
  const history = new HistoryReporter(output, options)
  return { event: (event) => history.event(event), close: () => history.close() }
}

class HistoryReporter {
  readonly #output: Output
  readonly #options: HistoryOptions
  readonly #paint: Paint
  readonly #tally: RunTally
  readonly #inFlight = new DevicesInFlight()
  readonly #seen = new SeenDifferences()
  #shown = 0

  constructor(output: Output, options: HistoryOptions) {
    this.#output = output
    this.#options = options
    this.#paint = paintFor(output.color)
    this.#tally = new RunTally(options)
  }

  async event(event: RunEvent): Promise<void> {
    this.#tally.event(event)
    if (event.type === 'run.started') {
      const { started_at, by, state } = this.#options.run
      await this.#write([...heading(event, this.#paint), `Started ${started_at} by ${by} on ${event.host}, ${state}`])
    }
    const record = await this.#inFlight.add(event)
    if (record) await this.#device(record)
  }

  async close(): Promise<void> {
    // Of a run that goes on, what has begun is not lost.
    if (this.#options.run.state !== 'running') {
      for (const record of await this.#inFlight.lost()) {
        this.#tally.device(record)
        await this.#device(record)
      }
      await this.#notBegun()
    }
    await this.#write(
      this.#tally.summary(this.#paint, { partial: this.#options.partial, details: false, advised: true }),
    )
  }

  /** Of a run that died, devices that it had not begun are counted; to list them all would say nothing more. */
  async #notBegun(): Promise<void> {
    const { run, partial } = this.#options
    const left = Math.max(0, run.devices - this.#tally.done)
    for (const record of await this.#inFlight.neverBegun()) this.#tally.device(record)
    if (partial || run.state !== 'interrupted' || left === 0) return
    const devices = counted(left, 'device was', 'devices were')
    await this.#write(['', `${devices} not begun when the run ended.`])
  }

  async #device(record: DeviceRecord): Promise<void> {
    const { inSync, verbose } = this.#options
    if (!inSync && record.state === 'in-sync' && !record.unknown && !record.leftovers) return
    if (this.#shown === 0) await this.#write([''])
    this.#shown += 1
    await this.#write(
      describeDevice(record, {
        paint: this.#paint,
        verbose,
        flags: this.#options.flags,
        run: this.#options.run.run,
        seen: this.#seen,
      }),
    )
  }

  async #write(lines: readonly string[]): Promise<void> {
    await this.#output.write(`${lines.join('\n')}\n`)
  }
}
