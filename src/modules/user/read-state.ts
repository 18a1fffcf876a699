import type { ShellAnswer } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Secret } from '../../core/secret.ts'
import { failureOf } from '../../shell/tool-answer.ts'
import { revealed } from './values.ts'
import { fieldOf, type Wish } from './wishes.ts'

/** Bytes of JSON that `observe` may print: the results of thousands of devices hold them. */
export const STATE_BYTES = 65_536

const EVIDENCE_CHARACTERS = 300

/** The state that `observe` printed, or what is wrong with it. What was hidden in parameters stays so in evidence. */
export function readState(
  name: string,
  answer: ShellAnswer,
  about: { readonly wishes: readonly Wish[]; readonly secrets: readonly Secret[] },
): Result<JsonObject> {
  const failure = failureOf(hiding(answer, about.secrets), 'observe', `observe of the module "${name}"`)
  if (failure) return fail(failure)
  const parsed = parseState(answer)
  const wrong = 'wrong' in parsed ? parsed.wrong : otherKind(parsed.state, about.wishes)
  if (wrong === undefined && 'state' in parsed) return success(parsed.state)
  const said = hide(answer.text, about.secrets).slice(0, EVIDENCE_CHARACTERS)
  const evidence = { stdout: said, bytes: answer.stdout.length, ...(answer.truncated && { truncated: true }) }
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
  if (Array.isArray(value)) return { wrong: 'it printed a list' }
  if (typeof value !== 'object') return { wrong: `it printed a ${typeof value === 'string' ? 'text' : typeof value}` }
  return { state: value as JsonObject }
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
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
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
function otherKind(state: JsonObject, wishes: readonly Wish[]): string | undefined {
  for (const { path, value, sensitive } of wishes) {
    const is = fieldOf(state, path)
    const wished = revealed(value)
    const isScalar = [is, wished].every((one) => one !== null && typeof one !== 'object')
    if (!isScalar || typeof is === typeof wished || String(is) !== String(wished)) continue
    const shown = sensitive ? '' : `: ${JSON.stringify(is)} in place of ${JSON.stringify(wished)}`
    return `"${path}" is a ${kind(is)}, but is wished to be a ${kind(wished)}${shown}`
  }
  return undefined
}

function kind(value: JsonValue): string {
  return typeof value === 'string' ? 'text' : typeof value
}

/** The answer with the secrets of the step hidden, before anything of it is cut: half a secret is not known for one. */
export function hiding(answer: ShellAnswer, secrets: readonly Secret[]): ShellAnswer {
  return { ...answer, text: hide(answer.text, secrets), errorText: hide(answer.errorText, secrets) }
}

function hide(text: string, secrets: readonly Secret[]): string {
  return secrets.reduce((shown, secret) => {
    const plain = secret.reveal()
    if (plain === '') return shown
    const forms = [plain, JSON.stringify(plain).slice(1, -1)]
    return forms.reduce((rest, form) => rest.replaceAll(form, String(secret)), shown)
  }, text)
}
