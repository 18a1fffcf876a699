import { type ChainLink, type Gate, NotRun } from '../../core/chain.ts'
import type { Change } from '../../core/change.ts'
import type { ShellAnswer } from '../../core/channel.ts'
import type { Failure } from '../../core/failure.ts'
import type { Proof } from '../../core/module.ts'
import type { Scope, Step } from '../../core/runbook.ts'
import { type Converged, holdConverge } from './change-step.ts'
import type { LookAhead } from './look-ahead.ts'
import { caught, type Glance, holdLook, type Surroundings } from './observe-step.ts'
import type { ChainedStep, ChainPlan, Due, Seen } from './plan-chain.ts'
import type { HeldQuestion } from './tracked-channel.ts'

/** What the device said of a step in its turn. `passed`: it is seen otherwise than before, or was not looked at. */
export type Turn =
  | { readonly kind: 'same' | 'passed' }
  | { readonly kind: 'failed' | 'lost'; readonly failure: Failure }

/** A step that is in a chain under way. */
export interface LinkedStep {
  readonly step: Step
  readonly look: Seen
  readonly turn: Promise<Turn>
  readonly change?: ChangeUnderWay
}

export interface ChangeUnderWay {
  readonly changes: readonly Change[]
  readonly converged: Promise<Converged>
  readonly verify: Glance
}

/** A chain whose questions are all known; none of them has left. */
export interface ReadyChain {
  /** What it changes, in order. */
  readonly dues: readonly Due[]
  /** Lets it go out, with looks at all that follows, which take the place of those that were. */
  send(): readonly LinkedStep[]
  /** Nothing of it goes out. */
  drop(): void
}

interface HeldChange {
  readonly due: Due
  readonly proof: Proof
  readonly question: HeldQuestion
  readonly converged: Promise<Converged>
  readonly verify: { readonly glance: Glance; readonly question: HeldQuestion }
}

interface HeldStep {
  readonly step: Step
  readonly look: Seen
  /** Absent for the first. */
  readonly chained?: ChainedStep
  readonly change?: HeldChange
}

interface HeldGlance {
  readonly step: Step
  readonly glance: Glance
  readonly question: HeldQuestion
}

interface Dependencies {
  readonly ahead: LookAhead
  readonly around: Surroundings
  readonly scope: Scope
}

/**
 * Has all modules of a plan say what they would ask. Undefined when that shows that there is nothing to chain.
 * `rest`: the steps from the first of the plan on.
 */
export async function readyChain(
  plan: ChainPlan,
  rest: readonly Step[],
  dependencies: Dependencies,
): Promise<ReadyChain | undefined> {
  const { ahead, around, scope } = dependencies
  const askers = ahead.askers()
  const later = rest.slice(1).filter((step) => askers.has(step.id) && ahead.canBeAhead(step, scope))
  const [first, along, glances] = await Promise.all([
    holdChange(plan.first, plan.first.proof, dependencies),
    Promise.all(plan.along.map((chained) => holdStep(chained, dependencies))),
    Promise.all(later.map((step) => holdGlance(step, scope, around))),
  ])
  const { step, look } = plan.first
  const held: HeldStep[] = first ? [{ step, look, change: first }] : []
  const asked = along.indexOf(undefined)
  if (first) held.push(...(along.slice(0, asked < 0 ? undefined : asked) as HeldStep[]))
  while (held.length > 0 && !held.at(-1)?.change) held.pop()
  const tail = glances.filter((glance) => glance !== undefined)
  const all = [...questionsOf([first && { change: first }, ...along]), ...tail.map((one) => one.question)]
  const drop = (): void => {
    for (const question of all) question.send(Promise.reject(new NotRun()))
  }
  if (held.length < 2) {
    drop()
    return undefined
  }
  const used = new Set([...questionsOf(held), ...tail.map((one) => one.question)])
  return {
    dues: held.flatMap((one) => one.change?.due ?? []),
    drop,
    send: () => {
      for (const question of all) if (!used.has(question)) question.send(Promise.reject(new NotRun()))
      const linked = sendChain(held, tail, around)
      ahead.looks.clear()
      for (const { step, glance } of tail) ahead.looks.set(step.id, glance)
      return linked
    },
  }
}

