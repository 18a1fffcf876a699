import { counted, formatCount } from '../../../core/counted.ts'
import type { JsonObject } from '../../../core/json.ts'
import { markdownCode, markdownTable } from '../../../reporters/markdown-text.ts'
import { plainText } from '../../../reporters/plain-text.ts'
import type { Difference } from './preview-work.ts'
import { type Touched, touchedOf } from './touched.ts'

/** What `till plan --against` says of a difference, before and beside what devices say. */
export interface Preview {
  readonly against: string
  readonly base: string
  readonly tip: string
  readonly commits: number
  readonly difference: Difference
  /** Devices that may be looked at, and those of them that are. */
  readonly plannable: number
  readonly looked: number
  readonly seed: string
}

const MOST_NAMES = 12

/** As JSON (till.preview/1); `plan` is the result of the run, null where none was made. */
export function previewDocument(preview: Preview, plan: JsonObject | null) {
  const { against, base, tip, commits, difference, plannable, looked, seed } = preview
  const { inventory, runbooks, paper, notes, touched } = difference
  return {
    schema: 'till.preview/1',
    against,
    base,
    tip,
    commits,
    touched: touchedOf(touched),
    inventory,
    runbooks,
    paper,
    notes,
    sample: { of: plannable, devices: looked, seed },
    plan,
  } as const
}

/** The same for people. */
export function previewText(preview: Preview): string {
  const { difference, looked } = preview
  const touched = touchedOf(difference.touched)
  const lines = [headLine(preview), touchedLine(touched), inventoryLine(difference)]
  if (touched.devices > 0) lines.push(...shares(touched).map(([what, counts]) => `  ${what.padEnd(8)} ${counts}`))
  for (const { runbook, what, devices } of difference.runbooks)
    lines.push(`  ${runbook}: ${what} for ${counted(devices, 'device')}`)
  lines.push(...difference.notes.map((note) => `  ${note}`))
  for (const { why, devices } of difference.paper) lines.push(`On paper: ${counted(devices, 'device')} (${why})`)
  lines.push(looked === 0 ? notLooked(preview) : sampleLine(preview))
  return `${lines
    .filter((line) => line !== '')
    .map(plainText)
    .join('\n')}\n`
}

/** The same for a merge request. */
export function previewMarkdown(preview: Preview): string {
  const { difference } = preview
  const touched = touchedOf(difference.touched)
  const parts = [`## ${headLine(preview).replaceAll('`', '')}`, touchedLine(touched), inventoryLine(difference)]
  if (touched.devices > 0)
    parts.push(
      markdownTable(
        ['by', 'devices'],
        shares(touched).map(([what, counts]) => [what, markdownCode(counts)]),
      ),
    )
  if (difference.runbooks.length > 0)
    parts.push(
      markdownTable(
        ['runbook', 'would be', 'devices'],
        difference.runbooks.map(({ runbook, what, devices }) => [markdownCode(runbook), what, formatCount(devices)]),
      ),
    )
  const listed = [
    ...difference.notes,
    ...difference.paper.map(({ why, devices }) => `On paper: ${counted(devices, 'device')} (${why})`),
  ]
  if (listed.length > 0) parts.push(listed.map((one) => `- ${markdownCode(one)}`).join('\n'))
  parts.push(preview.looked === 0 ? notLooked(preview) : sampleLine(preview))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n\n`
}

function notLooked({ difference: { touched, work, paper } }: Preview): string {
  const isUnassigned = touched.length > 0 && work.length === 0 && paper.length === 0
  const why = isUnassigned ? ': no runbook is assigned to those that it touches, and none was named' : ''
  return `No device is looked at${why}.`
}

function headLine({ against, tip, base, commits }: Preview): string {
  const count = counted(commits, 'commit')
  return `What ${against} (${tip.slice(0, 12)}, ${count}) would make of ${base.slice(0, 12)}`
}

function touchedLine({ devices, stores }: Touched): string {
  if (devices === 0) return 'It touches no device.'
  return `It touches ${counted(devices, 'device')} in ${counted(stores, 'store')}.`
}

function inventoryLine({ inventory: { added, removed, changed } }: Difference): string {
  const parts = [
    [added, 'new'],
    [removed, 'gone'],
    [changed, 'changed'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`)
  return said.length === 0 ? '' : `In the inventory: ${said.join(', ')}.`
}

function shares({ by }: Touched): readonly (readonly [string, string])[] {
  return Object.entries(by).map(([what, counts]) => {
    const entries = Object.entries(counts)
    const left = entries.length - MOST_NAMES
    const shown = entries.slice(0, MOST_NAMES).map(([name, count]) => `${name} ${formatCount(count)}`)
    return [what, [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join(', ')] as const
  })
}

function sampleLine({ looked, plannable, seed }: Preview): string {
  if (looked === plannable) return `Planned on all ${counted(looked, 'device')} that may be looked at:`
  return `Planned on ${counted(looked, 'device')} of ${formatCount(plannable)} that may be looked at (--seed ${seed}):`
}
