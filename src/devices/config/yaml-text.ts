import { type Node, Scalar, stringify } from 'yaml'
import type { JsonObject, JsonValue } from '../../core/json.ts'

/** Words that YAML 1.1 takes for truth values and YAML 1.2 for text. */
const AMBIGUOUS = /^(?:y|n|yes|no|on|off)$/i

/** Whether a value needs lines of its own: a map or list that is not empty. */
export function isCollection(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** A value on one line, in the quotes of the node whose place it takes. */
export function scalarText(value: JsonValue, before?: Node): string {
  if (typeof value === 'object' && value !== null) return flowText(value)
  if (typeof value !== 'string') return withPoint(JSON.stringify(value))
  const type = before instanceof Scalar ? before.type : undefined
  if (type === Scalar.QUOTE_DOUBLE) return quoted(value)
  if (type === Scalar.QUOTE_SINGLE && singleLine(value)) return `'${value.replace(/'/g, "''")}'`
  if (AMBIGUOUS.test(value)) {
    const plain = type === Scalar.PLAIN && AMBIGUOUS.test(String((before as Scalar).value))
    return plain ? value : quoted(value)
  }
  // To YAML 1.1 a lone = or << is a tag of its own, which many readers refuse.
  if (!singleLine(value) || value === '=' || value === '<<') return quoted(value)
  // Written so that readers of YAML 1.1 take it for text as well.
  const text = stringify(value, { lineWidth: 0, version: '1.1' }).trimEnd()
  return text.includes('\n') || text.startsWith('|') || text.startsWith('>') ? quoted(value) : text
}

/** To YAML 1.1 a number with an exponent and no point is text (yaml.org/type/float.html). */
function withPoint(number: string): string {
  return number.replace(/^(-?\d+)(e[+-]\d+)$/, '$1.0$2')
}

/** A value in flow style, as it stands inside `{}` and `[]`. */
export function flowText(value: JsonValue, before?: Node): string {
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as JsonObject).map(([key, item]) => `${flowText(key)}: ${flowText(item)}`)
    return `{${entries.join(', ')}}`
  }
  const text = scalarText(value, before)
  return typeof value !== 'string' || /^["']|^[A-Za-z0-9_./][A-Za-z0-9_./ -]*$/.test(text) ? text : quoted(value)
}

/** A map or list in block style, every line behind `indent`, without the last line end. */
export function blockText(value: JsonValue, indent: string, lineEnd: string): string {
  return blockLines(value)
    .map((line) => indent + line)
    .join(lineEnd)
}

function blockLines(value: JsonValue): string[] {
  if (!isCollection(value)) return [scalarText(value)]
  if (Array.isArray(value)) {
    return value.flatMap((item) => blockLines(item).map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`)))
  }
  return Object.entries(value as JsonObject).flatMap(([key, item]) => {
    const lines = blockLines(item)
    return isCollection(item)
      ? [`${scalarText(key)}:`, ...lines.map((line) => `  ${line}`)]
      : [`${scalarText(key)}: ${lines[0]}`]
  })
}

function singleLine(value: string): boolean {
  return (
    !/[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')) &&
    !/[\u2028\u2029]/.test(value)
  )
}

/** JSON strings are double-quoted YAML; what YAML does not print is escaped as well. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
