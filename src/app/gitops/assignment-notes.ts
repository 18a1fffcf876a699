import {
  type AssignmentMemory,
  type AssignmentMode,
  isContested,
  type LastPass,
  type Mends,
  mended,
  wornSteps,
} from '../../core/assignment-schedule.ts'
import type { Device } from '../../core/fleet.ts'
import { foldRun } from '../../core/fold-run.ts'
import { EXIT, worseExitCode } from '../../core/outcome.ts'
import type { DeviceRecord } from '../../core/run.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { type AssignmentMemories, editMemories } from './assignment-memory.ts'
import { wantedOfAll } from './assignment-news.ts'

/** An assignment that is gone through, or that is for some of its devices. */
export interface Part {
  readonly assignment: Project['settings']['assignments'][number]
  readonly runbook: Runbook
  readonly mode: AssignmentMode
  readonly devices: readonly Device[]
  /** Digest of what is wanted of a device. */
  wanted(device: Device): string
}

/** A run of a pass. */
export interface ReconcileRun {
  readonly run: string
  readonly mode: 'drift' | 'apply'
  readonly assignments: readonly string[]
  readonly devices: number
  readonly counts: Readonly<Record<string, number>>
  readonly exit_code: number
}

/** Of a pass: a device that differs and is left as it is. */
interface LeftDevice {
  readonly assignment: string
  readonly device: string
}

/** A run of a pass, and what it was about. */
interface Seen {
  readonly run: ReconcileRun
  readonly parts: readonly Part[]
  readonly now: Date
}

/** What was found on a device. */
interface Found {
  readonly part: Part
  readonly device: Device
  readonly record: DeviceRecord
  readonly now: Date
}

/** A pass whose runs are over. */
interface EndedPass {
  readonly runs: readonly ReconcileRun[]
  readonly now: Date
  readonly revision: string | undefined
}

/** An assignment that means no device any more. */
export interface Emptied {
  readonly assignment: string
  readonly since: string
}

/** What runs of a pass found, and what is to be remembered of it. */
export class AssignmentNotes {
  readonly asked: LeftDevice[] = []
  readonly contested: (LeftDevice & { readonly since: string })[] = []
  /** Devices that were only looked at, since they were mended often enough; what differs now is something else. */
  readonly freed: { readonly part: Part; readonly device: Device }[] = []
  readonly #before: AssignmentMemories
  readonly #retries = new Map<string, string>()
  readonly #mendedLater = new Set<string>()

  constructor(before: AssignmentMemories) {
    this.#before = before
  }

  /** Reads what came of a run, and remembers what was mended or differs again. */
  async take(project: Project, { run, parts, now }: Seen): Promise<void> {
    const { devices: seen } = await foldRun((await project.store()).events(run.run), { ended: true })
    for (const part of parts) {
      const found = part.devices.flatMap((device): Found[] => {
        const record = seen.get(device.name)
        return record ? [{ part, device, record, now }] : []
      })
      for (const one of found) this.#putOff(one)
      const noted = found.map((one) => [one.device.name, this.#noted(run, one)] as const)
      const changed = Object.fromEntries(noted.flatMap(([name, mends]) => (mends ? [[name, mends]] : [])))
      if (Object.keys(changed).length > 0) await remember(project, part.assignment.name, changed)
    }
    if (run.mode === 'drift' && [...seen.values()].every((record) => this.#isLeftToMend(record)))
      this.#mendedLater.add(run.run)
  }

  #noted({ mode }: ReconcileRun, found: Found): Mends | undefined {
    return mode === 'apply' ? this.#mended(found) : this.#drifted(found)
  }

  /** The worst of some runs; of a look whose devices are all mended behind it, that run tells. */
  exitCode(runs: readonly ReconcileRun[]): number {
    const counted = runs.filter(({ run }) => !this.#mendedLater.has(run))
    return counted.reduce((code, run) => worseExitCode(code, run.exit_code), EXIT.ok as number)
  }

  #isLeftToMend({ device, state, steps }: DeviceRecord): boolean {
    const freed = this.freed.filter((one) => one.device.name === device).map(({ part }) => part.runbook.name)
    const drifted = steps.filter((step) => step.state === 'drifted')
    return state === 'in-sync' || (state === 'drifted' && drifted.every(({ runbook }) => freed.includes(runbook)))
  }

  #putOff({ part, record: { state, not_before: at } }: Found): void {
    const { name } = part.assignment
    const known = this.#retries.get(name)
    if (state === 'deferred' && at !== undefined && (known === undefined || at < known)) this.#retries.set(name, at)
  }

  #mended({ part, device, record, now }: Found): Mends | undefined {
    const steps = stepsThat('changed', part, record)
    if (steps.length === 0) return undefined
    return mended(this.#memory(part, device), part.wanted(device), steps, now)
  }

  /** A device that was looked at and not mended, by the mode of its assignment, or because it was mended too often. */
  #drifted({ part, device, record, now }: Found): Mends | undefined {
    const drifted = stepsThat('drifted', part, record)
    if (drifted.length === 0) return undefined
    const of = { assignment: part.assignment.name, device: device.name }
    if (part.mode === 'ask') this.asked.push(of)
    const before = this.#memory(part, device)
    if (part.mode !== 'mend' || before === undefined) return undefined
    const worn = wornSteps(before, part.wanted(device), now.getTime())
    if (!drifted.some((step) => worn.has(step))) {
      this.freed.push({ part, device })
      return undefined
    }
    const at = now.toISOString()
    const since = isContested(before, now.getTime()) ? (before.contested_at ?? at) : at
    this.contested.push({ ...of, since })
    return { ...before, contested_at: since, seen_at: at }
  }

  #memory({ assignment }: Part, { name }: Device): Mends | undefined {
    return this.#before[assignment.name]?.mends?.[name]
  }

