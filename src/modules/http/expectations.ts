import type { Change } from '../../core/change.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { HttpAnswer } from '../../devices/probe/http-answer.ts'
import { patternOf } from '../../pattern/pattern.ts'

export interface HttpExpectation {
  readonly status?: number | readonly number[]
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: JsonObject
}

const EXCERPT = 200

/** What differs between an answer and what is expected of it; any status from 200 to 299 unless one is named. */
export function unmet(expected: HttpExpectation, answer: HttpAnswer): readonly Change[] {
  if (answer.state !== 'answered') return [{ path: 'state', before: answer.state, after: 'answered' }]
  return [...statusChanges(expected, answer), ...headerChanges(expected, answer), ...bodyChanges(expected, answer)]
}

function statusChanges({ status }: HttpExpectation, answer: HttpAnswer): Change[] {
  const before = answer.status ?? 0
  if (status === undefined)
    return before >= 200 && before < 300 ? [] : [{ path: 'status', before, after: '200 to 299' }]
  const desired = typeof status === 'number' ? [status] : status
  if (desired.includes(before)) return []
  return [{ path: 'status', before, after: desired.length === 1 ? (desired[0] ?? 0) : [...desired] }]
}

function headerChanges({ headers = {} }: HttpExpectation, answer: HttpAnswer): Change[] {
  const changes: Change[] = []
  for (const [name, pattern] of Object.entries(headers)) {
    const value = answer.headers?.[name.toLowerCase()]
    if (value !== undefined && patternOf(pattern).test(value)) continue
    changes.push({ path: `headers.${name.toLowerCase()}`, before: value ?? null, after: `matches /${pattern}/` })
  }
  return changes
}

function bodyChanges({ body, json = {} }: HttpExpectation, answer: HttpAnswer): Change[] {
  const text = bodyText(answer)
  const changes: Change[] = []
  if (body !== undefined && !patternOf(body, { lines: true }).test(text)) {
    const excerpt = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text
    changes.push({ path: 'body', before: excerpt, after: `matches /${body}/` })
  }
  const desired = Object.entries(json)
  if (desired.length === 0) return changes
  const parsed = jsonOf(text)
  if (parsed === undefined) return [...changes, { path: 'json', before: 'not JSON', after: 'JSON' }]
  for (const [path, after] of desired) {
    const before = valueAt(parsed, path) ?? null
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path: `json.${path}`, before, after })
  }
  return changes
}

/** The body as UTF-8, wrong bytes replaced. */
export function bodyText(answer: HttpAnswer): string {
  return Buffer.from(answer.body ?? new Uint8Array()).toString('utf8')
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** `a.b.0`; a dot in a name is written `\.`. */
function valueAt(root: JsonValue, path: string): JsonValue | undefined {
  let current: JsonValue | undefined = root
  for (const part of path.match(/(?:\\.|[^\\.])+/g) ?? []) {
    if (typeof current !== 'object' || current === null) return undefined
    const name = part.replace(/\\(.)/g, '$1')
    current = Object.hasOwn(current, name) ? (current as JsonObject)[name] : undefined
  }
  return current
}
