import type { Change } from '../../../core/change.ts'
import type { Failure } from '../../../core/failure.ts'
import { isMap, type JsonValue } from '../../../core/json.ts'
import type { CaseFailure, ModuleCase } from '../../../lang/module/load-cases.ts'
import { same } from '../../../modules/user/desired-values.ts'
import { compilePattern } from '../../../pattern/pattern.ts'

/** Where a value is not as expected, in words; nothing when it is. Maps may hold more than is named. */
export function unlike(expected: JsonValue, is: JsonValue, what: string): readonly string[] {
  if (typeof expected === 'string' && expected.startsWith('~ ')) {
    const isAsExpected = typeof is === 'string' && fitsPattern(expected.slice(2), is)
    return isAsExpected ? [] : [`${what} is ${JSON.stringify(is)}, and does not match /${expected.slice(2)}/`]
  }
  if (isMap(expected) && isMap(is)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      unlike(value, Object.hasOwn(is, key) ? (is[key] ?? null) : null, `${what}.${key}`),
    )
  }
  return same(expected, is) ? [] : [`${what} is ${JSON.stringify(is)}; ${JSON.stringify(expected)} is expected`]
}

/** A pattern that is none fits nothing; it is shown with the text. */
function fitsPattern(source: string, text: string): boolean {
  const compiled = compilePattern(source)
  return compiled.ok && compiled.pattern.test(text)
}

/** Changes that are not those that are expected. */
export function otherChanges(
  expected: NonNullable<NonNullable<ModuleCase['expect']>['changes']>,
  changes: readonly Change[],
): readonly string[] {
  const differs = changes.length === 0 ? 'nothing' : changes.map(({ path }) => path).join(', ')
  const desired = expected.length === 0 ? 'nothing' : expected.map(({ path }) => path).join(', ')
  if (differs !== desired) return [`what differs is ${differs}; expected is ${desired}`]
  return expected.flatMap((one, index) => {
    const { before, after } = changes[index] as Change
    return [
      ...(one.before === undefined ? [] : unlike(one.before, plain(before), `${one.path} before`)),
      ...(one.after === undefined ? [] : unlike(one.after, plain(after), `${one.path} after`)),
    ]
  })
}

/** Secrets as they are shown. */
function plain(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue
}

/** What is wrong with a failure, or with there being none. */
export function otherFailure(expected: CaseFailure | undefined, failure: Failure | undefined): readonly string[] {
  if (expected === undefined) return failure ? [`it failed with ${said(failure)}`] : []
  const { code, message } = typeof expected === 'string' ? { code: expected } : expected
  if (!failure) return [`it did not fail; ${code ?? 'a failure'} is expected`]
  return [
    ...(code === undefined || code === failure.code ? [] : [`it failed with ${said(failure)}; ${code} is expected`]),
    ...(message === undefined ? [] : unlike(message, failure.message, 'the message')),
  ]
}

function said({ code, message, evidence }: Failure): string {
  const output = evidence?.['stdout']
  return `${code}: ${message}${typeof output === 'string' && output !== '' ? ` It printed: ${JSON.stringify(output)}` : ''}`
}
