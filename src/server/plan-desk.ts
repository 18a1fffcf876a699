import { relative, resolve } from 'node:path'
import { readPlanned } from '../app/revision/load-plan.ts'
import { openRunbook, referenceTo, runbookNamed, runbookNames } from '../app/revision/runbooks.ts'
import { planDigest } from '../app/revision/wanted-digest.ts'
import { planPolicy } from '../app/safety/policy-in-force.ts'
import type { Controller } from '../controller/controller.ts'
import type { Run } from '../controller/run.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import { createPlanFileReporter } from '../reporters/plan-file.ts'
import type { ServerLog } from './server-log.ts'

/** So long a plan that was made here may be applied. */
const VALID_MS = 30 * 60_000
/** Plans that are kept; beyond, the oldest is forgotten. */
const MOST = 200

/** A plan of one device, and who wants it. */
export interface LookAt {
  /** A file that `runbook` of the desk has named. */
  readonly runbook: string
  readonly device: string
  readonly by: string
}

/** A run that looks at a device; `kept` resolves when its plan is, or it broke off. */
interface Looking {
  readonly run: string
  readonly kept: Promise<void>
}

interface Made {
  readonly text: string
  readonly device: string
  readonly runbook: string
}

/**
 * Makes plans for those who look at the dashboard, and applies them: what is applied is what was shown, by the way of
 * `till plan --output` and `till apply PLAN`.
 */
export class PlanDesk {
  readonly #controller: Controller
  readonly #log: ServerLog
  readonly #made = new Map<string, Made>()
  /** Looks under way, by device and runbook. */
  readonly #looking = new Map<string, Promise<Looking>>()

  constructor(controller: Controller, log: ServerLog) {
    this.#controller = controller
    this.#log = log
  }

  /** The file of a runbook of the project by its name; never of another file of this machine. */
  runbook(name: string): string | undefined {
    return runbookNamed(this.#controller.project, name)
  }

  runbookNames(): readonly string[] {
    return runbookNames(this.#controller.project)
  }

  /**
   * Has a device looked at, which writes nothing on it; the id of the run, or of the one that looks at the same already: a device is
   * asked once, however often people press. Throws InputError.
   */
  async look(at: LookAt): Promise<string> {
    const key = JSON.stringify([at.device, at.runbook])
    const before = this.#looking.get(key)
    if (before !== undefined) return (await before).run
    const looking = this.#look(at)
    this.#looking.set(key, looking)
    const over = (): void => void this.#looking.delete(key)
    looking.then(({ kept }) => kept.then(over), over)
    return (await looking).run
  }

  async #look({ runbook, device, by }: LookAt): Promise<Looking> {
    const { project } = this.#controller
    const fleet = await this.#controller.fleet()
    const opened = openRunbook(project, runbook, {})
    const policy = planPolicy(project, opened)
    let text = ''
    const options = {
      runbook: { ...referenceTo(opened), file: relative(project.root, resolve(opened.file)) },
      ...(policy && { policy }),
      isSandbox: project.isSandbox,
      validMs: VALID_MS,
      digestOf: planDigest(opened, { project, fleet }),
    }
    const write = async (part: string): Promise<void> => {
      text += part
    }
    const beginning = new Beginning()
    const run = await this.#controller.startRun({
      mode: 'plan',
      runbook,
      devices: { device: [device] },
      requestedBy: by,
      workers: 0,
      reporters: () => [createPlanFileReporter({ write }, options), beginning],
    })
    const kept = run.finished.then(
      () => this.#keep(run.id, { text, device, runbook }),
      (error) => this.#log.say(`The plan ${run.id} for ${by} broke off: ${(error as Error).message}`),
    )
    await beginning.of(run)
    return { run: run.id, kept }
  }

  /** The device of a plan that was made here and may be applied. */
  deviceOf(run: string): string | undefined {
    return this.#made.get(run)?.device
  }

  /** Applies a plan that was made here, through admission as any change; the id of the run. Throws InputError. */
  async apply(plan: string, by: string): Promise<string> {
    const made = this.#made.get(plan)
    if (!made) throw notKept(plan)
    // Once is enough, also where two ask at once: what is left to do then is another plan.
    this.#made.delete(plan)
    try {
      return await this.#apply(plan, made, by)
    } catch (error) {
      this.#keep(plan, made)
      throw error
    }
  }

  async #apply(plan: string, made: Made, by: string): Promise<string> {
    const { project } = this.#controller
    // Nobody has signed it: where plans have to be, the run is refused.
    const { work, runbook, id, expiresAt } = readPlanned(Buffer.from(made.text), `plan ${plan}`, {
      project,
      fleet: await this.#controller.fleet(),
    })
    if (work.length === 0) throw nothingToDo(plan)
    const beginning = new Beginning()
    const run = await this.#controller.startRun({
      mode: 'apply',
      project,
      fleet: await this.#controller.fleet(),
      work,
      runbooks: [referenceTo(runbook)],
      requestedBy: by,
      workers: 0,
      plan: id,
      planExpiresAt: expiresAt,
      reporters: () => [beginning],
    })
    run.finished.catch((error) => this.#log.say(`The run ${run.id} for ${by} broke off: ${(error as Error).message}`))
    await beginning.of(run)
    return run.id
  }

  #keep(run: string, made: Made): void {
    this.#made.set(run, made)
    const [oldest] = this.#made.keys()
    if (this.#made.size > MOST && oldest !== undefined) this.#made.delete(oldest)
  }
}

/** Waits until a run and what it is about stand in the store, so that whoever is told its id finds it. */
class Beginning implements Reporter {
  #begun: () => void = () => undefined
  readonly #isBegun = new Promise<void>((resolve) => {
    this.#begun = resolve
  })

  event({ type }: RunEvent): void {
    if (type !== 'run.started') this.#begun()
  }

  close(): void {
    this.#begun()
  }

  /** Resolves as well where the run breaks off before. */
  async of({ finished }: Run): Promise<void> {
    await Promise.race([this.#isBegun, finished.catch(() => undefined)])
  }
}

function notKept(plan: string): InputError {
  const detail = 'It was made elsewhere, too long ago, or is applied already. Have the device looked at again.'
  return unfit(`Plan ${plan.slice(0, 80)} is not kept here`, detail)
}

function nothingToDo(plan: string): InputError {
  return unfit(`Plan ${plan.slice(0, 80)} changes nothing`, 'The device was as it should be, or could not be judged.')
}

function unfit(summary: string, detail: string): InputError {
  return inputError('PLAN_STALE', summary, detail)
}
