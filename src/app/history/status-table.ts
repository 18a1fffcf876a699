import { formatDuration } from '../../reporters/format-duration.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import type { KnownState } from './device-status.ts'
import { inStateColor } from './list-runs.ts'

const COLUMNS: readonly TableColumn<KnownState>[] = [
  { title: 'DEVICE', value: ({ device }) => device },
  {
    title: 'STATE',
    value: ({ state, unknown }) => (unknown && state !== 'never' ? `${state} (unknown steps)` : state),
    style: (text, { state }) => inStateColor(text, state),
  },
  { title: 'AGE', value: ({ age_s }) => (age_s === null ? '' : formatDuration(age_s * 1000)), align: 'right' },
  { title: 'RUNBOOKS', value: ({ runbooks }) => runbooks.join(', '), flexible: true },
  { title: 'RUN', value: ({ run }) => run ?? '' },
  { title: 'WHY', value: ({ code, message }) => (code === null ? '' : `${code}: ${message ?? ''}`), flexible: true },
]

/** Last known states as a table; without `width` nothing is cut. */
export function statusTable(
  known: readonly KnownState[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(known, COLUMNS, options).join('\n')}\n`
}
