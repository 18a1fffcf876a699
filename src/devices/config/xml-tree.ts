import { lineAt, type Parsed, parsed, problem } from './codec.ts'

interface XmlAttribute {
  readonly name: string
  readonly value: string
  /** From the blank in front of the name to behind the closing quote. */
  readonly start: number
  readonly end: number
  /** Inside the quotes. */
  readonly valueStart: number
  readonly valueEnd: number
}

/** A piece of text of an element, as written in `[start, end)`. */
interface XmlText {
  readonly value: string
  readonly cdata: boolean
  readonly start: number
  readonly end: number
}

export interface XmlElement {
  readonly name: string
  readonly start: number
  end: number
  /** Behind the start tag; for `<a/>` that is `end`. */
  readonly contentStart: number
  contentEnd: number
  readonly empty: boolean
  readonly attributes: readonly XmlAttribute[]
  readonly children: XmlElement[]
  readonly texts: XmlText[]
}

const NAME = '[^\\s<>/=\'"!?&]+'
const START_TAG = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'y')
const END_TAG = new RegExp(`</(${NAME})\\s*>`, 'y')
const SKIPPED =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE(?:[^[\]>"']|"[^"]*"|'[^']*'|\[(?:<!--[\s\S]*?-->|<\?[\s\S]*?\?>|(?!<!--|<\?)[^\]"']|"[^"]*"|'[^']*')*\])*>/y
const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/y
const TEXT = /[^<]+/y

const MAX_DEPTH = 500

/** The elements of an XML text with their places. Knows no DTD: entities of its own stay as they are written. */
export function xmlTree(text: string): Parsed<XmlElement> {
  const grower: Grower = { open: [], root: undefined }
  for (let at = 0; at < text.length; ) {
    const next = piece(text, at)
    if (next === undefined) return problem('it is not well-formed XML', lineAt(text, at))
    const wrong = grown(grower, next, at)
    if (wrong !== undefined) return problem(wrong, lineAt(text, at))
    at = next.end
  }
  const unclosed = grower.open.at(-1)
  if (unclosed) return problem(`<${unclosed.name}> is not closed`, lineAt(text, unclosed.start))
  return grower.root ? parsed(grower.root) : problem('there is no root element', 1)
}

interface Grower {
  readonly open: XmlElement[]
  root: XmlElement | undefined
}

/** Puts the next piece in its place; says what is wrong when it has none. */
function grown(tree: Grower, next: Piece, at: number): string | undefined {
  const parent = tree.open.at(-1)
  switch (next.kind) {
    case 'skipped':
      return undefined
    case 'text':
      if (parent) parent.texts.push(next.text)
      else if (next.text.cdata || next.text.value.trim() !== '') return 'text stands outside the root element'
      return undefined
    case 'end':
      if (parent?.name !== next.name) return `</${next.name}> closes nothing`
      parent.contentEnd = at
      parent.end = next.end
      tree.open.pop()
      return undefined
    case 'start':
      return begun(tree, parent, next.element)
  }
}

function begun(tree: Grower, parent: XmlElement | undefined, element: XmlElement): string | undefined {
  if (parent) parent.children.push(element)
  else if (tree.root) return 'there are two root elements'
  else tree.root = element
  if (!element.empty) tree.open.push(element)
  return tree.open.length > MAX_DEPTH ? 'it is nested too deeply' : undefined
}

type Piece =
  | { readonly kind: 'text'; readonly text: XmlText; readonly end: number }
  | { readonly kind: 'start'; readonly element: XmlElement; readonly end: number }
  | { readonly kind: 'end'; readonly name: string; readonly end: number }
  | { readonly kind: 'skipped'; readonly end: number }

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function piece(text: string, at: number): Piece | undefined {
  const plain = matched(TEXT, text, at)?.[0]
  if (plain !== undefined) {
    const end = at + plain.length
    return { kind: 'text', text: { value: decoded(withLineEnds(plain)), cdata: false, start: at, end }, end }
  }
  const cdata = matched(CDATA, text, at)
  if (cdata) {
    const end = at + cdata[0].length
    return { kind: 'text', text: { value: withLineEnds(cdata[1] ?? ''), cdata: true, start: at, end }, end }
  }
  const skipped = matched(SKIPPED, text, at)?.[0]
  if (skipped !== undefined) return { kind: 'skipped', end: at + skipped.length }
  const end = matched(END_TAG, text, at)
  if (end) return { kind: 'end', name: end[1] ?? '', end: at + end[0].length }
  const start = matched(START_TAG, text, at)
  return start ? startPiece(start, at) : undefined
}

function startPiece(match: RegExpExecArray, at: number): Piece {
  const [whole, name = '', attributes = '', slash] = match
  const end = at + whole.length
  const element: XmlElement = {
    name,
    start: at,
    end,
    contentStart: end,
    contentEnd: end,
    empty: slash === '/',
    attributes: attributesOf(attributes, at + 1 + name.length),
    children: [],
    texts: [],
  }
  return { kind: 'start', element, end }
}

function attributesOf(text: string, offset: number): XmlAttribute[] {
  const attributes: XmlAttribute[] = []
  for (const match of text.matchAll(new RegExp(`\\s+(${NAME})\\s*=\\s*("[^"]*"|'[^']*')`, 'g'))) {
    const start = offset + match.index
    const end = start + match[0].length
    const raw = match[2] ?? '""'
    const value = decoded(withLineEnds(raw.slice(1, -1)).replace(/[\t\n]/g, ' '))
    attributes.push({ name: match[1] ?? '', value, start, end, valueStart: end - raw.length + 1, valueEnd: end - 1 })
  }
  return attributes
}

/** Each line end is read as one LF, in whatever way it is written (XML 1.0, 2.11). */
function withLineEnds(raw: string): string {
  return raw.replace(/\r\n?/g, '\n')
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decoded(raw: string): string {
  return raw.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
