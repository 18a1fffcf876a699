import { counted, formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { DEVICE_STATES } from '../core/outcome.ts'
import type { Reporter } from '../core/ports.ts'
import { commandWith } from '../core/remedy.ts'
import { contentText } from './describe-change.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { formatDuration } from './format-duration.ts'
import { adviceIn, Found, type Groups } from './found-groups.ts'
import { markdownCode as code, markdownBlock, markdownTable } from './markdown-text.ts'
import type { Output } from './output.ts'
import { overload, RunTally, title } from './run-tally.ts'

const MOST_ROWS = 20
const MOST_NAMES = 3
/** A comment of a pull request may have 65,536 characters. */
const LONGEST = 60_000

/** A table with the most frequent first; empty without any. */
function tableOf(
  groups: Groups,
  head: readonly string[],
  at?: { readonly run: string | undefined; readonly flags: string },
): string {
  const sorted = groups.sorted()
  if (sorted.length === 0) return ''
  const rows = sorted.slice(0, MOST_ROWS).map((group) => {
    const { title: what, more, names, count } = group
    const shown = names.map(code).join(', ') + (count > names.length ? ', …' : '')
    return [what, group.says && at ? code(adviceIn(group, at)) : more, formatCount(count), shown]
  })
  const left = sorted.length - rows.length
  const atLeast = groups.isFull ? 'at least ' : ''
  return markdownTable(head, rows) + (left > 0 ? `\n\n… and ${atLeast}${formatCount(left)} more kinds.` : '')
}

/** The lines that differ, of the kinds that the table has, as far as there is room. */
function differencesOf(groups: Groups): readonly string[] {
  const blocks: string[] = []
  let length = 0
  for (const { title: what, more, lines, names, count } of groups.sorted().slice(0, MOST_ROWS)) {
    if (lines.length === 0) continue
    const others = count > 1 ? ` and ${formatCount(count - 1)} more` : ''
    const block = `${what} on ${code(names[0] ?? '')}${others}: ${more}\n\n${markdownBlock(lines)}`
    length += block.length
    if (length > LONGEST / 2) return [...blocks, 'What else differs line by line is in `till runs show`.']
    blocks.push(block)
  }
  return blocks
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
  const found = new Found({ mostNames: MOST_NAMES, mark: code })
  let written = false
  const write = async (): Promise<void> => {
    if (written || !tally.started) return
    written = true
    for (const record of [...(await inFlight.lost()), ...(await inFlight.neverBegun())]) {
      tally.device(record)
      found.add(record)
    }
    await output.write(bounded(pageOf(tally, found, flags)))
  }
  return {
    async event(event: RunEvent) {
      tally.event(event)
      const record = await inFlight.add(event)
      if (record) found.add(record)
      if (event.type === 'run.finished') await write()
    },
    close: write,
  }
}

function pageOf(tally: RunTally, { failures, changes }: Found, flags: string): string {
  const { started, finished, interrupted } = tally
  const changed = started?.mode === 'apply'
  const failed = tableOf(failures, ['what', 'what to do', 'devices', 'for example'], { run: started?.run, flags })
  const differs = tableOf(changes, ['step', changed ? 'changed' : 'differs', 'devices', 'for example'])
  const runbooks = title(started).replace(/^\S+ ?/, '')
  return [
    `## ${started?.mode ?? 'run'}${runbooks === '' ? '' : ` ${code(runbooks)}`}`,
    countsOf(tally),
    ...(finished ? [] : ['**The run did not come to its end.**']),
    ...(interrupted ? ['**The run was interrupted.**'] : []),
    ...(tally.content ? [`${contentText(tally.content)}.`] : []),
    ...(tally.overloaded ? [overload(tally.overloaded)] : []),
    ...(failed === '' ? [] : ['### What went wrong', failed]),
    ...(differs === '' ? [] : [`### What ${changed ? 'was changed' : 'differs'}`, differs, ...differencesOf(changes)]),
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
