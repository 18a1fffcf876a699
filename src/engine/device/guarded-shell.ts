import { type ChainLink, type DeviceShell, Fenced, NotRun } from '../../core/chain.ts'
import type { ShellAnswer, ShellChannel, ShellDialect, ShellRequest } from '../../core/channel.ts'
import { SessionLost } from '../../core/failure.ts'
import type { Guard, GuardSeen } from '../../core/guard.ts'

/** A guard, and how it is asked. */
export interface GuardCheck {
  readonly guard: Guard
  /** Undefined where it has no words for the language of a device. */
  question(dialect: ShellDialect): ShellRequest | undefined
  read(answer: ShellAnswer): GuardSeen
  /** Answers without a question to any device. */
  readonly here?: () => Promise<GuardSeen>
}

/** The change of a step that did not begin, since a guard did not say `free` right before it. */
export class GuardClosed extends NotRun {
  constructor() {
    super('the device did not begin it: a guard did not say that it is free')
    this.name = 'GuardClosed'
  }
}

/**
 * The shell of a device whose guards are asked again before the change of every step, in the same exchange: the device
 * itself goes on only where they answer as they did when they were free. Guards that another device is asked for are
 * asked right before the change leaves; what is asked behind it waits for that, so that nothing passes it.
 */
export class GuardedShell implements DeviceShell {
  readonly kind = 'shell'
  readonly dialect: ShellDialect
  /** Chains would outlast what somebody else than the device said. */
  readonly asksHost: boolean
  readonly #shell: DeviceShell
  readonly #host: ShellChannel | undefined
  readonly #checks: readonly GuardCheck[]
  /** What each answered when it was free. */
  readonly #free = new Map<GuardCheck, ShellAnswer>()
  /** Until it is known whether the last change may leave. */
  #before: Promise<unknown> | undefined

  constructor(shell: DeviceShell, checks: readonly GuardCheck[], host: ShellChannel | undefined) {
    this.#shell = shell
    this.#host = host
    this.#checks = checks
    this.dialect = shell.dialect
    this.asksHost = checks.some(({ guard }) => guard.ask !== 'device')
  }

  /** Asks all guards. Rejects with `SessionLost` when the session to the device is lost. */
  look(): Promise<readonly GuardSeen[]> {
    return Promise.all(this.#checks.map((check) => this.#look(check)))
  }

  ask(request: ShellRequest): Promise<ShellAnswer> {
    if (request.begins !== true) return this.#inOrder(() => this.#shell.ask(request))
    if (!this.asksHost) return this.#guarded(request)
    const before = (this.#before ?? Promise.resolve()).then(() => this.#hostIsFree())
    this.#before = before
    return before.then((isFree) => {
      if (!isFree) throw new GuardClosed()
      return this.#guarded(request)
    })
  }

  chain(links: readonly ChainLink[]): readonly Promise<ShellAnswer>[] {
    if (this.asksHost) throw new Error('a chain would outlast what the guards of another device said')
    return this.#chain(links)
  }

  upload(...upload: Parameters<DeviceShell['upload']>): Promise<ShellAnswer> {
    return this.#inOrder(() => this.#shell.upload(...upload))
  }

  renew(): Promise<void> {
    return this.#shell.renew?.() ?? Promise.resolve()
  }

  breakChain(): void {
    this.#shell.breakChain?.()
  }

  leftovers(): ReturnType<NonNullable<DeviceShell['leftovers']>> {
    return this.#shell.leftovers?.() ?? []
  }

  #inOrder<T>(send: () => Promise<T>): Promise<T> {
    return this.#before === undefined ? send() : this.#before.then(send, send)
  }

  #guarded(request: ShellRequest): Promise<ShellAnswer> {
    return this.#chain([{ request }])[0] as Promise<ShellAnswer>
  }

  /** Sends links with the guards before each that begins a change. */
  #chain(links: readonly ChainLink[]): readonly Promise<ShellAnswer>[] {
    const all: ChainLink[] = []
    const at: number[] = []
    const guards = new Map<number, { readonly from: number; readonly to: number }>()
    for (const link of links) {
      const from = all.length
      if (link.request.begins === true) all.push(...this.#guardLinks())
      const { run } = link
      const moved = typeof run === 'object' ? { run: { brokenBy: at[run.brokenBy] as number } } : {}
      const index = all.push({ ...link, ...moved }) - 1
      if (index > from) guards.set(index, { from, to: index })
      at.push(index)
    }
    const answers = this.#shell.chain(all)
    return at.map((index) => {
      const own = guards.get(index)
      const answer = answers[index] as Promise<ShellAnswer>
      return own === undefined ? answer : behindGuards(answer, answers.slice(own.from, own.to))
    })
  }

  #guardLinks(): readonly ChainLink[] {
    return this.#checks
      .filter(({ guard }) => guard.ask === 'device')
      .map((check): ChainLink => {
        const request = check.question(this.dialect)
        const as = this.#free.get(check)
        if (!request || !as) throw new Error(`guard "${check.guard.name}" was not free, and a change was to begin`)
        return { request, gate: { kind: 'same', as } }
      })
  }

  async #hostIsFree(): Promise<boolean> {
    const seen = await Promise.all(
      this.#checks.filter(({ guard }) => guard.ask !== 'device').map((check) => this.#look(check)),
    )
    return seen.every(({ says }) => says === 'free')
  }

  async #look(check: GuardCheck): Promise<GuardSeen> {
    const { name, ask } = check.guard
    if (check.here) return check.here()
    const shell = ask === 'host' ? this.#host : this.#shell
    this.#free.delete(check)
    const unknown = (detail: string): GuardSeen => ({ guard: name, says: 'unknown', detail })
    if (shell === undefined) return unknown('the device does not hang on another one that could be asked')
    const question = check.question(shell.dialect)
    if (question === undefined) return unknown(`the guard has no script for ${WRITTEN[shell.dialect]}`)
    try {
      const answer = await shell.ask(question)
      const seen = check.read(answer)
      if (seen.says === 'free') this.#free.set(check, answer)
      return seen
    } catch (error) {
      if (ask === 'host' && error instanceof SessionLost) return unknown(error.failure.message)
      throw error
    }
  }
}

const WRITTEN: Readonly<Record<ShellDialect, string>> = { posix: 'sh', powershell: 'PowerShell' }

/** The answer of a change; where it was not run although the chain had come as far as its guards, these stopped it. */
async function behindGuards(
  change: Promise<ShellAnswer>,
  guards: readonly Promise<ShellAnswer>[],
): Promise<ShellAnswer> {
  const ends = Promise.allSettled(guards)
  try {
    return await change
  } catch (error) {
    if (!(error instanceof NotRun) || error instanceof Fenced) throw error
    throw (await ends).some(({ status }) => status === 'rejected') ? new GuardClosed() : error
  }
}
