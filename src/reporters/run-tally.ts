import { addContent, type ContentBytes } from '../core/content.ts'
import { counted, formatCount } from '../core/counted.ts'
import type {
  RunEvent,
  RunFinished,
  RunMode,
  RunOverloaded,
  RunRollback,
  RunRolledBack,
  RunStarted,
} from '../core/events.ts'
import { type Alike, Findings, scopeOf } from '../core/findings.ts'
import { type Classification, DEVICE_STATES, type DeviceState, LEFT_STATES } from '../core/outcome.ts'
import { aimed, paramFlags, shellWord, withFlags } from '../core/remedy.ts'
import { type DeviceRecord, emptyCounts } from '../core/run.ts'
import { severityRank } from '../core/severity.ts'
import { adviceOn, contentText } from './describe-change.ts'
import { faultText } from './describe-device.ts'
import { formatDuration } from './format-duration.ts'
import { type Paint, stateStyle } from './paint.ts'
import { plainText } from './plain-text.ts'

const MOST_SLOWEST = 5
const MOST_NAMES = 3
const MOST_GROUPS = 12

interface FailureGroup {
  readonly title: string
  advice: string
  readonly says: Pick<Classification, 'fault' | 'cause' | 'severity'>
  readonly names: string[]
  count: number
}

/** What is known of a run at any moment, in memory that does not grow with its devices. */
export class RunTally {
  readonly counts = emptyCounts()
  started: (RunStarted & { readonly run: string }) | undefined
  finished: RunFinished | undefined
  interrupted = false
  overloaded: RunOverloaded | undefined
  rollback: RunRollback | undefined
  rolledBack: RunRolledBack | undefined
  unknown = 0
  content: ContentBytes | undefined
  done = 0
  /** Something is left that could be resumed. */
  get isUnfinished(): boolean {
    if (this.rolledBack) return false
    if (this.rollback) return true
    const isLeft = [...LEFT_STATES].some((state) => this.counts[state] > 0)
    return this.started?.mode === 'apply' && (this.finished === undefined || isLeft)
  }

  /** Safety wants somebody to say that it goes on. */
  get #waitsForWord(): boolean {
    if (this.rollback) return false
    return [...this.#groups.keys()].some((title) => WANT_A_WORD.some((code) => title.startsWith(code)))
  }

  readonly #flags: string
  readonly #plan: string | undefined
  #slowest: { readonly device: string; readonly ms: number }[] = []
  readonly #groups = new Map<string, FailureGroup>()
  readonly #findings = new Findings()

  /** `flags`: what commands that are named in the summary need to find this run; `plan`: the file that it is planned into. */
  constructor({ flags = '', plan }: { readonly flags?: string | undefined; readonly plan?: string | undefined } = {}) {
    this.#flags = flags === '' ? '' : ` ${flags}`
    this.#plan = plan
  }

  event(event: RunEvent): void {
    if (event.type === 'run.started') this.started = event
    else if (event.type === 'run.finished') this.finished = event
    else if (event.type === 'run.interrupted') this.interrupted = true
    else if (event.type === 'run.overloaded') this.overloaded = event
    else if (event.type === 'run.rollback') this.rollback = event
    else if (event.type === 'run.rolled_back') this.rolledBack = event
    else if (event.type === 'run.resumed') this.interrupted = false
    else if (event.type === 'device.finished') this.device(event)
    else if (event.type === 'step.finished') this.content = addContent(this.content, event.content ?? [])
  }

  /** Counts a device that ended, or was lost. */
  device(ended: Omit<DeviceRecord, 'steps'>): void {
    this.counts[ended.state] += 1
    this.done += 1
    if (ended.unknown) this.unknown += 1
    const fastest = this.#slowest.length < MOST_SLOWEST ? 0 : (this.#slowest.at(-1)?.ms ?? 0)
    if (ended.duration_ms > fastest) {
      this.#slowest.push({ device: ended.device, ms: ended.duration_ms })
      this.#slowest = this.#slowest.sort((a, b) => b.ms - a.ms).slice(0, MOST_SLOWEST)
    }
    // A check that does not hold and was classified is told as a finding.
    const isFinding = ended.classification !== undefined && ended.failure?.code === 'CHECK_UNMET'
    if (ended.failure && !isFinding) this.#group(ended, ended.failure)
    this.#findings.add(ended)
  }

