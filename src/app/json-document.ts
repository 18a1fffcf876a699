import { jsonText } from '../reporters/json-text.ts'

/** A value as a line of JSON that is safe to print. */
export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`
}

/** Each value as a line of JSON that is safe to print. */
export function* jsonLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield jsonLine(value)
}

/** A value as JSON on several lines, for people who read along; as safe to print. */
export function jsonPage(value: unknown): string {
  return `${jsonText(value, 2)}\n`
}

/** `{...head, "<name>": [items]}`, an item a line, in parts: a fleet does not fit comfortably into one string. */
export function* jsonDocument(head: object, name: string, items: Iterable<unknown>): Generator<string> {
  yield `${jsonText(head).slice(0, -1)},${jsonText(name)}:[`
  let separator = ''
  for (const item of items) {
    yield `${separator}\n${jsonText(item)}`
    separator = ','
  }
  yield '\n]}\n'
}

const CHUNK = 65_536

/** Parts joined to pieces of a size that is worth a write. */
export function* inChunks(parts: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const part of parts) {
    chunk += part
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
