import { formatDuration } from '../../reporters/format-duration.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { shownPath } from '../shown-path.ts'
import type { Who } from './who.ts'

/** Who is responsible, for people. */
export function whoText({
  device,
  fault,
  vendor,
  region,
  contract,
  team,
  partner,
  steps,
  limits_ms,
  row,
  passed,
}: Who): string {
  const at = ({ file, line }: { readonly file: string; readonly line: number }): string => `${shownPath(file)}:${line}`
  const { reaction, diagnosis, fix } = limits_ms
  const promise = [reaction, diagnosis, fix].map((ms) => formatDuration(ms))
  const lines = [
    `${fault} of ${device}: ${team}${partner === null ? '' : ` (partner ${partner})`}`,
    `By the row at ${at(row)}; vendor ${vendor || 'none'}, region ${region}, contract ${contract ?? 'none'}.`,
    `Promised: reaction ${promise[0]}, diagnosis ${promise[1]}, fix ${promise[2]}.`,
    ...(steps.length > 0 ? [`To be done before it is closed: ${steps.join(', ')}.`] : []),
    ...passed.map((each) => `Not the row at ${at(each)}: ${each.why}.`),
  ]
  return `${lines.map(plainText).join('\n')}\n`
}
