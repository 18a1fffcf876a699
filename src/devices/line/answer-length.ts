import type { Until } from './line.ts'

/**
 * How many of the bytes that have come are the whole answer.
 * @returns the length in bytes, or undefined while more has to come; always undefined for `quietMs`, which only time tells.
 */
export function answerLength(until: Until, come: Uint8Array): number | undefined {
  const length = expectedLength(until, come)
  return length !== undefined && length <= come.length ? length : undefined
}

function expectedLength(until: Until, come: Uint8Array): number | undefined {
  if ('bytes' in until) return until.bytes
  if ('byte' in until) {
    const at = come.indexOf(until.byte)
    return at < 0 ? undefined : at + 1 + (until.more ?? 0)
  }
  if ('mask' in until) {
    const at = come.findIndex((byte) => (byte & until.mask) === until.value)
    return at < 0 ? undefined : at + 1
  }
  if ('lengthAt' in until) {
    const length = come[until.lengthAt]
    return length === undefined ? undefined : until.lengthAt + 1 + length + until.more
  }
  if ('ending' in until) {
    const at = Buffer.from(come.buffer, come.byteOffset, come.length).indexOf(until.ending, 0, 'latin1')
    return at < 0 ? undefined : at + until.ending.length
  }
  return undefined
}
