import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Freeze, When, Window } from '../../core/policy.ts'
import type { Scoped } from '../../core/scoped.ts'
import type { ValuePath } from '../value-path.ts'
import { type PolicyProblem, readWhen } from './read-when.ts'

/** Reads a window; what it says wrongly of when goes to `problems`. */
export function windowOf(raw: JsonObject, path: ValuePath, problems: PolicyProblem[]): Window | undefined {
  const when = whenOf(raw, path, problems)
  return when && { name: String(raw['name']), when, ...scopeOf(raw) }
}

/** The entries of a list that is written, or those of the policy below. */
export function readList<T>(
  value: JsonValue | undefined,
  key: string,
  how: {
    readonly fallback: readonly T[]
    readonly read: (entry: JsonObject, path: ValuePath) => T | undefined
    readonly problems: PolicyProblem[]
  },
): readonly T[] {
  if (!Array.isArray(value)) return how.fallback
  const names = new Set<string>()
  return value.filter(isMap).flatMap((entry: JsonObject, index) => {
    const name = typeof entry['name'] === 'string' ? entry['name'] : `${index}`
    if (names.has(name)) {
      const detail = 'People tell them apart by their names.'
      how.problems.push({ path: [key, index, 'name'], summary: `Two entries are named "${name}"`, detail })
    }
    names.add(name)
    const read = how.read(entry, [key, index])
    return read === undefined ? [] : [read]
  })
}

function whenOf(raw: JsonObject, path: ValuePath, problems: PolicyProblem[]): When | undefined {
  const read = readWhen(raw)
  if (read.ok) return read.when
  const { summary, detail, part } = read
  problems.push({ path: [...path, ...read.path], summary, detail, ...(part && { part }) })
  return undefined
}

/** Reads a freeze, likewise. */
export function freezeOf(raw: JsonObject, path: ValuePath, problems: PolicyProblem[]): Freeze | undefined {
  const when = whenOf(raw, path, problems)
  return when && { name: String(raw['name']), why: String(raw['why']), when, ...scopeOf(raw) }
}

/** Which devices an entry is about. */
export function scopeOf({ regions, kinds, where }: JsonObject): Scoped {
  return {
    ...(Array.isArray(regions) && { regions: regions as string[] }),
    ...(Array.isArray(kinds) && { kinds: kinds as NonNullable<Scoped['kinds']> & JsonValue[] }),
    ...(typeof where === 'string' && { where }),
  }
}
