import { counted } from '../../core/counted.ts'
import { describeChange } from '../../reporters/describe-change.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { shortTime } from '../history/list-runs.ts'
import type { DeviceChange, DeviceEvidence, Gathered } from './device-evidence.ts'

interface Shown {
  /** When the fault began. */
  readonly since: string
  /** What commands need to look where this one looked, as `hereFlag` says it. */
  readonly flags: string
}

/** What is known of a device beside a fault, in lines; none where nothing is. */
export function evidenceLines({ collected, changes }: DeviceEvidence, shown: Shown): string[] {
  return [
    ...collected.map((gathered) => gatheredText(gathered, shown)),
    ...changes.flatMap((change) => changeLines(change, shown)),
  ]
}

function gatheredText({ gathered_at, items, bytes, command }: Gathered, { flags }: Shown): string {
  const more = plainText(`${command}${flags}`)
  return `Evidence: ${counted(items.length, 'item')}, ${bytes} bytes, at ${shortTime(gathered_at)}: ${more}`
}

/** Which run changed it, and what. */
function changeLines({ run, at, by, steps }: DeviceChange, { since, flags }: Shown): string[] {
  const when = at < since ? 'Last changed before it' : 'Changed since'
  const head = `${when}: ${shortTime(at)} by ${by ?? 'nobody known'} (till runs show ${run}${flags})`
  const what = steps.flatMap(({ runbook, step, changes }) => [
    `  ${runbook}/${step}`,
    ...changes.flatMap((change) => describeChange(change).map((line) => `    ${line}`)),
  ])
  return [plainText(head), ...what]
}
