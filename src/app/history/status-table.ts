import { WORST_STATES_FIRST } from '../../core/outcome.ts'
import { formatDuration } from '../../reporters/format-duration.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { wrapText } from '../../reporters/wrap-text.ts'
import type { KnownLook } from './current-looks.ts'
import type { KnownState } from './device-status.ts'
import { inStateColor } from './list-runs.ts'

interface Row extends Omit<KnownLook, 'state' | 'run'> {
  readonly device: string
  readonly state: KnownState['state']
  readonly run: string | null
  readonly age_s: number | null
  /** Its last 24 hours; only in its first line. */
  readonly day: string
  /** Known outages; only in its first line. */
  readonly known: string
}

const DEVICE: TableColumn<Row> = { title: 'DEVICE', value: ({ device }) => device, whole: true }
const STATE: TableColumn<Row> = {
  title: 'STATE',
  value: stateText,
  style: (text, { state }) => inStateColor(text, state),
  whole: true,
}
const AGE: TableColumn<Row> = {
  title: 'AGE',
  value: ({ age_s }) => (age_s === null ? '' : formatDuration(age_s * 1000)),
  align: 'right',
}
const RUNBOOKS: TableColumn<Row> = { title: 'RUNBOOKS', value: runbooksText, flexible: true }
const RUN: TableColumn<Row> = { title: 'RUN', value: ({ run }) => run ?? '' }
const WHY: TableColumn<Row> = { title: 'WHY', value: why, flexible: true }

const DAY: TableColumn<Row> = { title: 'LAST 24 HOURS', value: ({ day }) => day }

/** From this on there is room for the last day. */
export const ROOM_FOR_DAYS = 150
/** Narrower than this, a reason stands below its line, in full. */
const ROOM_FOR_REASONS = 110
/** And narrower than this, the runbooks do too. */
const ROOM_FOR_RUNBOOKS = 64

/**
 * Last known states as a table, a line for each last word of a runbook, the worst that counts first; without `width` nothing
 * is cut. As of `now`.
 */
export function statusTable(
  known: readonly KnownState[],
  options: {
    readonly width?: number | undefined
    readonly color: boolean
    readonly now: Date
    /** By device; see `lastDays`. */
    readonly days?: ReadonlyMap<string, string> | undefined
  },
): string {
  const { width = Number.POSITIVE_INFINITY, now } = options
  const days = width < ROOM_FOR_DAYS ? undefined : options.days
  const rows = known.flatMap((one) =>
    rowsOf(one, now).map((row, at) => ({
      ...row,
      day: at === 0 ? (days?.get(one.device) ?? '') : '',
      known: at === 0 ? knownText(one) : '',
    })),
  )
  const lines = (columns: readonly TableColumn<Row>[]): string[] => formatTable(rows, columns, options)
  const day = days ? [DAY] : []
  if (width >= ROOM_FOR_REASONS) return `${lines([DEVICE, STATE, ...day, AGE, RUNBOOKS, RUN, WHY]).join('\n')}\n`
  const isTight = width < ROOM_FOR_RUNBOOKS
  const [head = '', ...table] = lines(isTight ? [DEVICE, STATE, AGE] : [DEVICE, STATE, AGE, RUNBOOKS])
  const below = rows.map((row) =>
    [isTight ? runbooksText(row) : '', why(row)].filter((text) => text !== '').map((text) => plainText(text)),
  )
  const indent = '  '
  const all = table.flatMap((line, at) => [
    line,
    ...(below[at] ?? []).flatMap((text) => wrapText(text, { width, indent })),
  ])
  return `${[head, ...all].join('\n')}\n`
}

function runbooksText({ runbooks, about }: Row): string {
  return runbooks.map((name, at) => `${name} ${about[at] ?? ''}`.trimEnd()).join(', ')
}

function why({ code, message, known }: Row): string {
  return [known, code === null ? '' : `${code}: ${message ?? ''}`].filter((text) => text !== '').join(' ')
}

function knownText({ outages = [] }: KnownState): string {
  return outages.map(({ outage, why, closed }) => `[${closed ? 'closed' : 'known'}: ${why}, ${outage}]`).join(' ')
}

function rowsOf({ device, state, looks }: KnownState, now: Date): readonly Omit<Row, 'day' | 'known'>[] {
  if (looks.length === 0) {
    const nothing = { code: null, message: null, run: null, runbooks: [], about: [], at: '', age_s: null }
    return [{ device, state, unknown: false, counts: true, ...nothing }]
  }
  const rank = (look: KnownLook): number =>
    WORST_STATES_FIRST.indexOf(look.state) + (look.counts ? 0 : WORST_STATES_FIRST.length)
  return [...looks]
    .sort((a, b) => rank(a) - rank(b))
    .map((look) => ({ device, ...look, age_s: Math.max(0, Math.round((now.getTime() - Date.parse(look.at)) / 1000)) }))
}

function stateText({ state, unknown, counts }: Row): string {
  const notes = [unknown && state !== 'unknown' ? 'unknown steps' : '', counts ? '' : 'no longer counted'].filter(
    Boolean,
  )
  return notes.length === 0 ? state : `${state} (${notes.join(', ')})`
}
