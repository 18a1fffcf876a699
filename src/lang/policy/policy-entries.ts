import { isMap, type JsonValue } from '../../core/json.ts'
import type { Scoped } from '../../core/scoped.ts'
import type { SourceRange } from '../../core/source.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { scopeOf } from './read-entries.ts'

/** A rule of a policy, a guard or a warning as tillwright.yaml has it, to be checked against the inventory and the files that it names. */
export interface PolicyEntry {
  /** For people: `freeze "closing" of policy "default"`. */
  readonly name: string
  /** It holds back what it is about; a window lets it through. */
  readonly holdsBack: boolean
  readonly scope: Scoped
  /** Of a window or freeze: the file that it names. */
  readonly calendar?: string
  /** Where a part of it stands. */
  at(...part: ValuePath): SourceRange
}

const LISTS = [
  [['freezes'], 'freeze'],
  [['caps'], 'cap'],
  [['keep'], 'group'],
  [['repair', 'windows'], 'window'],
  [['rollout', 'windows'], 'window'],
] as const satisfies readonly (readonly [ValuePath, string])[]

/** Everything in the policies, guards and warnings of a project file that says which devices it is about. */
export function policyEntries(parsed: ParsedYaml): readonly PolicyEntry[] {
  const inPolicies = namesIn(parsed, 'policies').flatMap((policy) =>
    LISTS.flatMap(([list, kind]) => {
      const path = ['policies', policy, ...list]
      const written = valueAt(parsed.value, path)
      const entries = Array.isArray(written) ? written : []
      return entries.map((_, index) =>
        entryAt(parsed, [...path, index], (name) => `${kind} "${name}" of policy "${policy}"`),
      )
    }),
  )
  const guards = namesIn(parsed, 'guards').map((guard) => entryAt(parsed, ['guards', guard], () => `guard "${guard}"`))
  const warnings = namesIn(parsed, 'warnings').map((name) =>
    entryAt(parsed, ['warnings', name], () => `warning "${name}"`),
  )
  return [...inPolicies, ...guards, ...warnings]
}

function namesIn(parsed: ParsedYaml, key: string): readonly string[] {
  const written = valueAt(parsed.value, [key])
  return isMap(written) ? Object.keys(written) : []
}

function entryAt(parsed: ParsedYaml, path: ValuePath, called: (name: string) => string): PolicyEntry {
  const written: JsonValue = valueAt(parsed.value, path)
  const raw = isMap(written) ? written : {}
  const { name, calendar } = raw
  return {
    name: called(String(name)),
    holdsBack: !path.includes('windows'),
    scope: scopeOf(raw),
    ...(typeof calendar === 'string' && { calendar }),
    at: (...part) => parsed.rangeAt([...path, ...part]),
  }
}
