import type { TerminalCondition } from '../terminal/reading.ts'

/*
 * ZVT (Verband der Terminalhersteller, ECR interface PA00P015, revision 13.x; transport PA00P016): APDUs over TCP as they are, of
 * two bytes of control field, a length and data.
 */

/**
 * Status-Enquiry, the only command that is ever sent. By chapter 2.55 it also lets the terminal begin what it has planned by time, such
 * as an end of day: whoever does not want that must not ask.
 * @param password six digits; without it the data are empty, which 13.x allows
 */
export function statusEnquiry(password?: string): Uint8Array {
  return apdu([0x05, 0x01], password === undefined ? [] : Buffer.from(password, 'hex'))
}

/** "Understood", behind each message of the terminal: without it the message is sent again. */
export const ACKNOWLEDGED: Uint8Array = Uint8Array.of(0x80, 0x00, 0x00)
/** In the length of an APDU: two bytes of length follow, the lower one first. */
const LONG = 0xff

function apdu(control: readonly number[], data: ArrayLike<number>): Uint8Array {
  return Uint8Array.of(...control, data.length, ...Array.from(data))
}

export interface Apdu {
  /** Class and instruction: `060f`. */
  readonly control: string
  readonly data: Uint8Array
}

/** The APDUs that stand in these bytes, one behind the other; undefined where the last one is cut, or they are none. */
export function apdusIn(bytes: Uint8Array): readonly Apdu[] | undefined {
  const found: Apdu[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 2]
    if (short === undefined) return undefined
    const isLong = short === LONG
    const [low, high] = [bytes[at + 3], bytes[at + 4]]
    if (isLong && (low === undefined || high === undefined)) return undefined
    const length = isLong ? (low ?? 0) + (high ?? 0) * 256 : short
    const from = at + (isLong ? 5 : 3)
    if (bytes.length < from + length) return undefined
    const control = Buffer.from(bytes.subarray(at, at + 2)).toString('hex')
    found.push({ control, data: bytes.subarray(from, from + length) })
    at = from + length
  }
  return found
}

export const COMPLETION = '060f'
export const ABORT = '061e'
const SOFTWARE = 0xf0
const RESULT_CODE = 0x27
const TLV = 0x06

/** What a completion says. */
export interface ZvtState {
  readonly status: number
  readonly software?: string
}

/**
 * What stands in the data of a completion: the version of the software where it is told (`F0`, three bytes of digits, text), and the
 * state of the terminal, as it is or as a result code; a TLV container may follow. Undefined where it says nothing of its state.
 */
export function stateIn(data: Uint8Array): ZvtState | undefined {
  // F0 alone is a state: reconciliation required.
  const hasSoftware = data[0] === SOFTWARE && data.length > 4
  const length = hasSoftware ? [...data.subarray(1, 4)].reduce((sum, byte) => sum * 10 + (byte & 0x0f), 0) : 0
  const rest = data.subarray(hasSoftware ? 4 + length : 0)
  const [first, second] = rest
  const isBare = rest.length === 1 || second === TLV || second === SOFTWARE
  const status = first === RESULT_CODE && rest.length > 1 ? second : isBare ? first : undefined
  if (status === undefined) return undefined
  const software = Buffer.from(data.subarray(4, 4 + length))
    .toString('latin1')
    .trim()
  return { status, ...(software !== '' && { software }) }
}

/** Terminal states by the table of the specification; those behind `busy` only say that somebody is at it. */
const STATES: Readonly<Record<number, readonly [TerminalCondition['name'] | 'busy', string]>> = {
  81: ['initialisation-required', 'initialisation required'],
  98: ['clock-wrong', 'date or time incorrect'],
  156: ['busy', 'please wait'],
  157: ['busy', 'partial issue of goods'],
  177: ['memory-full', 'memory full'],
  178: ['memory-full', 'merchant journal full'],
  191: ['power-fault', 'voltage too low'],
  192: ['card-reader-error', 'card locking mechanism defective'],
  193: ['locked', 'merchant card locked'],
  194: ['diagnosis-required', 'diagnosis required'],
  196: ['diagnosis-required', 'card profile invalid: new ones have to be loaded'],
  204: ['printer-not-ready', 'printer not ready'],
  220: ['busy', 'card inserted'],
  223: ['out-of-order', 'out of order'],
  224: ['busy', 'remote maintenance activated'],
  225: ['busy', 'card not completely removed'],
  226: ['card-reader-error', 'card reader does not answer or is defective'],
  227: ['card-reader-error', 'shutter closed'],
  228: ['activation-required', 'terminal activation required'],
  240: ['reconciliation-required', 'reconciliation required'],
  246: ['initialisation-required', 'OPT data not available: personalisation required'],
}
const READY = 0x00

/** What a state means: nothing where it is ready; `busy` with no condition where somebody is at it. */
export function meaningOf(status: number): {
  readonly conditions: readonly TerminalCondition[]
  readonly busy: boolean
} {
  if (status === READY) return { conditions: [], busy: false }
  const where = `terminal status ${status.toString(16).padStart(2, '0').toUpperCase()}`
  const [name, words] = STATES[status] ?? (['other-error', 'a state that is in no table of ours'] as const)
  return name === 'busy'
    ? { conditions: [], busy: true }
    : { conditions: [{ name, evidence: `${where}: ${words}` }], busy: false }
}
