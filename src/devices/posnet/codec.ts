import { decodeCp1250 } from '../printer/cp1250.ts'
import { crc16 } from './crc.ts'

/** What a printer says in one frame (POT-I-DEV-37, "Odpowiedzi drukarki", "Błędy ramki"). */
export interface PosnetFrame {
  /** Without the mark of those that are answered at once; `ERR` for a frame that was not understood. */
  readonly command: string
  readonly token?: number
  /** In their order; a name may come twice. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** A number of the error list; the frame was refused if the command is `ERR`. */
  readonly error?: number
  /** As it came, without the checksum; for evidence. */
  readonly text: string
}

const STX = 0x02
const ETX = 0x03
const HASH = 0x23

/** The frames in a stream of bytes, whatever stands between them: what has no right checksum is no frame. */
export function framesIn(bytes: Uint8Array): PosnetFrame[] {
  const frames: PosnetFrame[] = []
  let start = -1
  bytes.forEach((byte, index) => {
    if (byte === STX) start = index
    if (byte !== ETX || start < 0) return
    const frame = frameOf(bytes.subarray(start + 1, index))
    if (frame) frames.push(frame)
    start = -1
  })
  return frames
}

function frameOf(inner: Uint8Array): PosnetFrame | undefined {
  const hash = inner.lastIndexOf(HASH)
  if (hash < 0) return undefined
  const body = inner.subarray(0, hash)
  const checksum = Buffer.from(inner.subarray(hash + 1)).toString('latin1')
  if (!/^[0-9A-Fa-f]{4}$/.test(checksum) || Number.parseInt(checksum, 16) !== crc16(body)) return undefined
  return parseBody(decodeCp1250(body))
}

/** The specification writes `?13`, and once `er13`. */
const ERROR = /^(\?|er)\d{1,5}$/

function parseBody(text: string): PosnetFrame | undefined {
  const [name = '', ...parts] = text.split('\t')
  const command = name.replace(/^!/, '')
  if (!/^[A-Za-z]\w*$/.test(command)) return undefined
  const token = parts.find((part) => /^@\d{4}$/.test(part))
  const error = parts.find((part) => ERROR.test(part) && (part.startsWith('?') || command === 'ERR'))
  const fields = parts
    .filter((part) => part.length >= 2 && part !== token && part !== error)
    .map((part) => [part.slice(0, 2), part.slice(2)] as const)
  return {
    command,
    fields,
    text: text.replaceAll('\t', ' ').trim(),
    ...(token === undefined ? {} : { token: Number(token.slice(1)) }),
    ...(error === undefined ? {} : { error: Number(error.replace(/^\D+/, '')) }),
  }
}

/** The value of a field; of one that came twice, the first. */
export function fieldOf(frame: PosnetFrame | undefined, name: string): string | undefined {
  return frame?.fields.find(([field]) => field === name)?.[1]
}

/** A number, with a comma or a point. */
export function numberOf(frame: PosnetFrame | undefined, name: string): number | undefined {
  const text = fieldOf(frame, name)?.trim().replace(',', '.') ?? ''
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** Yes and no as the printer writes them: T and N, 1 and 0, Y, in either case. */
export function flagOf(frame: PosnetFrame | undefined, name: string): boolean | undefined {
  const text = fieldOf(frame, name)?.trim() ?? ''
  if (/^[1TY]$/i.test(text)) return true
  return /^[0N]$/i.test(text) ? false : undefined
}
