import { formatCount } from '../../core/counted.ts'
import type { PastVisit } from '../../core/run.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { wrapText } from '../../reporters/wrap-text.ts'
import { inStateColor, shortTime } from './list-runs.ts'

/** Visits one after the other that found the same. */
interface Stretch {
  /** The newest of them. */
  readonly visit: PastVisit
  /** When the oldest of them ended. */
  readonly from: string
  readonly times: number
}

const COLUMNS: readonly TableColumn<Stretch>[] = [
  { title: 'WHEN', value: ({ visit }) => shortTime(visit.at), whole: true },
  {
    title: 'STATE',
    value: ({ visit }) => visit.state,
    style: (text, { visit }) => inStateColor(text, visit.state),
    whole: true,
  },
  { title: 'RUN', value: ({ visit }) => visit.run, whole: true },
  { title: 'WHAT', value: ({ visit }) => whatText(visit), flexible: true },
  { title: 'BY', value: ({ visit }) => visit.by, spare: 1 },
]

/**
 * What became of a device, run by run, newest first; those that found the same as the one before them are one line with their number,
 * unless `isWhole`. Below a line, where there is something to say: what was not as desired, and since when.
 */
export function historyText(
  visits: readonly PastVisit[],
  options: { readonly width?: number | undefined; readonly color: boolean; readonly isWhole: boolean },
): string {
  const stretches = options.isWhole ? visits.map((visit) => ({ visit, from: visit.at, times: 1 })) : stretchesOf(visits)
  const [head = '', ...lines] = formatTable(stretches, COLUMNS, options)
  const width = options.width ?? Number.POSITIVE_INFINITY
  const all = lines.flatMap((line, index) => [line, ...belowText(stretches[index] as Stretch, width)])
  return `${[head, ...all].join('\n')}\n`
}

/** Since when, by the looks that are kept, a device is as the newest of them found it. */
export function sinceOf(visits: readonly PastVisit[]): string | null {
  return stretchesOf(visits.filter(({ previews }) => previews === undefined))[0]?.from ?? null
}

function stretchesOf(visits: readonly PastVisit[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const visit of visits) {
    const last = stretches.at(-1)
    if (last && isSame(last.visit, visit)) {
      stretches[stretches.length - 1] = { visit: last.visit, from: visit.at, times: last.times + 1 }
    } else stretches.push({ visit, from: visit.at, times: 1 })
  }
  return stretches
}

/** Two runs that changed something are two, whatever they changed. */
function isSame(one: PastVisit, other: PastVisit): boolean {
  const isChange = one.state === 'changed' || other.state === 'changed'
  const found = ({ state, code, runbooks, about, steps, previews }: PastVisit): string =>
    JSON.stringify([
      state,
      code,
      runbooks,
      about,
      previews ?? null,
      steps.map(({ runbook, step, state: of }) => [runbook, step, of]),
    ])
  return !isChange && found(one) === found(other)
}

function whatText({ mode, runbooks, about, previews }: PastVisit): string {
  const names = runbooks.map((name, index) => (about[index] ? `${name} (${about[index]})` : name))
  const what = mode === 'exec' ? mode : [mode, ...names].join(' ')
  return previews === undefined ? what : `${what} as ${previews.slice(0, 12)} would have it`
}

function* belowText({ visit, from, times }: Stretch, width: number): Generator<string> {
  const { steps, code, message } = visit
  const texts = steps.length > 0 ? [steps.map(({ name, state }) => `${plainText(name)}: ${state}`).join('; ')] : []
  if (code !== null) texts.push(`${code}${message === null ? '' : `: ${plainText(message)}`}`)
  if (times > 1) texts.push(`the same in ${formatCount(times)} runs since ${shortTime(from)}`)
  for (const text of texts) yield* wrapText(text, { width, indent: '  ' })
}
