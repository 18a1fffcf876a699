/** An encoding with one byte a character, as an XML file may declare it. */
export interface Charset {
  readonly name: string
  has(char: string): boolean
  /** undefined when a byte stands for nothing. */
  decode(bytes: Uint8Array): string | undefined
  /** undefined when a character is not in it. */
  encode(text: string): Uint8Array | undefined
}

/** The encoding that an XML declaration names, in lower case (XML 1.0, 4.3.3); undefined when it names none. */
export function declaredCharset(text: string): string | undefined {
  const [declaration] = /^<\?xml\s[^>]*\?>/.exec(text) ?? []
  return /\sencoding\s*=\s*(?:"([^"]*)"|'([^']*)')/
    .exec(declaration ?? '')
    ?.slice(1)
    .find(Boolean)
    ?.toLowerCase()
}

/**
 * A declared encoding by its table. Of one with several bytes a character, and of one that is not known, only ASCII is
 * read; undefined when ASCII means something else in it. UTF-8 is not one of these.
 */
export function charsetOf(name: string): Charset | undefined {
  if (/^utf-?(8|16|32|7)|^ucs|^iso-10646|^ebcdic|^cp037|^ibm037|^cp500|^ibm1047/.test(name)) return undefined
  return charsetBy(name, tableOf(name))
}

/** What each byte stands for. */
function tableOf(name: string): readonly (string | undefined)[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  // The web reads this one as windows-1252; files do not mean that.
  if (/^(iso[-_]?8859-1|latin1|l1)$/.test(name)) return bytes.map((byte) => String.fromCharCode(byte))
  const ascii = bytes.map((byte) => (byte < 128 ? String.fromCharCode(byte) : undefined))
  if (/^(us-)?ascii$/.test(name)) return ascii
  const decoder = decoderOf(name)
  if (decoder === undefined) return ascii
  const upper = ascii.map((char, byte) => char ?? decoder(byte))
  // Where any byte of the upper half is the first of several, the table is none.
  return MULTI_BYTE.test(name) ? ascii : upper
}

const MULTI_BYTE = /^(gb|big5|euc|shift|sjis|ms932|windows-(31j|932|936|949|950)|cp9|ks|korean|iso-2022|hz)/

function decoderOf(name: string): ((byte: number) => string | undefined) | undefined {
  try {
    const decoder = new TextDecoder(name, { fatal: false })
    return (byte) => {
      const char = decoder.decode(Uint8Array.of(byte))
      return char.length === 1 && char !== '\ufffd' ? char : undefined
    }
  } catch {
    return undefined
  }
}

function charsetBy(name: string, table: readonly (string | undefined)[]): Charset {
  const bytes = new Map(table.flatMap((char, byte) => (char === undefined ? [] : [[char, byte] as const])))
  return {
    name,
    has: (char) => bytes.has(char),
    decode(read) {
      const chars = [...read].map((byte) => table[byte])
      return chars.includes(undefined) ? undefined : chars.join('')
    },
    encode(text) {
      const made = [...text].map((char) => bytes.get(char))
      return made.includes(undefined) ? undefined : Uint8Array.from(made as number[])
    },
  }
}
