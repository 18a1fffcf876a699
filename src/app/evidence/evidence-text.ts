import { counted } from '../../core/counted.ts'
import { describeChange } from '../../reporters/describe-change.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { shortTime } from '../history/list-runs.ts'
import type { DeviceChange, DeviceEvidence, Gathered } from './device-evidence.ts'

/** What is known of a device beside a fault, in lines; none where nothing is. */
export function evidenceLines({ collected, changes }: DeviceEvidence, since: string): string[] {
  return [...collected.map(gatheredText), ...changes.flatMap((change) => changeLines(change, since))]
}

function gatheredText({ gathered_at, items, bytes, command }: Gathered): string {
  return `Evidence: ${counted(items.length, 'item')}, ${bytes} bytes, at ${shortTime(gathered_at)}: ${plainText(command)}`
}

/** Which run changed it, and what. */
export function changeLines({ run, at, by, steps }: DeviceChange, since: string): string[] {
  const when = at < since ? 'Last changed before it' : 'Changed since'
  const head = `${when}: ${shortTime(at)} by ${by ?? 'nobody known'} (till runs show ${run})`
  const what = steps.flatMap(({ runbook, step, changes }) => [
    `  ${runbook}/${step}`,
    ...changes.flatMap((change) => describeChange(change).map((line) => `    ${line}`)),
  ])
  return [plainText(head), ...what]
}
