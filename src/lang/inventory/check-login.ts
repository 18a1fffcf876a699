import { asSentence, patternProblem } from '../../pattern/pattern.ts'
import { devicePlace, type Findings, inside, type Place } from './findings.ts'
import type { BuiltDevice } from './store-builder.ts'

/** The ssh of this machine is never asked anything, and goes by its own configuration. */
export function checkOpenssh(built: BuiltDevice, findings: Findings): void {
  const { name, transport } = built.device
  if (transport.type !== 'openssh') return
  for (const key of ['password', 'prompts', 'passphrase', 'via'] as const) {
    if (transport[key] === undefined) continue
    const summary = `"${name}" is reached by openssh, which does not go with \`${key}\``
    const instead = key === 'via' ? 'and ProxyJump into ssh_config' : 'or `type: ssh`: openssh answers no questions'
    findings.error('SCHEMA_VALUE_INVALID', placeOf(built, key), {
      summary,
      detail: `Write \`${key}: null\`, ${instead}.`,
    })
  }
}

/** Questions are known by regular expressions. */
export function checkPrompts(built: BuiltDevice, findings: Findings): void {
  for (const [index, { match }] of (built.device.transport.prompts ?? []).entries()) {
    const problem = patternProblem(match)
    if (problem === undefined) continue
    const summary = `"${match}" under \`prompts\` of "${built.device.name}" is not a regular expression`
    const place = placeOf(built, 'prompts')
    const isHere = built.written.transport?.['prompts'] !== undefined
    const at = isHere ? inside(place, index, 'match') : place
    findings.error('SCHEMA_VALUE_INVALID', at, { summary, detail: asSentence(problem) })
  }
}

function placeOf({ device, file, written }: BuiltDevice, key: string): Place {
  const place = devicePlace(file, device.store, device.id)
  return written.transport?.[key] === undefined ? place : inside(place, 'transport', key)
}