function questionsOf(steps: readonly (Pick<HeldStep, 'change'> | undefined)[]): HeldQuestion[] {
  return steps.flatMap((step) => (step?.change ? [step.change.question, step.change.verify.question] : []))
}

async function holdStep(chained: ChainedStep, dependencies: Dependencies): Promise<HeldStep | undefined> {
  const { step, look, change } = chained
  if (!change) return { step, look, chained }
  const held = await holdChange({ step, look, changes: change.changes }, change.proof, dependencies)
  return held && { step, look, chained, change: held }
}

async function holdChange(due: Due, proof: Proof, { around, scope }: Dependencies): Promise<HeldChange | undefined> {
  const { converged, held } = holdConverge(due, around)
  const verify = holdLook(due.step, scope, around, 'verify')
  const [question, look] = await Promise.all([held, verify.held])
  if (question && look) {
    return { due, proof, question, converged, verify: { glance: verify.glance, question: look } }
  }
  for (const one of [question, look]) one?.send(Promise.reject(new NotRun()))
  return undefined
}

async function holdGlance(step: Step, scope: Scope, around: Surroundings): Promise<HeldGlance | undefined> {
  const { glance, held } = holdLook(step, scope, around, 'observe')
  const question = await held
  return question && { step, glance, question }
}

/** A chain in the making: its links, and where their answers go. */
class Links {
  readonly #links: ChainLink[] = []
  readonly #sinks: ((answer: Promise<ShellAnswer>) => void)[] = []

  /** Returns the index of the link. */
  add(link: ChainLink, sink: (answer: Promise<ShellAnswer>) => void): number {
    this.#sinks.push(sink)
    return this.#links.push(link) - 1
  }

  send(around: Surroundings): void {
    const answers = around.shell.chain(this.#links)
    for (const [index, sink] of this.#sinks.entries()) sink(answers[index] as Promise<ShellAnswer>)
  }
}

/**
 * For each step: does it look as it did before? Change it. Does it look as desired? Then the next. Behind them, looks at
 * all steps that did not get their turn, and at all that the chain does not reach.
 */
function sendChain(
  held: readonly HeldStep[],
  tail: readonly HeldGlance[],
  around: Surroundings,
): readonly LinkedStep[] {
  const links = new Links()
  const turns = new Map<string, number>()
  const linked = held.map((step, index) => {
    const { chained, change } = step
    let turn: Promise<Turn> = Promise.resolve({ kind: 'same' })
    if (chained) {
      const { request, answer } = chained.question
      const at = links.add({ request, gate: { kind: 'same', as: answer } }, (said) => {
        turn = turnOf(said)
      })
      turns.set(chained.step.id, at)
    }
    if (change) addChange(links, change, index === held.length - 1)
    return () => linkedStep(step, turn)
  })
  for (const { step, question } of tail) {
    const turn = turns.get(step.id)
    const run = turn === undefined ? 'always' : { brokenBy: turn }
    links.add({ request: question.request, run }, question.send)
  }
  links.send(around)
  return linked.map((ready) => ready())
}

function addChange(links: Links, { proof, question, verify }: HeldChange, isLast: boolean): void {
  const { exits: codes = [0], test, name, values } = proof
  links.add({ request: question.request, gate: { kind: 'exit', codes } }, question.send)
  const gate: Gate = { kind: 'test', test, ...(name !== undefined && { name }), ...(values && { values }) }
  links.add({ request: verify.question.request, ...(!isLast && { gate }) }, verify.question.send)
}

function linkedStep({ step, look, change }: HeldStep, turn: Promise<Turn>): LinkedStep {
  if (!change) return { step, look, turn }
  const { due, converged, verify } = change
  return { step, look, turn, change: { changes: due.changes, converged, verify: verify.glance } }
}

async function turnOf(said: Promise<ShellAnswer>): Promise<Turn> {
  try {
    await said
    return { kind: 'same' }
  } catch (error) {
    return error instanceof NotRun ? { kind: 'passed' } : caught(error, 'observe')
  }
}
