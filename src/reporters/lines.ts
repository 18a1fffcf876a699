import { counted, formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import { describeDevice } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import type { Output } from './output.ts'
import { type Paint, paintFor } from './paint.ts'
import { plainText } from './plain-text.ts'
import { overload, RunTally, rollbackBegun, title } from './run-tally.ts'
import { SeenDifferences } from './seen-differences.ts'

const PROGRESS_EVERY_MS = 5000
/** Where nothing moves, it is said less and less often, up to this many times: logs of a run that waits for a night stay short. */
const RAREST = 64

export interface LinesOptions {
  /** Also devices and steps that are as they should be. */
  readonly verbose?: boolean
  /** Flags that commands named in the summary need to find this run, as `--sandbox`. */
  readonly flags?: string
  /** The file that the run is planned into. */
  readonly plan?: string
  /** Milliseconds between two lines of progress. */
  readonly progressMs?: number
}

/**
 * Plain lines for logs: what there is to say about each device as it ends, progress now and then, a summary. Devices
 * that are in sync are only counted.
 */
export function createLinesReporter(output: Output, options: LinesOptions = {}): Reporter {
  const lines = new LinesReporter(output, options)
  return { event: (event) => lines.event(event), close: () => lines.close() }
}

class LinesReporter {
  readonly #output: Output
  readonly #verbose: boolean
  readonly #flags: string
  readonly #progressMs: number
  readonly #paint: Paint
  readonly #tally: RunTally
  readonly #inFlight = new DevicesInFlight()
  readonly #seen = new SeenDifferences()
  #timer: NodeJS.Timeout | undefined
  #shownDone = 0
  /** How often nothing had moved since something was shown. */
  #still = 0

  constructor(output: Output, options: LinesOptions) {
    this.#output = output
    this.#verbose = options.verbose ?? false
    this.#progressMs = options.progressMs ?? PROGRESS_EVERY_MS
    this.#paint = paintFor(output.color)
    this.#flags = options.flags ?? ''
    this.#tally = new RunTally(options)
  }

  async event(event: RunEvent): Promise<void> {
    this.#tally.event(event)
    if (event.type === 'run.started') {
      await this.#write(heading(event, this.#paint))
      // Not by events: a run that waits for slow devices should say so.
      this.#timer = setInterval(() => void this.#progress(), this.#progressMs).unref()
    }
    if (event.type === 'run.resumed') await this.#write([resumption(event)])
    if (event.type === 'run.interrupted') await this.#write([interruption(event)])
    if (event.type === 'run.overloaded') await this.#write([overload(event)])
    if (event.type === 'run.rollback') await this.#write([rollbackBegun(event)])
    const waits = waitsForPeople(event)
    if (waits !== undefined) await this.#write([waits])
    if (event.type === 'run.finished') clearInterval(this.#timer)
    const record = await this.#inFlight.add(event)
    if (record && (this.#verbose || record.state !== 'in-sync' || record.unknown || record.leftovers)) {
      await this.#write(
        describeDevice(record, { paint: this.#paint, verbose: this.#verbose, flags: this.#flags, seen: this.#seen }),
      )
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#tally.started) return
    for (const record of await this.#inFlight.lost()) {
      this.#tally.device(record)
      await this.#write(describeDevice(record, { paint: this.#paint, flags: this.#flags }))
    }
    for (const record of await this.#inFlight.neverBegun()) this.#tally.device(record)
    await this.#write(this.#tally.summary(this.#paint, { advised: true }))
  }

  async #progress(): Promise<void> {
    const targeted = this.#tally.started?.devices ?? 0
    const rate = (this.#tally.done - this.#shownDone) / (this.#progressMs / 1000)
    this.#shownDone = this.#tally.done
    this.#still = rate > 0 ? 0 : this.#still + 1
    if (this.#still % RAREST !== 0 && !Number.isInteger(Math.log2(this.#still))) return
    const counts = this.#tally.done > 0 ? `: ${this.#tally.countsText(this.#paint)}` : ''
    const speed = rate > 0 ? `, ${formatCount(Math.ceil(rate))}/s` : ''
    await this.#write([`… ${formatCount(this.#tally.done)} of ${formatCount(targeted)} devices${speed}${counts}`])
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#output.write(`${lines.join('\n')}\n`)
  }
}

/** The first lines about a run. */
export function heading(event: Extract<RunEvent, { type: 'run.started' }>, paint: Paint): string[] {
  const devices = counted(event.devices, 'device')
  const revision = event.revision === null ? '' : `, revision ${plainText(event.revision).slice(0, 12)}`
  return [`${paint('bold', title(event))}: ${devices}${revision}, run ${plainText(event.run)}`]
}

export function resumption(event: Extract<RunEvent, { type: 'run.resumed' }>): string {
  const devices = `${counted(event.devices, 'device is', 'devices are')} left`
  return `Resumed by ${plainText(event.by)} on ${plainText(event.host)}: ${devices}`
}

export function interruption(event: Extract<RunEvent, { type: 'run.interrupted' }>): string {
  const what = event.hard ? 'stopping now' : 'finishing what is being changed; once more to stop now'
  return `${plainText(event.signal)}: ${what}`
}

/** A device whose people were warned: the run stands still for it, and somebody at a terminal wonders why. */
export function waitsForPeople(event: RunEvent): string | undefined {
  if (event.type !== 'device.waiting' || event.failure.code !== 'WARNING_WAITING') return undefined
  return plainText(event.failure.message)
}
