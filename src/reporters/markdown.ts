import { counted, formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { DEVICE_STATES } from '../core/outcome.ts'
import type { Reporter } from '../core/ports.ts'
import { commandWith } from '../core/remedy.ts'
import type { DeviceRecord, StepRecord } from '../core/run.ts'
import { adviceOn, describeChange } from './describe-change.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { formatDuration } from './format-duration.ts'
import { markdownCode as code, markdownBlock, markdownTable } from './markdown-text.ts'
import type { Output } from './output.ts'
import { overload, RunTally, title } from './run-tally.ts'

const MOST_ROWS = 20
const MOST_NAMES = 3
/** Different things that are told apart while counting; a fleet has few, and memory is bounded by it. */
const MOST_GROUPS = 2_000
/** A comment of a pull request may have 65,536 characters. */
const LONGEST = 60_000

interface Group {
  readonly title: string
  readonly more: string
  /** Lines that differ. */
  readonly lines?: readonly string[]
  readonly names: string[]
  count: number
}

/** Counts what is alike, and keeps the first names of each. */
class Groups {
  readonly #groups = new Map<string, Group>()

  add(device: string, key: string, group: () => Pick<Group, 'title' | 'more' | 'lines'>): void {
    const found = this.#groups.get(key)
    if (found) {
      found.count += 1
      if (found.names.length < MOST_NAMES) found.names.push(device)
    } else if (this.#groups.size < MOST_GROUPS) this.#groups.set(key, { ...group(), names: [device], count: 1 })
  }

  /** A table with the most frequent first; empty without any. */
  table(head: readonly string[]): string {
    const groups = this.#sorted()
    if (groups.length === 0) return ''
    const rows = groups.slice(0, MOST_ROWS).map(({ title: what, more, names, count }) => {
      const shown = names.map(code).join(', ') + (count > names.length ? ', …' : '')
      return [what, more, formatCount(count), shown]
    })
    const left = groups.length - rows.length
    const atLeast = this.#groups.size === MOST_GROUPS ? 'at least ' : ''
    return markdownTable(head, rows) + (left > 0 ? `\n\n… and ${atLeast}${formatCount(left)} more kinds.` : '')
  }

  /** The lines that differ, of the kinds that the table has, as far as there is room. */
  differences(): readonly string[] {
    const blocks: string[] = []
    let length = 0
    for (const { title: what, more, lines = [], names, count } of this.#sorted().slice(0, MOST_ROWS)) {
      if (lines.length === 0) continue
      const others = count > 1 ? ` and ${formatCount(count - 1)} more` : ''
      const block = `${what} on ${code(names[0] ?? '')}${others}: ${more}\n\n${markdownBlock(lines)}`
      length += block.length
      if (length > LONGEST / 2) return [...blocks, 'What else differs line by line is in `till runs show`.']
      blocks.push(block)
    }
    return blocks
  }

  #sorted(): Group[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count)
  }
}

/**
 * The run as a page of Markdown for a pull request or a ticket: counts, what failed, what differs, grouped over devices.
 * At most 60,000 characters and as much memory, however many devices there are. What devices say stands in code.
 */
export function createMarkdownReporter(
  output: Pick<Output, 'write'>,
  { flags = '' }: { readonly flags?: string } = {},
): Reporter {
  const tally = new RunTally()
  const inFlight = new DevicesInFlight()
  const failures = new Groups()
  const changes = new Groups()
  let written = false
  const count = (record: DeviceRecord): void => {
    addFailures(failures, record)
    for (const step of record.steps) addChanges(changes, record.device, step)
  }
  const write = async (): Promise<void> => {
    if (written || !tally.started) return
    written = true
    for (const record of [...(await inFlight.lost()), ...(await inFlight.neverBegun())]) {
      tally.device(record)
      count(record)
    }
    await output.write(bounded(pageOf(tally, { failures, changes, flags })))
  }
  return {
    async event(event: RunEvent) {
      tally.event(event)
      const record = await inFlight.add(event)
      if (record) count(record)
      if (event.type === 'run.finished') await write()
    },
    close: write,
  }
}

function addFailures(groups: Groups, record: DeviceRecord): void {
  const { failure, device } = record
  const own = failure ? [{ failure, where: record.state, more: '' }] : []
  const steps = record.steps.flatMap(({ failure: own, name, may_be_mended }) =>
    own ? [{ failure: own, where: name, more: may_be_mended ? ', may be mended by the changes before it' : '' }] : [],
  )
  const seen = steps.some((step) => step.failure.message === failure?.message) ? steps : [...own, ...steps]
  for (const { failure: one, where, more } of seen) {
    groups.add(device, `${one.code} ${where}${more}`, () => ({
      title: `${code(one.code)} (${one.phase}) ${code(where)}${more}`,
      more: code(adviceOn({ code: one.code })),
    }))
  }
  for (const { state, name, reason } of record.steps) {
    if (state !== 'unknown') continue
    groups.add(device, `unknown ${name}`, () => ({ title: `unknown ${code(name)}`, more: code(reason ?? '') }))
  }
}

function addChanges(groups: Groups, device: string, step: StepRecord): void {
  if (step.state === 'failed' || step.state === 'unmet') return
  for (const change of step.changes ?? []) {
    const [line = '', ...lines] = describeChange(change, { all: true })
    const key = [step.runbook, step.step, line, ...lines].join('\n')
    groups.add(device, key, () => ({ title: code(step.name), more: code(line), lines }))
  }
}

function pageOf(
  tally: RunTally,
  { failures, changes, flags }: { readonly failures: Groups; readonly changes: Groups; readonly flags: string },
): string {
  const { started, finished, interrupted } = tally
  const changed = started?.mode === 'apply'
  const failed = failures.table(['what', 'what to do', 'devices', 'for example'])
  const differs = changes.table(['step', changed ? 'changed' : 'differs', 'devices', 'for example'])
  const runbooks = title(started).replace(/^\S+ ?/, '')
  return [
    `## ${started?.mode ?? 'run'}${runbooks === '' ? '' : ` ${code(runbooks)}`}`,
    countsOf(tally),
    ...(finished ? [] : ['**The run did not come to its end.**']),
    ...(interrupted ? ['**The run was interrupted.**'] : []),
    ...(tally.overloaded ? [overload(tally.overloaded)] : []),
    ...(failed === '' ? [] : ['### What went wrong', failed]),
    ...(differs === '' ? [] : [`### What ${changed ? 'was changed' : 'differs'}`, differs, ...changes.differences()]),
    ...(started ? [`All of it: ${code(commandWith(`till runs show ${started.run}`, flags))}`] : []),
    '',
  ].join('\n\n')
}

function countsOf({ started, finished, counts, done, unknown }: RunTally): string {
  const devices = started?.devices ?? done
  const took = finished ? ` in ${formatDuration(finished.duration_ms)}, exit code ${finished.exit_code}` : ''
  const missing = devices - done
  const rows = [
    ...DEVICE_STATES.filter((state) => counts[state] > 0).map((state) => [state, formatCount(counts[state])]),
    ...(unknown > counts.unknown ? [['with unknown steps', formatCount(unknown - counts.unknown)]] : []),
    ...(missing > 0 ? [['without a result', formatCount(missing)]] : []),
  ]
  const line = `${counted(devices, 'device')}${took}.`
  return rows.length === 0 ? line : `${line}\n\n${markdownTable(['state', 'devices'], rows)}`
}

/** Cut between lines; the tables are short enough in all but odd cases. */
function bounded(page: string): string {
  if (page.length <= LONGEST) return page
  return `${page.slice(0, page.lastIndexOf('\n', LONGEST))}\n\n… cut: \`till runs show\` has all of it.\n`
}
