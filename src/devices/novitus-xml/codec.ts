import { SaxesParser } from 'saxes'
import { decodeCp1250 } from '../printer/cp1250.ts'
import { checksumOf, MAX_BYTES } from './questions.ts'

/** The element that a packet is about. */
export interface NovitusElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** As it came; for evidence. */
  readonly text: string
}

export interface Packets {
  readonly elements: readonly NovitusElement[]
  /** Whether there was a packet whose checksum is not right. */
  readonly isDamaged: boolean
}

const END = '</packet>'

/** The packets in a stream of bytes, whatever stands between them. Those without a checksum are taken as they are. */
export function packetsIn(bytes: Uint8Array): Packets {
  const text = Buffer.from(bytes).toString('latin1')
  const elements: NovitusElement[] = []
  let isDamaged = false
  let from = 0
  for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, from)) {
    const start = text.lastIndexOf('<packet', end)
    const head = start < from ? undefined : /^<packet(?:\s[^>]*)?>/.exec(text.slice(start, end))?.[0]
    from = end + END.length
    if (head === undefined || from - start > MAX_BYTES) continue
    const inner = bytes.subarray(start + head.length, end)
    if (!isRight(head, inner)) isDamaged = true
    else elements.push(...elementsOf(inner))
  }
  return { elements, isDamaged }
}

/** Its digits may be written without the zeros before them. */
function isRight(head: string, inner: Uint8Array): boolean {
  const checksum = /\scrc\s*=\s*["']([0-9A-Fa-f]{1,8})["']/.exec(head)?.[1]
  return checksum === undefined
    ? !/\scrc\s*=/.test(head)
    : checksum.toUpperCase().padStart(8, '0') === checksumOf(inner)
}

/** The outermost elements. What is not well-formed costs only itself: printers do not escape every name. */
function elementsOf(inner: Uint8Array): NovitusElement[] {
  const text = decodeCp1250(inner).replace(/&(?!#?\w{1,10};)/g, '&amp;')
  const found: NovitusElement[] = []
  const parser = new SaxesParser({ fragment: true })
  let depth = 0
  parser.on('error', () => undefined)
  parser.on('opentag', ({ name, attributes }) => {
    if (depth++ === 0) found.push({ name, attributes: new Map(Object.entries(attributes)), text: text.trim() })
  })
  parser.on('closetag', () => {
    depth--
  })
  parser.write(text).close()
  return found
}

/** The value of an attribute; what the printer did not fill in is none. */
export function textOf(element: NovitusElement | undefined, name: string): string | undefined {
  const value = element?.attributes.get(name)?.trim()
  return value === undefined || value === '' || value === '?' ? undefined : value
}

export function flagOf(element: NovitusElement | undefined, name: string): boolean | undefined {
  const value = textOf(element, name) ?? ''
  if (/^(yes|y|true|1)$/i.test(value)) return true
  return /^(no|n|false|0)$/i.test(value) ? false : undefined
}

export function numberOf(element: NovitusElement | undefined, name: string): number | undefined {
  const value = textOf(element, name)?.replace(',', '.') ?? ''
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}
