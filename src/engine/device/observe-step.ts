import { type DeviceShell, NotRun } from '../../core/chain.ts'
import type { ShellChannel } from '../../core/channel.ts'
import { type Failure, type Phase, SessionLost } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'
import type { Device, StoreFacts } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Module, ModuleContext, Observation } from '../../core/module.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Scope, Step } from '../../core/runbook.ts'
import { type Preparation, prepareParams } from './prepare-step.ts'
import { type AskCounter, type HeldQuestion, StepTimeout, TrackedChannel } from './tracked-channel.ts'

/** What came of looking at one step: never a rejection, so that looking ahead costs nothing when it is not needed. */
export type Look =
  | { readonly kind: 'seen'; readonly observation: Observation; readonly channel: TrackedChannel }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly channel: TrackedChannel }
  | { readonly kind: 'lost'; readonly failure: Failure; readonly channel: TrackedChannel }
  /** It was a link of a chain that the device did not run. */
  | { readonly kind: 'passed'; readonly channel: TrackedChannel }

/** One device's surroundings for the steps that run on it. */
export interface Surroundings {
  readonly device: Device
  readonly modules: ReadonlyMap<string, Module>
  readonly shell: DeviceShell
  readonly session: Pick<ModuleContext, 'host' | 'gateway' | 'dial'>
  readonly store: StoreFacts
  readonly now: () => Date
  readonly history: ModuleContext['history']
  readonly counter: AskCounter
  readonly preparation: Preparation
  readonly deadlineMs: (phase: Phase) => number
  /** Changes do not go out in chains: another device is asked before each of them. */
  readonly isAlone?: boolean
  /** Goes along with every change; absent where nothing is changed. */
  readonly fence?: Fence | undefined
  /** What is run in order to look may change the device, as a command of `till exec`: the fence goes along with it, too. */
  readonly lookActs: boolean
  /** Aborted when this device has to end now. */
  readonly signal: AbortSignal
}

/** How long a module may outstay a deadline that was told to it before it is given up. */
const GRACE_MS = 2_000

/** A look under way: what it has asked so far is known at once. */
export interface Glance {
  readonly channel: TrackedChannel
  readonly look: Promise<Look>
  /** What came of it, once that is known. */
  readonly ended: Look | undefined
}

/** Renders and checks the parameters of a step and asks its module what is there. */
export function lookAtStep(step: Step, scope: Scope, around: Surroundings, phase: 'observe' | 'verify'): Glance {
  return begin(step, scope, around, { phase, hold: false }).glance
}

/** A look whose question is kept back; undefined when it asks nothing, or cannot be kept back. */
export function holdLook(
  step: Step,
  scope: Scope,
  around: Surroundings,
  phase: 'observe' | 'verify',
): { readonly glance: Glance; readonly held: Promise<HeldQuestion | undefined> } {
  return begin(step, scope, around, { phase, hold: true })
}

function begin(
  step: Step,
  scope: Scope,
  around: Surroundings,
  how: { readonly phase: 'observe' | 'verify'; readonly hold: boolean },
): { readonly glance: Glance; readonly held: Promise<HeldQuestion | undefined> } {
  const { phase } = how
  const deadlineMs = step.timeout_ms ?? around.deadlineMs(phase)
  const channel = new TrackedChannel(around.shell, {
    counter: around.counter,
    phase,
    deadlineMs,
    fence: around.fence,
    lookActs: around.lookActs,
  })
  const asked = how.hold ? channel.hold() : Promise.resolve(undefined)
  const glance: { -readonly [Key in keyof Glance]: Glance[Key] } = {
    channel,
    look: look(step, scope, around, { channel, phase, deadlineMs }).then((seen) => {
      glance.ended = seen
      return seen
    }),
    ended: undefined,
  }
  return { glance, held: Promise.race([asked, glance.look.then(() => undefined)]) }
}

const asides = new WeakMap<DeviceShell, ShellChannel>()

function asideOf(shell: DeviceShell, channel: TrackedChannel): ShellChannel {
  const aside = asides.get(shell) ?? channel.beside(shell)
  asides.set(shell, aside)
  return aside
}

