import { counted, formatCount } from '../core/counted.ts'
import type { Reporter } from '../core/ports.ts'
import { commandWith } from '../core/remedy.ts'
import { contentText } from './describe-change.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { formatDuration } from './format-duration.ts'
import { adviceIn, Found, type Groups } from './found-groups.ts'
import type { Output } from './output.ts'
import { plainText } from './plain-text.ts'
import { overload, RunTally, title } from './run-tally.ts'
import type { Cell, Sheet } from './sheet.ts'
import { sheetHtml } from './sheet-html.ts'

/** Of devices that are alike, so many are named. */
const MOST_NAMES = 200
/** Of the lines that differ in a file, so many are shown. */
const MOST_LINES = 500

/**
 * The run as a page for a browser, for those who review a merge request: counts, what went wrong, what differs, grouped over devices, with
 * the lines that differ. It needs nothing else and runs nothing. `notes`: what is said before.
 */
export function createHtmlReporter(
  output: Pick<Output, 'write'>,
  { flags = '', notes = [] }: { readonly flags?: string; readonly notes?: readonly string[] } = {},
): Reporter {
  const tally = new RunTally()
  const inFlight = new DevicesInFlight()
  const found = new Found({ mostNames: MOST_NAMES, mark: plainText })
  let written = false
  const write = async (): Promise<void> => {
    if (written || !tally.started) return
    written = true
    for (const record of [...(await inFlight.lost()), ...(await inFlight.neverBegun())]) {
      tally.device(record)
      found.add(record)
    }
    await output.write([...sheetHtml(sheetOf(tally, found, { flags, notes }))].join(''))
  }
  return {
    async event(event) {
      tally.event(event)
      const record = await inFlight.add(event)
      if (record) found.add(record)
      if (event.type === 'run.finished') await write()
    },
    close: write,
  }
}

function sheetOf(
  tally: RunTally,
  { failures, changes }: Found,
  { flags, notes }: { readonly flags: string; readonly notes: readonly string[] },
): Sheet {
  const { started, finished, interrupted } = tally
  const differs = started?.mode === 'apply' ? 'was changed' : 'differs'
  const at = { run: started?.run, flags }
  return {
    title: title(started),
    notes: [
      ...notes,
      countsOf(tally),
      ...(finished ? [] : ['The run did not come to its end.']),
      ...(interrupted ? ['The run was interrupted.'] : []),
      ...(tally.content ? [`${contentText(tally.content)}.`] : []),
      ...(tally.overloaded ? [overload(tally.overloaded)] : []),
      ...(failures.isFull || changes.isFull ? ['There are more kinds than are listed here.'] : []),
      // Of a preview by which no device is looked at there is no run.
      ...(started && started.run !== '' ? [`All of it: ${commandWith(`till runs show ${started.run}`, flags)}`] : []),
    ],
    columns: ['', 'step', 'what', 'devices', 'which'],
    rows: [...rowsOf(failures, 'went wrong', at), ...rowsOf(changes, differs, at)],
  }
}

function rowsOf(groups: Groups, kind: string, at: Parameters<typeof adviceIn>[1]): readonly (readonly Cell[])[] {
  return groups.sorted().map((group) => {
    const { title: step, lines, names, count } = group
    const left = lines.length - MOST_LINES
    const shown = [
      ...lines.slice(0, MOST_LINES).map(plainText),
      ...(left > 0 ? [`… ${counted(left, 'line')} more`] : []),
    ]
    const which = names.join(', ') + (count > names.length ? `, and ${formatCount(count - names.length)} more` : '')
    return [
      kind,
      step,
      [plainText(adviceIn(group, at)), ...shown].join('\n'),
      { number: count, as: 'count' },
      plainText(which),
    ]
  })
}

function countsOf(tally: RunTally): string {
  const { started, finished, done } = tally
  const devices = started?.devices ?? done
  const took = finished ? ` in ${formatDuration(finished.duration_ms)}, exit code ${finished.exit_code}` : ''
  const counts = [
    ...(done > 0 ? [tally.countsText((_style, text) => text)] : []),
    ...(devices > done ? [`${formatCount(devices - done)} without a result`] : []),
  ]
  return `${counted(devices, 'device')}${took}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}.`
}
