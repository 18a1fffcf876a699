import type { Condition, Identity } from '../printer/reading.ts'
import { conditionsOf } from '../printer/visit.ts'

/*
 * Status of ZPL printers: `~HQES`, `~HS` and `~HI` by Zebra's ZPL II Programming Guide; bits of `~HQES` as lprint knows
 * them. Answers stand between STX and ETX.
 */

/** What can be asked. Of `~HS` only two of three lines are read: the third holds a password. */
export const QUESTIONS = { state: '~HQES\n', identity: '~HI\n', status: '~HS\n' } as const
export const ETX = 0x03

type Bits = readonly (readonly [mask: number, name: Condition['name'], words: string])[]

const ERRORS: Bits = [
  [0x1, 'paper-out', 'no media'],
  [0x2, 'ribbon-out', 'no ribbon'],
  [0x4, 'head-open', 'the head is open'],
  [0x8, 'cutter-error', 'the cutter is stuck'],
  [0x10, 'overheated', 'the print head is too hot'],
  [0x20, 'overheated', 'the motor is too hot'],
  [0x40, 'other-error', 'an element of the print head is broken'],
  [0x80, 'other-error', 'the print head was not detected'],
  // Of the firmware on Zebra's printers; "ribbon, rewinder or feed" on those of OKI that speak ZPL (LE850).
  [0x100, 'other-error', 'an error of its firmware, or of its ribbon and feed, by the maker'],
  [0x200, 'unrecoverable-error', 'the heat sensor of the print head is broken'],
  [0x1000, 'paper-jam', 'paper jam'],
  [0x2000, 'other-error', 'the presenter does not run'],
  [0x4000, 'mechanism-error', 'the paper is not fed'],
  [0x8000, 'paper-jam', 'the paper path could not be cleared'],
  [0x1_0000, 'paused', 'paused'],
  [0x2_0000, 'other-error', 'the label was not drawn back in time'],
  [0x4_0000, 'other-error', 'the black mark could not be calibrated'],
  [0x8_0000, 'other-error', 'no black mark was found'],
]

const WARNINGS: Bits = [
  [0x1, 'other-warning', 'the media need calibration'],
  [0x2, 'service-requested', 'the print head needs cleaning'],
  [0x4, 'service-requested', 'the print head needs to be replaced'],
  [0x8, 'paper-low', 'the media are nearly at their end'],
]
/** Sensors along the paper path, which say where paper is. */
const SENSORS = 0xff0

const KNOWN_ERRORS = ERRORS.reduce((sum, [mask]) => sum | mask, 0)
const KNOWN_WARNINGS = WARNINGS.reduce((sum, [mask]) => sum | mask, SENSORS)

/** What `~HQES` says; undefined where it is none. Bits that nobody knows are an error, or a warning, and no more. */
export function stateConditions(answer: Uint8Array): readonly Condition[] | undefined {
  const text = textOf(answer)
  const errors = /ERRORS:\s+([01])\s+([0-9A-F]{8})\s+([0-9A-F]{8})/i.exec(text)
  const warnings = /WARNINGS:\s+([01])\s+([0-9A-F]{8})\s+([0-9A-F]{8})/i.exec(text)
  if (!errors || !warnings) return undefined
  return [
    ...flagged(errors, { bits: ERRORS, known: KNOWN_ERRORS, otherwise: 'other-error', where: '~HQES errors' }),
    ...flagged(warnings, {
      bits: WARNINGS,
      known: KNOWN_WARNINGS,
      otherwise: 'other-warning',
      where: '~HQES warnings',
    }),
  ]
}

function flagged(
  [, flag = '0', high = '', low = '']: readonly string[],
  by: { readonly bits: Bits; readonly known: number; readonly otherwise: Condition['name']; readonly where: string },
): readonly Condition[] {
  const word = Number.parseInt(low, 16)
  const where = `${by.where} ${high} ${low}`
  const named = conditionsOf(word, by.bits, where)
  const isStrange = (word & ~by.known) !== 0 || Number.parseInt(high, 16) !== 0
  const isEmpty = flag === '1' && word === 0
  if (!isStrange && !isEmpty) return named
  return [...named, { name: by.otherwise, evidence: `${where}: bits that only the maker knows` }]
}

/** What `~HS` says in its first two lines. */
export interface HostStatus {
  readonly conditions: readonly Condition[]
  /** Formats that wait in its buffer. */
  readonly waiting: number
  readonly labelsLeft: number
}

/** Undefined while the two lines are not there. */
export function hostStatus(answer: Uint8Array): HostStatus | undefined {
  const lines = framesIn(answer)
  const first = lines.find((line) => /^\d+(,\d+){11}$/.test(line))
  // The mode of printing is a number, or K (kiosk), S (stream) and the like on printers for kiosks.
  const second = lines.find((line) => /^\d+(,\d+){4},[0-9A-Z](,\d+){5}$/i.test(line))
  if (first === undefined || second === undefined) return undefined
  const [, paperOut, pause, , waiting, , diagnostic, , , corrupt, cold, hot] = first.split(',').map(Number)
  const [, , headUp, ribbonOut, , , , , labels] = second.split(',').map(Number)
  const found: readonly (readonly [number | undefined, Condition['name'], string])[] = [
    [paperOut, 'paper-out', 'no media'],
    [pause, 'paused', 'paused'],
    [headUp, 'head-open', 'the head is open'],
    [ribbonOut, 'ribbon-out', 'no ribbon'],
    [hot, 'overheated', 'the print head is too hot'],
    [cold, 'other-warning', 'the print head is too cold'],
    [corrupt, 'ram-reset', 'its settings were lost'],
    [diagnostic, 'other-error', 'it prints what it is sent as hexadecimal dumps (diagnostic mode)'],
  ]
  const conditions = found.flatMap(([is, name, words]) => (is === 1 ? [{ name, evidence: `~HS: ${words}` }] : []))
  return { conditions, waiting: waiting ?? 0, labelsLeft: labels ?? 0 }
}

/**
 * What `~HI` says: `ZTC ZD421-203dpi ZPL,V93.21.23Z,8,8192KB`. Many printers of other makers speak ZPL, so that only one that
 * says so itself (ZTC: Zebra Technologies Corporation) is of Zebra.
 */
export function identityOf(answer: Uint8Array): Pick<Identity, 'vendor' | 'model' | 'firmware'> | undefined {
  const fields = framesIn(answer).map((line) => /^([^,]+),([^,]+),\d+,\d+KB?\b/i.exec(line))
  const [, model, firmware] = fields.find((found) => found !== null) ?? []
  if (model === undefined || firmware === undefined) return undefined
  const ofZebra = /^(ZTC|Zebra)\b/i.test(model)
  return { ...(ofZebra && { vendor: 'Zebra' }), model: model.trim(), firmware: firmware.trim() }
}

/** What stands between STX and ETX. */
function framesIn(answer: Uint8Array): readonly string[] {
  const pieces = textOf(answer).split('\x02').slice(1)
  return pieces.flatMap((piece) => (piece.includes('\x03') ? [piece.slice(0, piece.indexOf('\x03'))] : []))
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
