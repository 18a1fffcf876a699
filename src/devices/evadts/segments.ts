import { crc16 } from './crc.ts'

/** One line of an audit file: `PA2*602*29790` is `PA2` with two elements. */
export interface Segment {
  readonly name: string
  /** As they are sent, blanks at both ends gone; an element that is not sent is an empty text. */
  readonly elements: readonly string[]
}

/**
 * How far a file can be trusted. `damaged`: its check sum or its number of segments is another; `cut`: it ends before its
 * end (no SE or DXE); `no-audit`: it does not begin as an audit file does.
 */
export type Wholeness = 'whole' | 'cut' | 'damaged' | 'no-audit'

/** An audit file, line by line. */
export interface SegmentFile {
  readonly segments: readonly Segment[]
  readonly wholeness: Wholeness
  /** Why it is not whole, as a sentence; undefined when it is. */
  readonly why?: string
  /** G85: what it says and whether that fits. Old machines send none. */
  readonly check: 'fits' | 'wrong' | 'absent'
}

/** An audit file is some ten kilobytes. */
export const MAX_AUDIT_BYTES = 512 * 1024
/** More than a machine has columns, prices and events. */
const MOST_SEGMENTS = 20_000
const NAME = /^[A-Z][A-Z0-9]{1,3}$/

/**
 * Takes an audit file apart. Lines end with CR LF, LF or CR; what stands before DXS is passed over, as some machines put
 * a line of their own there. The check sum covers everything from ST up to G85 as it was sent, where lines end with CR LF
 * whatever has become of them since.
 */
export function readSegments(bytes: Uint8Array): SegmentFile {
  const text = Buffer.from(bytes).toString('latin1')
  const lines = text.split(/\r\n|\n|\r/)
  const isEnded = /[\r\n]$/.test(text)
  const begin = lines.findIndex((line) => /^DXS\*/.test(line))
  if (begin < 0) {
    return {
      segments: [],
      wholeness: 'no-audit',
      why: 'It does not begin with DXS, as an audit file does.',
      check: 'absent',
    }
  }
  const used = lines.slice(begin, begin + MOST_SEGMENTS).filter((line) => line.trim() !== '')
  const last = used.at(-1)
  // A last line without its end may have lost some of its digits; DXE is short enough to be known.
  const isTorn = !isEnded && last !== undefined && !/^DXE\*\d+(\*\d+)?$/.test(last)
  const kept = isTorn ? used.slice(0, -1) : used
  const segments = kept.map(segmentOf).filter((segment) => NAME.test(segment.name))
  return { segments, ...judged(kept, segments) }
}

function segmentOf(line: string): Segment {
  const [name = '', ...elements] = line.split('*')
  return { name: name.trim(), elements: elements.map((element) => element.trim()) }
}

function judged(lines: readonly string[], segments: readonly Segment[]): Omit<SegmentFile, 'segments'> {
  const check = checkOf(lines)
  if (check === 'wrong') {
    return { wholeness: 'damaged', why: 'Its check sum (G85) does not fit what it holds.', check }
  }
  const named = (name: string): Segment | undefined => segments.find((segment) => segment.name === name)
  // Machines that speak DDCMP alone may have neither ST nor SE; what began with ST has SE.
  const ends = named('ST') === undefined ? ['DXE'] : ['SE', 'DXE']
  const missing = ends.find((name) => named(name) === undefined)
  if (missing !== undefined) return { wholeness: 'cut', why: `It ends before its end: there is no ${missing}.`, check }
  return { wholeness: 'whole', check }
}

/** Whether G85 fits; machines that count SE wrongly are common, those that reckon G85 wrongly are not. */
function checkOf(lines: readonly string[]): SegmentFile['check'] {
  const from = lines.findIndex((line) => /^ST\*/.test(line))
  const to = lines.findIndex((line) => /^G85\*/.test(line))
  if (to < 0) return 'absent'
  if (from < 0 || to < from) return 'wrong'
  const covered = Buffer.from(
    lines
      .slice(from, to)
      .map((line) => `${line}\r\n`)
      .join(''),
    'latin1',
  )
  const said = /^G85\*([0-9A-Fa-f]{4})\*?$/.exec((lines[to] ?? '').trim())?.[1]
  return said !== undefined && Number.parseInt(said, 16) === crc16(covered) ? 'fits' : 'wrong'
}

/** The line of a segment with its end, as a machine sends it. */
export function segmentLine(name: string, ...elements: readonly (string | number)[]): string {
  return `${[name, ...elements].join('*')}\r\n`
}

/** A whole audit file around segments, with its check sum and counts. */
export function auditText(machine: string, segments: readonly string[]): string {
  const covered = `${segmentLine('ST', '001', '0001')}${segments.join('')}`
  const sum = crc16(Buffer.from(covered, 'latin1')).toString(16).toUpperCase().padStart(4, '0')
  return [
    segmentLine('DXS', machine, 'VA', 'V0/6', 1),
    covered,
    segmentLine('G85', sum),
    segmentLine('SE', segments.length + 3, '0001'),
    segmentLine('DXE', 1, 1),
  ].join('')
}
