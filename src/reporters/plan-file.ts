import type { EventHead, RunEvent, RunStarted } from '../core/events.ts'
import { PLAN_SCHEMA, type Plan, type PlannedDevice } from '../core/plan.ts'
import type { Reporter } from '../core/ports.ts'
import type { DeviceRecord } from '../core/run.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { jsonText } from './json-text.ts'
import type { Output } from './output.ts'

/** What a plan needs to know beyond the events of its run. */
export interface PlanFileOptions {
  readonly runbook: Plan['runbook']
  readonly policy?: Plan['policy']
  readonly isSandbox: boolean
  /** How long it may be applied, in milliseconds. */
  readonly validMs: number
  /** sha256 of the effective inventory data of a device. */
  readonly digestOf: (device: string) => string
}

/**
 * Writes a `Plan`, a device a line as each ends. `complete` is true only when the run came to its end and every
 * targeted device was read and judged.
 */
export function createPlanFileReporter(output: Pick<Output, 'write'>, options: PlanFileOptions): Reporter {
  const document = new PlanDocument(output, options)
  return { event: (event) => document.event(event), close: () => document.close() }
}

class PlanDocument {
  readonly #output: Pick<Output, 'write'>
  readonly #options: PlanFileOptions
  readonly #inFlight = new DevicesInFlight()
  #targeted: number | undefined
  #written = 0
  #judged = 0
  #finished = false

  constructor(output: Pick<Output, 'write'>, options: PlanFileOptions) {
    this.#output = output
    this.#options = options
  }

  async event(event: RunEvent): Promise<void> {
    if (event.type === 'run.started') return this.#begin(event)
    if (event.type === 'run.finished') this.#finished = true
    const record = await this.#inFlight.add(event)
    if (record) await this.#device(record)
  }

  /** Writes nothing when the run never began: there is no plan then. */
  async close(): Promise<void> {
    if (this.#targeted === undefined) return
    const complete = this.#finished && this.#judged === this.#targeted
    await this.#output.write(`\n],"complete":${complete}}\n`)
  }

  async #begin(event: RunStarted & EventHead): Promise<void> {
    this.#targeted = event.devices
    const head: Omit<Plan, 'devices' | 'complete'> = {
      schema: PLAN_SCHEMA,
      id: event.run,
      created_at: event.at,
      expires_at: new Date(Date.parse(event.at) + this.#options.validMs).toISOString(),
      revision: event.revision,
      ...(this.#options.isSandbox && { sandbox: true }),
      runbook: this.#options.runbook,
      ...(this.#options.policy && { policy: this.#options.policy }),
    }
    await this.#output.write(`${jsonText(head).slice(0, -1)},"devices":[`)
  }

  async #device(record: DeviceRecord): Promise<void> {
    const judged =
      (record.state === 'in-sync' || record.state === 'drifted' || record.state === 'unmet') && !record.unknown
    if (judged) this.#judged += 1
    const planned: PlannedDevice = {
      device: record.device,
      state: record.state,
      digest: this.#options.digestOf(record.device),
      steps: record.steps.map(({ step, module, state, changes = [] }) => ({ step, module, state, changes })),
    }
    this.#written += 1
    await this.#output.write(`${this.#written === 1 ? '' : ','}\n${jsonText(planned)}`)
  }
}