async function look(
  step: Step,
  scope: Scope,
  around: Surroundings,
  dependencies: { readonly channel: TrackedChannel; readonly phase: Phase; readonly deadlineMs: number },
): Promise<Look> {
  const { channel, phase, deadlineMs } = dependencies
  const module = around.modules.get(step.module)
  if (!module) throw new Error(`module "${step.module}" of a loaded runbook does not exist`)
  if (!module.systems.includes(around.device.os.family)) {
    const { name, kind, os } = around.device
    const why = os.family === 'none' ? 'has no shell' : `runs ${os.family}`
    const message = `"${name}" (a ${kind}) ${why}; module "${module.name}" works on ${module.systems.join(' and ')}.`
    const hint = around.lookActs ? { hint: 'Choose devices that it works on, as with `--kind till`.' } : {}
    return {
      kind: 'failed',
      failure: { code: 'MODULE_SYSTEM_UNSUPPORTED', phase: 'resolve', message, ...hint },
      channel,
    }
  }
  try {
    const params = await prepareParams(step, scope, around.preparation)
    if (!params.ok) return { kind: 'failed', failure: params.failure, channel }
    const observed = await within(channel, { deadlineMs, signal: around.signal, phase }, (ending) => {
      const { host, gateway } = around.session
      const context = {
        device: around.device,
        store: around.store,
        now: around.now,
        history: around.history,
        shell: channel,
        ...(around.device.os.family === 'windows' && { aside: asideOf(around.shell, channel) }),
        ...(gateway && { gateway }),
        ...(host && { host: { device: host.device, shell: channel.beside(host.shell) } }),
        dial: around.session.dial.bind(around.session),
        get signal() {
          return ending.signal
        },
      }
      return module.observe(context, params.value)
    })
    if (!observed.ok) return { kind: 'failed', failure: observed.failure, channel }
    return { kind: 'seen', observation: observed.value, channel }
  } catch (error) {
    if (error instanceof NotRun) return { kind: 'passed', channel }
    return { ...caught(error, phase), channel }
  }
}

/** What an exception of a module means: the step's deadline, the end of the session, or a bug. */
export function caught(error: unknown, phase: Phase): { kind: 'failed' | 'lost'; failure: Failure } {
  if (error instanceof StepTimeout) return { kind: 'failed', failure: error.failure }
  if (error instanceof SessionLost) return { kind: 'lost', failure: error.failure }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: 'failed', failure: { code: 'INTERNAL_BUG', phase, message } }
}

/**
 * Runs work of a module under a deadline. While a question is with the device, the channel keeps the deadline, for
 * it knows when the device began; otherwise the work is told to stop, and is given up if it does not. So it is when
 * the run is stopped for good.
 */
export async function within<T>(
  channel: TrackedChannel,
  limits: { readonly deadlineMs: number; readonly signal: AbortSignal; readonly phase: Phase },
  work: (ending: Pick<Ending, 'signal'>) => Promise<T>,
): Promise<T> {
  const ending = new Ending()
  let overdue = false
  let timer: NodeJS.Timeout | undefined
  let stop = (): void => undefined
  const expired = new Promise<never>((_, reject) => {
    const code = limits.phase === 'converge' ? 'CONVERGE_TIMEOUT' : 'OBSERVE_TIMEOUT'
    const message = `It was not done within ${limits.deadlineMs / 1000} s.`
    const check = (): void => {
      if (channel.pending > 0) {
        timer = setTimeout(check, limits.deadlineMs)
        return
      }
      if (overdue) {
        reject(new StepTimeout({ code, phase: limits.phase, message }))
        return
      }
      overdue = true
      ending.abort()
      timer = setTimeout(check, GRACE_MS)
    }
    timer = setTimeout(check, limits.deadlineMs)
    stop = () => {
      ending.abort()
      clearTimeout(timer)
      timer = setTimeout(() => reject(new SessionLost(STOPPED)), GRACE_MS)
    }
    limits.signal.addEventListener('abort', stop, { once: true })
    if (limits.signal.aborted) stop()
  })
  try {
    return await Promise.race([work(ending), expired])
  } finally {
    clearTimeout(timer)
    limits.signal.removeEventListener('abort', stop)
  }
}

/** The end of a piece of work. Its signal is made when it is asked for: most modules talk to the device alone. */
class Ending {
  #controller: AbortController | undefined
  #ended = false

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#ended) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.#ended = true
    this.#controller?.abort()
  }
}

const STOPPED: Failure = { code: 'RUN_CANCELLED', phase: 'observe', message: 'The run was stopped.' }

/** Something was made different, or would be; also when it could not be told afterwards whether it took effect. */
export function hasChanged({ state, changes }: StepOutcome): boolean {
  return state === 'changed' || state === 'drifted' || (state === 'unknown' && changes !== undefined)
}

/** The part of an observation that later expressions see. */
export function stepScope(outcome: StepOutcome, changed = hasChanged(outcome)): JsonValue {
  return { state: outcome.state, changed, value: outcome.value ?? null }
}
