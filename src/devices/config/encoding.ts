import { type Parsed, parsed, problem } from './codec.ts'

/** How the bytes of a file hold its text. `bytes`: an 8-bit code that is not known; its upper half is carried, never interpreted. */
export type TextEncoding = 'utf-8' | 'utf-8-bom' | 'utf-16le' | 'utf-16be' | 'bytes'

export interface DecodedText {
  readonly text: string
  readonly encoding: TextEncoding
}

/** The text of a file without its byte order mark; every file has one, since unknown bytes are carried as Latin-1. */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf && isUtf8(bytes)) {
    return { text: Buffer.from(bytes.subarray(3)).toString('utf8'), encoding: 'utf-8-bom' }
  }
  if (bytes.length % 2 === 0 && bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { text: Buffer.from(bytes.subarray(2)).toString('utf16le'), encoding: 'utf-16le' }
  }
  if (bytes.length % 2 === 0 && bytes[0] === 0xfe && bytes[1] === 0xff) {
    return { text: Buffer.from(bytes.subarray(2)).swap16().toString('utf16le'), encoding: 'utf-16be' }
  }
  if (isUtf8(bytes)) return { text: Buffer.from(bytes).toString('utf8'), encoding: 'utf-8' }
  return { text: Buffer.from(bytes).toString('latin1'), encoding: 'bytes' }
}

/** The bytes of a text in the encoding that its file had. `before` is the text that was decoded. */
export function encodeText(text: string, encoding: TextEncoding, before: string): Parsed<Uint8Array> {
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
  for (const [char, count] of upperHalf(text)) {
    if (count > (known.get(char) ?? 0)) {
      return problem('the file is in an 8-bit code that is not known, so only ASCII can be put into it')
    }
  }
  return parsed(Buffer.from(text, 'latin1'))
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function upperHalf(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const char of text) if (char > '\u007f') counts.set(char, (counts.get(char) ?? 0) + 1)
  return counts
}