  /**
   * When each of those that had all their runs was gone through. One of which a run broke off is not: it is due still; and one of
   * which safety has put devices off is due again when the first of them may be changed. Gives all that mean no device any more.
   */
  async record(project: Project, gone: readonly Part[], pass: EndedPass): Promise<readonly Emptied[]> {
    const wants = new Map(gone.map((part) => [part, wantsNow(part, pass)]))
    let after: AssignmentMemories = {}
    await editMemories(project, (before) => {
      const entries = gone.map((part) => {
        const memory = before[part.assignment.name]
        const noted = wantsToNote(part, wants.get(part) ?? {}, memory)
        return [part.assignment.name, this.#remembered(memory, { part, wants: noted }, pass)] as const
      })
      const remembered = Object.fromEntries(entries)
      after = { ...before, ...remembered }
      return remembered
    })
    return project.settings.assignments.flatMap(({ name }) => {
      const { empty_since: since, suspended } = after[name] ?? {}
      return since === undefined || suspended ? [] : [{ assignment: name, since }]
    })
  }

  #remembered(
    before: AssignmentMemory = {},
    { part, wants }: { readonly part: Part; readonly wants: Pick<LastPass, keyof Wants | 'looked'> },
    { runs, now }: EndedPass,
  ): AssignmentMemory {
    const { name } = part.assignment
    const own = runs.filter(({ assignments }) => assignments.includes(name))
    const { empty_since: since, ...rest } = before
    const at = now.toISOString()
    const wasMeant = since !== undefined || (before.last?.devices ?? 0) > 0
    const isEmptied = part.devices.length === 0 && wasMeant
    const exit = worseExitCode(this.exitCode(own), isEmptied ? EXIT.drift : EXIT.ok)
    if (exit === EXIT.interrupted) return before
    const retry = this.#retries.get(name)
    const last: LastPass = {
      at,
      run: own[0]?.run ?? '',
      exit_code: exit,
      devices: part.devices.length,
      ...(retry !== undefined && { retry_at: retry }),
      ...wants,
    }
    return { ...rest, last, ...(isEmptied && { empty_since: since ?? at }) }
  }
}

type Wants = Pick<LastPass, 'wanted' | 'revision'>

/** What an assignment with a cadence wants, so that it is known when that is something else. */
function wantsNow(part: Part, { revision }: EndedPass): Wants {
  if (part.assignment.everyMs === undefined) return {}
  return { wanted: wantedOfAll(part), ...(revision !== undefined && { revision }) }
}

/** Of one that was only looked at because somebody asked for that, it is noted apart: what was to be mended is so still. */
function wantsToNote({ assignment, mode }: Part, wants: Wants, before: AssignmentMemory | undefined) {
  if (mode === assignment.mode) return wants
  const { wanted, revision } = before?.last ?? {}
  return {
    ...(wanted !== undefined && { wanted }),
    ...(revision !== undefined && { revision }),
    ...(wants.wanted !== undefined && { looked: wants }),
  }
}

function stepsThat(state: 'changed' | 'drifted', { runbook }: Part, { steps }: DeviceRecord): readonly string[] {
  return steps.filter((step) => step.runbook === runbook.name && step.state === state).map(({ step }) => step)
}

async function remember(project: Project, name: string, changed: Readonly<Record<string, Mends>>): Promise<void> {
  await editMemories(project, (before) => ({
    [name]: { ...before[name], mends: { ...before[name]?.mends, ...changed } },
  }))
}
