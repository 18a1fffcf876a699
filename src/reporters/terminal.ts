import { formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import { commandWith } from '../core/remedy.ts'
import type { DeviceRecord } from '../core/run.ts'
import { describeDevice } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { createLinesReporter, heading, interruption, resumption, waitsForPeople } from './lines.ts'
import { LiveView } from './live-view.ts'
import type { Output } from './output.ts'
import { type Paint, paintFor } from './paint.ts'
import { overload, RunTally, rollbackBegun } from './run-tally.ts'
import { SeenDifferences } from './seen-differences.ts'

/** Devices whose details follow the live view; of more, the history tells. */
const MOST_DETAILS = 20

export interface TerminalOptions {
  /** Also devices and steps that are as they should be. */
  readonly verbose?: boolean
  /** Flags that commands named in the summary need to find this run, as `--sandbox`. */
  readonly flags?: string
  /** The file that the run is planned into. */
  readonly plan?: string
}

/** A live view while the run goes on, then the details of the first devices that need a look, and the summary. */
export function createTerminalReporter(output: Output, options: TerminalOptions = {}): Reporter {
  // A terminal that does not know its size (a pseudo-terminal of a script) cannot be drawn on.
  if (output.columns < 1) return createLinesReporter(output, options)
  const terminal = new TerminalReporter(output, options)
  return { event: (event) => terminal.event(event), close: () => terminal.close() }
}

class TerminalReporter {
  readonly #output: Output
  readonly #verbose: boolean
  readonly #flags: string
  readonly #paint: Paint
  readonly #tally: RunTally
  readonly #inFlight = new DevicesInFlight()
  readonly #seen = new SeenDifferences()
  readonly #details: DeviceRecord[] = []
  #notShown = 0
  #view: LiveView | undefined

  constructor(output: Output, options: TerminalOptions) {
    this.#output = output
    this.#verbose = options.verbose ?? false
    this.#flags = options.flags ?? ''
    this.#tally = new RunTally(options)
    this.#paint = paintFor(output.color)
  }

  async event(event: RunEvent): Promise<void> {
    this.#tally.event(event)
    if (event.type === 'run.started') {
      await this.#write(heading(event, this.#paint))
      this.#view = await LiveView.open(this.#output, this.#tally)
    }
    if (event.type === 'run.resumed') this.#view?.notice(resumption(event))
    if (event.type === 'run.interrupted') this.#view?.notice(interruption(event))
    if (event.type === 'run.overloaded') this.#view?.note(overload(event))
    if (event.type === 'run.rollback') this.#view?.note(rollbackBegun(event))
    const waits = waitsForPeople(event)
    if (waits !== undefined) this.#view?.note(waits)
    await this.#view?.event(event)
    const record = await this.#inFlight.add(event)
    if (record) this.#keep(record)
  }

  async close(): Promise<void> {
    await this.#view?.close()
    if (!this.#tally.started) return
    for (const record of await this.#inFlight.lost()) {
      this.#tally.device(record)
      this.#keep(record)
    }
    for (const record of await this.#inFlight.neverBegun()) this.#tally.device(record)
    for (const record of this.#details) {
      // The summary follows at once, and has the advice.
      await this.#write(
        describeDevice(record, {
          paint: this.#paint,
          verbose: this.#verbose,
          advice: false,
          flags: this.#flags,
          seen: this.#seen,
        }),
      )
    }
    if (this.#notShown > 0) {
      await this.#write([
        `… and ${formatCount(this.#notShown)} more: ${commandWith(`till runs show ${this.#tally.started.run}`, this.#flags)}`,
      ])
    }
    await this.#write(this.#tally.summary(this.#paint))
  }

  #keep(record: DeviceRecord): void {
    if (!this.#verbose && record.state === 'in-sync' && !record.unknown && !record.leftovers) return
    if (this.#details.length < MOST_DETAILS) this.#details.push(record)
    else this.#notShown += 1
  }

  async #write(lines: readonly string[]): Promise<void> {
    await this.#output.write(`${lines.join('\n')}\n`)
  }
}
