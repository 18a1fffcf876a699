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
  /** G85: whether it fits. Old machines send none or always the same, and what a gateway has put in another order cannot be checked. */
  readonly check: 'fits' | 'wrong' | 'absent'
}

/** An audit file is some ten kilobytes. */
export const MAX_AUDIT_BYTES = 512 * 1024
/** More than a machine has columns, prices and events. */
const MOST_SEGMENTS = 20_000
const NAME = /^[A-Z][A-Z0-9]{1,3}$/
const NUMBERED = /^(ST|SE)-\d+$/
/**
 * What machines send in place of a check sum: those that call themselves RST7654321 (software V8.22, NZZE2) said 2321 in each of five
 * files of five machines (jeep15cba/lets_vend, 28c87e0). They count their segments rightly.
 */
const FILLERS: ReadonlyMap<string, string> = new Map([['RST7654321', '2321']])

/**
 * Takes an audit file apart. Lines end with CR LF, LF or CR; what stands before DXS is passed over, also on its line, where
 * handhelds put a header of their own. Of several transmissions one behind the other the last one counts: one before it was broken off,
 * or is older.
 */
export function readSegments(bytes: Uint8Array): SegmentFile {
  const text = lastTransmission(Buffer.from(bytes).toString('latin1'))
  if (text === undefined) {
    return {
      segments: [],
      wholeness: 'no-audit',
      why: 'It does not begin with DXS, as an audit file does.',
      check: 'absent',
    }
  }
  const isEnded = /[\r\n]$/.test(text)
  const used = text.split(/\r\n|\n|\r/, MOST_SEGMENTS).filter((line) => line.trim() !== '')
  const last = used.at(-1)
  // A last line without its end may have lost some of its digits; DXE is short enough to be known.
  const isTorn = !isEnded && last !== undefined && !/^DXE\*\d+(\*\d+)?$/.test(last)
  const kept = isTorn ? used.slice(0, -1) : used
  const segments = kept.map(segmentOf).filter((segment) => NAME.test(segment.name))
  return { segments, ...judged(kept, segments) }
}

/** From the last DXS on; within a line it has to look like a whole one, since a text may have these letters too. */
function lastTransmission(text: string): string | undefined {
  const begins = [...text.matchAll(/(?<=^|[\r\n])DXS\*|DXS\*[^*\r\n]*\*[A-Z]{2}\*V/g)]
  return begins.length === 0 ? undefined : text.slice(begins.at(-1)?.index)
}

function segmentOf(line: string): Segment {
  const [name = '', ...elements] = line.split('*')
  return { name: name.trim().replace(NUMBERED, '$1'), elements: elements.map((element) => element.trim()) }
}

function judged(lines: readonly string[], segments: readonly Segment[]): Omit<SegmentFile, 'segments'> {
  const check = checkOf(lines)
  if (check === 'wrong') {
    return { wholeness: 'damaged', why: 'Its check sum (G85) does not fit what it holds.', check }
  }
  const times = (name: string): number => segments.filter((segment) => segment.name === name).length
  // Machines that speak DDCMP alone may have neither ST nor SE; what began with ST has SE.
  const missing = times('SE') < times('ST') ? 'SE' : times('DXE') === 0 ? 'DXE' : undefined
  if (missing !== undefined) return { wholeness: 'cut', why: `It ends before its end: there is no ${missing}.`, check }
  if (hasFiller(lines) && !isCounted(segments)) {
    return { wholeness: 'damaged', why: 'It has another number of segments than it says (SE).', check }
  }
  return { wholeness: 'whole', check }
}

/** Whether each G85 fits the set that it stands in, from ST on; machines that count SE wrongly are common. */
function checkOf(lines: readonly string[]): SegmentFile['check'] {
  const sums = lines.flatMap((line, at) => (/^G85\*/.test(line) ? [at] : []))
  // A gateway that numbers its sets (ST-1) has moved lines of the machine, too: what it sends cannot be checked.
  if (sums.length === 0 || hasFiller(lines) || lines.some((line) => /^ST-\d+\*[^*]+\*/.test(line))) return 'absent'
  const isGood = sums.every((at, index) => {
    const after = index === 0 ? 0 : (sums[index - 1] ?? 0)
    const from = lines.findIndex((line, place) => place >= after && /^ST\*/.test(line))
    return from >= 0 && from < at && fits(lines.slice(from, at), lines[at] ?? '')
  })
  return isGood ? 'fits' : 'wrong'
}

function hasFiller([head = '', ...lines]: readonly string[]): boolean {
  const filler = FILLERS.get(head.split('*')[1]?.trim() ?? '')
  return filler !== undefined && lines.some((line) => line.trim() === `G85*${filler}`)
}

/** SE counts from ST on, itself included. */
function isCounted(segments: readonly Segment[]): boolean {
  const from = segments.findIndex(({ name }) => name === 'ST')
  const to = segments.findIndex(({ name }) => name === 'SE')
  return from >= 0 && Number(segments[to]?.elements[0]) === to - from + 1
}

/**
 * It covers everything from ST up to G85 as it was sent, where lines end with CR LF whatever has become of them since; machines of N&W
 * (Kikko, with a BlueRed handheld) leave out the last CR LF.
 */
function fits(lines: readonly string[], sum: string): boolean {
  const said = /^G85\*([0-9A-Fa-f]{4})\*?$/.exec(sum.trim())?.[1]
  if (said === undefined) return false
  const covered = lines.join('\r\n')
  return [`${covered}\r\n`, covered].some((text) => crc16(Buffer.from(text, 'latin1')) === Number.parseInt(said, 16))
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
