import { usageError } from '../../../core/diagnostic.ts'
import { DEVICE_KINDS } from '../../../core/fleet.ts'
import { type AnsibleMapping, isKind } from '../../../lang/foreign/ansible-devices.ts'
import { CSV_FIELDS, isValue } from '../../../lang/foreign/csv-devices.ts'
import { asSentence, compilePattern } from '../../../pattern/pattern.ts'

/** A name with a number in it, then the device: `PL-0412-pos1`, `store12_till2`, `0412.pos1.example.com`. */
export const STORE_IN_NAME = 'name:^(?<store>[A-Za-z]*[-_]?\\d+)[-_.](?<device>[^.]+)'

/** `name:REGEX`, `group:REGEX` or `var:NAME`. Throws InputError. */
export function storeBy(text: string): AnsibleMapping['storeBy'] {
  const [, where, what = ''] = /^(name|group|var):(.+)$/s.exec(text) ?? []
  if (where === 'var') return { in: 'var', name: what }
  if (where !== 'name' && where !== 'group') {
    throw usageError(`--store-by "${text}" is not understood`, 'It is name:REGEX, group:REGEX or var:NAME.')
  }
  const compiled = compilePattern(what)
  if (compiled.ok) return { in: where, pattern: compiled.pattern }
  throw usageError(`--store-by "${text}" is not a regular expression`, asSentence(compiled.problem))
}

/** `GROUP=KIND` pairs. Throws InputError. */
export function kindsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  const kinds = pairsOf(pairs, '--kind', 'GROUP=KIND')
  for (const [group, kind] of kinds) {
    if (!isKind(kind))
      throw usageError(
        `"${kind}" of --kind ${group}=${kind} is no kind of device`,
        `There are ${DEVICE_KINDS.join(', ')}.`,
      )
  }
  return kinds
}

/** `FIELD=COLUMN` pairs. Throws InputError. */
export function columnsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  const columns = pairsOf(pairs, '--map', 'FIELD=COLUMN')
  for (const field of columns.keys()) {
    if ((CSV_FIELDS as readonly string[]).includes(field) || isValue(field)) continue
    throw usageError(`"${field}" of --map is no field`, `There are ${CSV_FIELDS.join(', ')}, and vars.NAME.`)
  }
  return columns
}

function pairsOf(pairs: readonly string[], flag: string, form: string): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      if (equals < 1) throw usageError(`"${pair}" of ${flag} is not ${form}`, `For example: ${flag} ${form}`)
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
}
