import type { ShellAnswer } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { jsonInClear, Secret } from '../../core/secret.ts'
import { failureOf } from '../../shell/tool-answer.ts'
import { type DesiredValue, fieldOf } from './desired-values.ts'

/** Bytes of JSON that `observe` may print: the results of thousands of devices hold them. */
export const STATE_BYTES = 65_536

const EVIDENCE_CHARACTERS = 300
const MASK = String(new Secret(''))
/** More than anybody writes, and less than what any part of a run would stumble over. */
const MOST_LEVELS = 100

/** The state that `observe` printed, or what is wrong with it. What the step hides stays so in evidence. */
export function readState(
  name: string,
  answer: ShellAnswer,
  about: { readonly desiredValues: readonly DesiredValue[]; readonly hidden: readonly string[] },
): Result<JsonObject> {
  const failure = failureOf(hiding(answer, about.hidden), 'observe', `observe of the module "${name}"`)
  if (failure) return fail(failure)
  const parsed = parseState(answer)
  const wrong = 'wrong' in parsed ? parsed.wrong : otherKind(parsed.state, about.desiredValues)
  if (wrong === undefined && 'state' in parsed) return success(parsed.state)
  const said = hiding(answer, about.hidden).text.slice(0, EVIDENCE_CHARACTERS)
  const stdout = about.hidden.length > 0 ? 'not shown: the step has a parameter that is hidden' : said
  const evidence = { stdout, bytes: answer.stdout.length, ...(answer.truncated && { truncated: true }) }
  const message = `observe of the module "${name}" is to print one JSON object; ${wrong}.`
  return fail({ code: 'MODULE_OUTPUT_INVALID', phase: 'observe', message, evidence })
}

function parseState(answer: ShellAnswer): { readonly state: JsonObject } | { readonly wrong: string } {
  if (answer.truncated) return { wrong: `it printed more than ${STATE_BYTES} bytes` }
  const text = answer.text.replace(/^\ufeff/, '').trim()
  if (text === '') return { wrong: 'it printed nothing' }
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    return { wrong: whyNotJson(text) }
  }
  if (value === null) return { wrong: 'it printed null' }
  if (isDeeper(value, MOST_LEVELS)) return { wrong: `what it printed is nested more than ${MOST_LEVELS} deep` }
  if (Array.isArray(value)) return { wrong: 'it printed a list' }
  if (typeof value !== 'object') return { wrong: `it printed a ${typeof value === 'string' ? 'text' : typeof value}` }
  return { state: value as JsonObject }
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false
  return levels === 0 || Object.values(value).some((item: JsonValue) => isDeeper(item, levels - 1))
}

/** Two objects are most often those of two commands. */
function whyNotJson(text: string): string {
  if (!text.startsWith('{')) return 'it printed something else'
  const end = endOfObject(text)
  if (end === undefined) return 'what it printed is not closed by }'
  if (!parses(text.slice(0, end))) return 'what it printed is no JSON'
  return parses(text.slice(end)) ? 'it printed two' : 'it printed more behind one'
}

/** Behind the bracket that closes the first one; undefined where none does. */
function endOfObject(text: string): number | undefined {
  let depth = 0
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.?)*"?|[{}]/gs)) {
    if (token === '{') depth += 1
    if (token === '}') depth -= 1
    if (depth === 0) return index + token.length
  }
  return undefined
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** `"8080"` is never 8080, however often it is changed. */
function otherKind(state: JsonObject, desiredValues: readonly DesiredValue[]): string | undefined {
  for (const { path, value, sensitive } of desiredValues) {
    const is = fieldOf(state, path)
    const desired = jsonInClear(value)
    const isScalar = [is, desired].every((one) => one !== null && typeof one !== 'object')
    if (!isScalar || typeof is === typeof desired || String(is) !== String(desired)) continue
    const shown = sensitive ? '' : `: ${JSON.stringify(is)} in place of ${JSON.stringify(desired)}`
    return `"${path}" is a ${kind(is)}, but should be a ${kind(desired)}${shown}`
  }
  return undefined
}

function kind(value: JsonValue): string {
  return typeof value === 'string' ? 'text' : typeof value
}

/**
 * The answer as evidence may show it: what the step hides is hidden before anything is cut, since half a secret is not
 * known for one; and of a step that hides something, nothing that was printed, for it may be what the device has in its
 * place.
 */
export function hiding(answer: ShellAnswer, hidden: readonly string[]): ShellAnswer {
  if (hidden.length === 0) return answer
  return { ...answer, text: '', errorText: hide(answer.errorText, hidden) }
}

function hide(text: string, hidden: readonly string[]): string {
  const forms = hidden.flatMap((plain) => [plain, JSON.stringify(plain).slice(1, -1)])
  return forms.reduce((shown, form) => shown.replaceAll(form, MASK), text)
}
