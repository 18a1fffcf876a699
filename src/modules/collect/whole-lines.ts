import { parseDuration } from '../../core/duration.ts'
import type { Raw } from './collect-params.ts'
import { type DeviceNow, linesSince } from './line-times.ts'

type RawText = Extract<Raw, { kind: 'text' }>

/** Lines without the end of the last one. */
export function linesOf(text: string): readonly string[] {
  if (text === '') return []
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

export function textOf(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** Whole lines of the end of something, as far as they are asked for, and in words what is not. */
export function endOf(
  lines: readonly string[],
  of: {
    readonly sizeBytes: number | null
    /** There is more of it before these lines. */
    readonly isCut: boolean
    readonly since: string | undefined
    readonly now: DeviceNow
  },
): RawText {
  const { sizeBytes, isCut, since, now } = of
  const sinceMs = since === undefined ? undefined : now.seconds * 1000 - (parseDuration(since) ?? 0)
  const later = sinceMs === undefined ? lines : linesSince(lines, sinceMs, now)
  const kept = later ?? lines
  const text = textOf(kept)
  const isOld = kept.length < lines.length
  const before =
    sizeBytes === null ? 'What stands before it is' : `${Math.max(0, sizeBytes - bytesIn(text))} bytes before it are`
  const notes = [
    ...(later === undefined ? [`No line says a time that is known, so \`since: ${since}\` was not gone by.`] : []),
    ...(isOld ? [`What is older than ${since} was left out.`] : []),
    ...(isCut && !isOld
      ? [lines.length === 0 ? 'A line of it is longer than what an item may have.' : `${before} left out.`]
      : []),
  ]
  const note = notes.length === 0 ? null : notes.join(' ')
  return { kind: 'text', text, sizeBytes, note, isCut: isCut || isOld, keeps: 'end' }
}

/** Whole lines of the beginning of something. */
export function beginningOf(lines: readonly string[], sizeBytes: number, isCut: boolean): RawText {
  const text = textOf(lines)
  const rest = `${Math.max(0, sizeBytes - bytesIn(text))} bytes behind it are left out.`
  const note = lines.length === 0 ? 'A line of it is longer than what an item may have.' : rest
  return { kind: 'text', text, sizeBytes, note: isCut ? note : null, isCut, keeps: 'beginning' }
}

export function bytesIn(text: string): number {
  return Buffer.byteLength(text)
}

/** What a power cut leaves in a log. */
const NULS = /\0{16,}/g
/** Texts have tabs, ends of lines and pages, and colours of terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x06\x0e-\x1a\x1c-\x1f]/g
/** Of what is no text at all, every tenth byte is such a character. */
const MOST_CONTROLS = 0.03

/** The text without what a power cut has left in it; undefined where it is none. */
export function plainOf(text: string): string | undefined {
  const plain = text.replace(NULS, '')
  const controls = plain.match(CONTROLS)?.length ?? 0
  return controls > plain.length * MOST_CONTROLS ? undefined : plain
}
