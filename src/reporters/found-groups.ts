import { type Alike, scopeOf } from '../core/findings.ts'
import { aimed, withFlags } from '../core/remedy.ts'
import type { DeviceRecord, StepRecord } from '../core/run.ts'
import { adviceOn, describeChange } from './describe-change.ts'

/** Different things that are told apart while counting; a fleet has few, and memory is bounded by it. */
const MOST_GROUPS = 2_000

interface Group {
  readonly title: string
  /** What is so; of what went wrong, what to do about it (see `adviceIn`). */
  readonly more: string
  /** What went wrong, as a run is asked for the devices of it. */
  readonly says?: Alike['says']
  /** Lines that differ. */
  readonly lines: readonly string[]
  /** The first devices of which it is so. */
  readonly names: string[]
  count: number
}

/** Counts what is alike, and keeps the first names of each. */
export class Groups {
  readonly #groups = new Map<string, Group>()
  readonly #mostNames: number

  constructor(mostNames: number) {
    this.#mostNames = mostNames
  }

  add(
    device: string,
    key: string,
    group: () => Pick<Group, 'title' | 'more'> & Partial<Pick<Group, 'lines' | 'says'>>,
  ): void {
    const found = this.#groups.get(key)
    if (found) {
      found.count += 1
      if (found.names.length < this.#mostNames) found.names.push(device)
    } else if (!this.isFull) this.#groups.set(key, { lines: [], ...group(), names: [device], count: 1 })
  }

  /** There may be more kinds than are counted. */
  get isFull(): boolean {
    return this.#groups.size === MOST_GROUPS
  }

  /** The most frequent first. */
  sorted(): readonly Group[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count)
  }
}

/** What to do about what went wrong: its commands are for these devices and no others, and lead to where the run was. */
export function adviceIn(
  { more, says, names, count }: Group,
  { run, flags }: { run: string | undefined; flags: string },
): string {
  if (says === undefined) return more
  return withFlags(aimed(more, scopeOf({ says, devices: names, count }, run)), flags)
}

/** What a run found, grouped over devices: what went wrong, and what differs. `mark` sets off what devices say. */
export class Found {
  readonly failures: Groups
  readonly changes: Groups
  readonly #mark: (text: string) => string

  constructor({ mostNames, mark }: { readonly mostNames: number; readonly mark: (text: string) => string }) {
    this.failures = new Groups(mostNames)
    this.changes = new Groups(mostNames)
    this.#mark = mark
  }

  add(record: DeviceRecord): void {
    this.#addFailures(record)
    for (const step of record.steps) this.#addChanges(record.device, step)
  }

  #addFailures(record: DeviceRecord): void {
    const mark = this.#mark
    const { failure, device } = record
    const own = failure ? [{ failure, where: record.state, more: '' }] : []
    const steps = record.steps.flatMap(({ failure: own, name, may_be_mended }) =>
      own ? [{ failure: own, where: name, more: may_be_mended ? ', may be mended by the changes before it' : '' }] : [],
    )
    const seen = steps.some((step) => step.failure.message === failure?.message) ? steps : [...own, ...steps]
    for (const { failure: one, where, more } of seen) {
      this.failures.add(device, `${one.code} ${where}${more}`, () => ({
        title: `${mark(one.code)} (${one.phase}) ${mark(where)}${more}`,
        more: adviceOn({ code: one.code }),
        says: { fault: record.state, severity: '', ...(one.code === failure?.code && { cause: one.code }) },
      }))
    }
    for (const { state, name, reason } of record.steps) {
      if (state !== 'unknown') continue
      this.failures.add(device, `unknown ${name}`, () => ({
        title: `unknown ${mark(name)}`,
        more: mark(reason ?? ''),
      }))
    }
  }

  #addChanges(device: string, step: StepRecord): void {
    if (step.state === 'failed' || step.state === 'unmet') return
    for (const change of step.changes ?? []) {
      const [line = '', ...lines] = describeChange(change, { all: true })
      const key = [step.runbook, step.step, line, ...lines].join('\n')
      this.changes.add(device, key, () => ({ title: this.#mark(step.name), more: this.#mark(line), lines }))
    }
  }
}
