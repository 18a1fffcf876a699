import { WORST_STATES_FIRST } from '../../core/outcome.ts'
import { formatDuration } from '../../reporters/format-duration.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import type { KnownLook } from './current-looks.ts'
import type { KnownState } from './device-status.ts'
import { inStateColor } from './list-runs.ts'

interface Row extends Omit<KnownLook, 'state' | 'run'> {
  readonly device: string
  readonly state: KnownState['state']
  readonly run: string | null
  readonly age_s: number | null
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'DEVICE', value: ({ device }) => device },
  { title: 'STATE', value: stateText, style: (text, { state }) => inStateColor(text, state) },
  { title: 'AGE', value: ({ age_s }) => (age_s === null ? '' : formatDuration(age_s * 1000)), align: 'right' },
  { title: 'RUNBOOKS', value: ({ runbooks }) => runbooks.join(', '), flexible: true },
  { title: 'RUN', value: ({ run }) => run ?? '' },
  { title: 'WHY', value: ({ code, message }) => (code === null ? '' : `${code}: ${message ?? ''}`), flexible: true },
]

/** Narrower than this, why something is so is worth more than the run that says it. */
const ROOM_FOR_RUNS = 110

/**
 * Last known states as a table, a line for each last word of a runbook, the worst that counts first; without `width` nothing
 * is cut. As of `now`.
 */
export function statusTable(
  known: readonly KnownState[],
  options: { readonly width?: number | undefined; readonly color: boolean; readonly now: Date },
): string {
  const { width = Number.POSITIVE_INFINITY, now } = options
  const columns = width < ROOM_FOR_RUNS ? COLUMNS.filter(({ title }) => title !== 'RUN') : COLUMNS
  const rows = known.flatMap((one) => rowsOf(one, now))
  return `${formatTable(rows, columns, options).join('\n')}\n`
}

function rowsOf({ device, state, looks }: KnownState, now: Date): readonly Row[] {
  if (looks.length === 0) {
    const nothing = { code: null, message: null, run: null, runbooks: [], at: '', age_s: null }
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