  #group(
    { device, state }: Pick<DeviceRecord, 'device' | 'state'>,
    failure: NonNullable<DeviceRecord['failure']>,
  ): void {
    const title = `${failure.code} ${failure.phase}`
    let group = this.#groups.get(title)
    if (group === undefined) {
      const says = { fault: state, cause: failure.code, severity: '' }
      group = { title, advice: adviceOn(failure), says, names: [], count: 0 }
      this.#groups.set(title, group)
    }
    // What is said of one device may not be so of all.
    if (group.advice !== adviceOn(failure)) group.advice = adviceOn({ code: failure.code })
    group.count += 1
    if (group.names.length < MOST_NAMES) group.names.push(device)
  }

  /** `12 failed, 3 unreachable`: states that occur, without `leaveOut`. */
  countsText(paint: Paint, leaveOut: readonly DeviceState[] = []): string {
    const present = DEVICE_STATES.filter((state) => this.counts[state] > 0 && !leaveOut.includes(state))
    const parts = present.map((state) => paint(stateStyle(state), `${formatCount(this.counts[state])} ${state}`))
    // Those that are nothing but unknown are among the states.
    const more = this.unknown - this.counts.unknown
    if (more > 0) parts.push(paint('magenta', `${formatCount(more)} with unknown steps`))
    return parts.join(', ')
  }

  /**
   * The end of a run for people: states, grouped failures, the slowest, what to do next. `partial`: of some
   * devices only; `details: false`: they are on the screen already; `advised`: with each of them stands what helps, which
   * is said again only where several have the same.
   */
  summary(
    paint: Paint,
    options: { readonly partial?: boolean; readonly details?: boolean; readonly advised?: boolean } = {},
  ): string[] {
    const { advised = false } = options
    const took = this.finished ? ` in ${formatDuration(this.finished.duration_ms)}` : ''
    const targeted = this.started?.devices ?? this.done
    const missing = options.partial ? 0 : targeted - this.done
    const shown = options.partial ? 'shown: ' : ''
    return [
      '',
      ...this.#groupLines(paint, advised),
      ...this.#findingLines(paint, advised),
      ...(this.#slowest.length > 1
        ? [`Slowest: ${this.#slowest.map((s) => `${plainText(s.device)} ${formatDuration(s.ms)}`).join(', ')}`]
        : []),
      paint('bold', `${title(this.started)}: ${counted(targeted, 'device')}${took}`),
      ...(this.done > 0 ? [`  ${shown}${this.countsText(paint)}`] : []),
      ...(missing > 0 ? [`  ${formatCount(missing)} without a result`] : []),
      ...(this.content ? [`  ${contentText(this.content)}`] : []),
      ...(this.rollback ? [rollbackEnd(this.rollback, this, this.#flags)] : []),
      ...(this.interrupted ? ['The run was interrupted.'] : []),
      ...(this.overloaded ? [overload(this.overloaded)] : []),
      ...this.#next(options.details !== false),
    ]
  }

  #groupLines(paint: Paint, advised: boolean): string[] {
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count)
    const lines = groups.slice(0, MOST_GROUPS).flatMap((group) => {
      const names = group.names.map(plainText).join(', ') + (group.count > group.names.length ? ', …' : '')
      const devices = counted(group.count, 'device')
      const head = `${paint('red', group.title)} ${devices}: ${names}`
      // With a device that was cancelled there stands none.
      if (advised && group.count === 1 && group.says.fault !== 'cancelled') return [head]
      return [head, `  → ${this.#aimed(group.advice, { ...group, devices: group.names })}`]
    })
    const more = groups.length - MOST_GROUPS
    if (more > 0) lines.push(`… and ${more} more kinds of failure`)
    const { explained } = this.#findings
    const are = explained === 1 ? 'is in a store' : 'are in stores'
    if (explained > 0) lines.push(`${formatCount(explained)} of these ${are} whose line is down, told below`)
    return lines
  }

  #findingLines(paint: Paint, advised: boolean): string[] {
    const rank = ({ says }: AlikeFindings): number => severityRank(says.severity)
    const alike = [...groupAlike(this.#findings.classified())].sort((a, b) => rank(a) - rank(b) || b.count - a.count)
    const lines = alike.slice(0, MOST_GROUPS).flatMap((group) => {
      const { says, names, count } = group
      const { owner } = says
      const remedy = says.remedy === undefined ? undefined : this.#aimed(says.remedy, group)
      const whom = names.slice(0, MOST_NAMES).map(plainText).join(', ') + (names.length > MOST_NAMES ? ', …' : '')
      const devices = counted(count, 'device')
      const whose = owner === undefined ? '' : `, for ${owner}`
      const head = `${paint('yellow', plainText(faultText(says)))}${plainText(whose)}, ${devices}: ${whom}`
      return remedy === undefined || (advised && count === 1) ? [head] : [head, `  → ${plainText(remedy)}`]
    })
    const more = alike.length - MOST_GROUPS
    return more > 0 ? [...lines, `… and ${formatCount(more)} more kinds of finding`] : lines
  }

  /** What helps, for these devices and no others, where this run was. */
  #aimed(remedy: string, group: Parameters<typeof scopeOf>[0]): string {
    return withFlags(aimed(remedy, scopeOf(group, this.started?.run)), this.#flags.trim())
  }

  #goOn(run: string): string[] {
    if (!this.isUnfinished) return []
    const goOn = `Go on with what is left: till resume ${run}${this.#flags}`
    if (!this.#waitsForWord) return [goOn]
    return [`Look at what was done, then let it go on: till approve ${run} --because WHY${this.#flags}`, goOn]
  }

  /** `command` mends what differs; what was planned into a file is to be reviewed. */
  #mend(command: string): string[] {
    if (this.counts.drifted === 0) return []
    if (this.#plan === undefined) return [`Mend the drift: ${command}`]
    return [`Have the plan reviewed, then: till apply ${plainText(shellWord(this.#plan))}${this.#flags}`]
  }

  #next(details: boolean): string[] {
    if (!this.started) return []
    const { run, mode, runbooks, undoes, previews } = this.started
    const lines = details && this.done > this.counts['in-sync'] ? [`Details: till runs show ${run}${this.#flags}`] : []
    const { isUnfinished } = this
    lines.push(...this.#goOn(run))
    const [runbook] = runbooks
    // What was shown is not here: no command brings it about.
    if (previews !== undefined) return lines
    if (mode === 'exec' || runbooks.length !== 1 || runbook === undefined) return lines
    const again = (command: string, state: DeviceState): string =>
      `till ${command} ${plainText(shellWord(runbook.name))}${plainText(paramFlags(runbook))} --from-run ${run}:${state}${this.#flags}`
    if (mode !== 'apply') lines.push(...this.#mend(again('apply', 'drifted')))
    const [worst, ...others] = AGAIN.filter(
      (state) => this.counts[state] > 0 && !(isUnfinished && LEFT_STATES.has(state)),
    )
    if (worst === undefined) return lines
    const likewise = others.length > 0 ? ` (likewise ${others.map((state) => `:${state}`).join(', ')})` : ''
    if (undoes !== undefined) {
      const still = `till rollback ${undoes} --from-run ${run}:${worst}${this.#flags}`
      return [...lines, `Again, only what is ${worst}${likewise}: ${still}`]
    }
    // What was reviewed goes on to be reviewed: what is left of a plan is planned anew.
    const command = mode === 'apply' && this.started.plan === undefined ? 'apply' : 'plan'
    const toReview = this.started.plan === undefined ? '' : ' --output plan.json'
    const what = this.started.plan === undefined ? 'Again' : 'Plan again'
    return [...lines, `${what}, only what is ${worst}${likewise}: ${again(command, worst)}${toReview}`]
  }
}

interface AlikeFindings {
  readonly says: Classification
  readonly names: string[]
  readonly devices: string[]
  count: number
}

/** Findings that ask the same people for the same thing. */
function groupAlike(findings: readonly Alike[]): Iterable<AlikeFindings> {
  const groups = new Map<string, AlikeFindings>()
  for (const { count, devices, says } of findings) {
    const { fault, cause, severity, owner, remedy, about } = says
    const key = JSON.stringify([fault, cause, severity, owner, remedy])
    const group: AlikeFindings = groups.get(key) ?? { says, names: [], devices: [], count: 0 }
    groups.set(key, group)
    group.names.push(...(about === undefined ? devices : [about]))
    group.devices.push(...devices)
    group.count += count
  }
  return groups.values()
}

const AGAIN: readonly DeviceState[] = [
  'failed',
  'indeterminate',
  'unreachable',
  'unknown',
  'deferred',
  'cancelled',
  'unmet',
]

const WANT_A_WORD: readonly string[] = ['WAVE_UNRELEASED', 'WAVE_STOPPED', 'APPROVAL_MISSING']

/** A run that is resumed goes on with these. */
const MODES: Readonly<Record<RunMode, string>> = { plan: 'Plan', apply: 'Apply', drift: 'Drift', exec: 'Exec' }

/** `Plan till-health`: what a run does, for people. */
export function title(started: Pick<RunStarted, 'mode' | 'runbooks' | 'undoes'> | undefined): string {
  if (!started) return 'Run'
  const names = started.runbooks.map((runbook) => plainText(runbook.name))
  const some = names.length > 3 ? `${names.length} runbooks` : names.join(', ')
  if (started.undoes !== undefined && started.mode === 'apply') return `Take back ${some} of run ${started.undoes}`
  return started.mode === 'exec' || some === '' ? MODES[started.mode] : `${MODES[started.mode]} ${some}`
}

/** What is said of this machine where it holds a run up. */
export function overload({ wanted, processors, late_ms: late = 0 }: RunOverloaded): string {
  const these = processors === 1 ? 'its processor' : `its ${processors} processors`
  const why =
    wanted > processors ? `${wanted} programs want ${these}` : `till itself is ${late} ms late with what is due`
  return `This machine is overloaded (${why}): logins are slowed down, and devices get more time.`
}

/** What is said when a wave begins to be taken back. */
export function rollbackBegun({ wave, failed, limit, devices, rollback_run: run }: RunRollback): string {
  return `${waveFailed(wave, failed, limit)}: taking it back on ${counted(devices, 'device')}, run ${plainText(run)}`
}

function rollbackEnd(
  { wave, failed, limit, devices, rollback_run: run }: RunRollback,
  { rolledBack: ended, finished }: Pick<RunTally, 'rolledBack' | 'finished'>,
  flags: string,
): string {
  const head = `${waveFailed(wave, failed, limit)}.`
  if (!ended && finished) return `${head} Run ${plainText(run)}, which takes it back, was cut off.`
  if (!ended) return `${head} It is being taken back by run ${plainText(run)}.`
  const states = DEVICE_STATES.filter((state) => ended.counts[state] > 0).map(
    (state) => `${formatCount(ended.counts[state])} ${state}`,
  )
  const show = `till runs show ${plainText(run)}${flags}`
  if (ended.exit_code === 0) return `${head} It was taken back on ${counted(devices, 'device')}: ${show}`
  return `${head} Not all of it could be taken back (${states.join(', ')}): ${show}`
}

function waveFailed(wave: number, failed: number, limit: number): string {
  return `Wave ${wave} has failed (${counted(failed, 'device')}, it stops at ${formatCount(limit)})`
}
