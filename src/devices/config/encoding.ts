import { type Parsed, parsed, problem } from './codec.ts'
import { type Charset, charsetOf, declaredCharset } from './xml-charset.ts'

/** How the bytes of a file hold its text. `bytes`: an 8-bit code that is not known; its upper half is carried, never interpreted. */
export type TextEncoding = 'utf-8' | 'utf-8-bom' | 'utf-16le' | 'utf-16be' | 'bytes' | Charset

export interface DecodedText {
  readonly text: string
  readonly encoding: TextEncoding
}

/**
 * The text of a file without its byte order mark. Unknown bytes are carried as Latin-1; what an XML file declares is
 * heeded. A problem when it is not the text of one encoding, or when its lines end in a way that no codec reads.
 */
export function decodeText(bytes: Uint8Array, format: string): Parsed<DecodedText> {
  const decoded = DECODERS[format]?.(bytes) ?? decodedPlain(bytes)
  if (!decoded.ok) return decoded
  const { text, encoding } = decoded.value
  if (text.includes('\0')) return problem('it holds NULs, so it is no text, or UTF-16 without a byte order mark')
  if (encoding === 'utf-16le' && text.includes(LINE_END_AS_ONE.le)) return problem(MIXED)
  if (encoding === 'utf-16be' && text.includes(LINE_END_AS_ONE.be)) return problem(MIXED)
  if (format !== 'xml' && format !== 'json' && /\r(?!\n)/.test(text)) {
    return problem('lines end in a lone CR (as on an old Mac, or after two conversions); give them LF or CRLF first')
  }
  return decoded
}

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Parsed<DecodedText>>> = {
  xml: decodedXml,
  properties: decodedProperties,
}

/** CR and LF of a line in ASCII, read as one character of UTF-16. */
const LINE_END_AS_ONE = { le: '\u0a0d', be: '\u0d0a' } as const
const MIXED = 'it begins as UTF-16, and lines of another encoding are in it'

function decodedPlain(bytes: Uint8Array): Parsed<DecodedText> {
  const marked = decodedByMark(bytes)
  if (marked) return marked
  const text = decodedAs('utf-8', bytes)
  return parsed(
    text === undefined
      ? { text: Buffer.from(bytes).toString('latin1'), encoding: 'bytes' }
      : { text, encoding: 'utf-8' },
  )
}

/**
 * As java.util.Properties.load(InputStream) reads it, whatever it was written in: Latin-1, a mark of UTF-8 being three letters of the
 * first key. What is written here is ASCII, which those read as well that go by UTF-8.
 */
function decodedProperties(bytes: Uint8Array): Parsed<DecodedText> {
  const found = decodedPlain(bytes)
  if (!found.ok || !/^utf-8/.test(String(found.value.encoding))) return found
  const isPlain = bytes.every((byte) => byte < 0x80)
  return isPlain ? found : parsed({ text: Buffer.from(bytes).toString('latin1'), encoding: 'bytes' })
}

/** By its byte order mark; undefined when there is none. */
function decodedByMark(bytes: Uint8Array): Parsed<DecodedText> | undefined {
  const marks = [
    ['utf-8-bom', 'utf-8', [0xef, 0xbb, 0xbf]],
    ['utf-16le', 'utf-16le', [0xff, 0xfe]],
    ['utf-16be', 'utf-16be', [0xfe, 0xff]],
  ] as const
  const found = marks.find(([, , mark]) => mark.every((byte, at) => bytes[at] === byte))
  if (!found) return undefined
  const [encoding, label, mark] = found
  const text = decodedAs(label, bytes.subarray(mark.length))
  if (text !== undefined) return parsed({ text, encoding })
  return problem(`its byte order mark says ${label.toUpperCase()}, and it is not that throughout`)
}

function decodedXml(bytes: Uint8Array): Parsed<DecodedText> {
  const found = decodedPlain(bytes)
  if (!found.ok) return found
  const { text, encoding } = found.value
  const declared = declaredCharset(text)?.replace(/^utf8$/, 'utf-8')
  if (declared === undefined) return found
  const own = encoding === 'utf-8-bom' ? 'utf-8' : String(encoding)
  if (declared === own || (declared === 'utf-16' && own.startsWith('utf-16'))) return found
  if (encoding !== 'utf-8' && encoding !== 'bytes') {
    return problem(`it declares the encoding ${declared}, and its byte order mark says ${own}`)
  }
  const charset = charsetOf(declared)
  const read = charset?.decode(bytes)
  if (charset && read !== undefined) return parsed({ text: read, encoding: charset })
  return problem(`it declares the encoding ${declared}, and is not in it, or it is none that is known here`)
}

/** The text with its byte order mark, if it has another; undefined when the bytes are not in the encoding. */
function decodedAs(label: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Whether an encoding has a character. */
export function canHold(encoding: TextEncoding): (char: string) => boolean {
  return typeof encoding === 'object' ? (char) => encoding.has(char) : () => true
}

/** The bytes of a text in the encoding that its file had. `before` is the text that was decoded. */
export function encodeText(text: string, encoding: TextEncoding, before: string): Parsed<Uint8Array> {
  if (typeof encoding === 'object') {
    const bytes = encoding.encode(text)
    return bytes ? parsed(bytes) : problem(`the encoding ${encoding.name} of the file does not have every letter of it`)
  }
  switch (encoding) {
    case 'utf-8':
      return parsed(Buffer.from(text, 'utf8'))
    case 'utf-8-bom':
      return parsed(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text, 'utf8')]))
    case 'utf-16le':
      return parsed(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]))
    case 'utf-16be':
      return parsed(Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()]))
    case 'bytes':
      break
  }
  // Which letter a byte above 127 stands for is not known, so none may be added.
  const known = upperHalf(before)
  for (const [char, count] of upperHalf(text)) if (count > (known.get(char) ?? 0)) return problem(UNKNOWN_CODE)
  return parsed(Buffer.from(text, 'latin1'))
}

const UNKNOWN_CODE = 'the file is in an 8-bit code that is not known, so only ASCII can be put into it'

/** A problem where a byte order mark is in front of what the reader takes for a section, so that it reads nothing of the file. */
export function hiddenByMark(encoding: TextEncoding, dialect: string | undefined): Parsed<void> {
  const isHidden = encoding === 'utf-8-bom' && (dialect === 'configparser' || dialect === 'mysql')
  return isHidden ? problem(`it begins with a byte order mark, with which ${dialect} refuses it`, 1) : parsed(undefined)
}

/**
 * A problem where letters beyond ASCII are wanted in a file of an 8-bit code that is not known: whether they are there
 * nobody can say either. Java reads its properties as Latin-1.
 */
export function unknowable(encoding: TextEncoding, format: string, wanted: Iterable<unknown>): Parsed<void> {
  const isKnown = encoding !== 'bytes' || format === 'properties'
  const isPlain = isKnown || [...wanted].every((value) => upperHalf(JSON.stringify(value) ?? '').size === 0)
  return isPlain ? parsed(undefined) : problem(UNKNOWN_CODE)
}

function upperHalf(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const char of text) if (char > '\u007f') counts.set(char, (counts.get(char) ?? 0) + 1)
  return counts
}
