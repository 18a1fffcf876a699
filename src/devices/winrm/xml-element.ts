import { SaxesParser } from 'saxes'

/** An element of a reply, by its namespace and its name in it. */
export interface XmlElement {
  readonly uri: string
  readonly name: string
  /** By their names, whatever their namespace. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** All text directly in it. */
  readonly text: string
}

interface Open {
  readonly uri: string
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  readonly text: string[]
}

const MAX_DEPTH = 64

/** Reads a document; undefined when it is not well-formed, or has a DOCTYPE, which SOAP forbids (SOAP 1.2, 5). */
export function parseXml(text: string): XmlElement | undefined {
  const parser = new SaxesParser({ xmlns: true })
  const open: Open[] = []
  let root: XmlElement | undefined
  let valid = true
  parser.on('error', () => {
    valid = false
  })
  parser.on('doctype', () => {
    valid = false
  })
  parser.on('opentag', (tag) => {
    if (open.length >= MAX_DEPTH) valid = false
    const attributes = new Map(Object.values(tag.attributes).map(({ local, value }) => [local, value]))
    open.push({ uri: tag.uri, name: tag.local, attributes, children: [], text: [] })
  })
  const addText = (piece: string): void => void open.at(-1)?.text.push(piece)
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const closed = open.pop()
    if (!closed) return
    const element = { ...closed, text: closed.text.join('') }
    const parent = open.at(-1)
    if (parent) parent.children.push(element)
    else root = element
  })
  try {
    parser.write(text.replace(/^\uFEFF/, '')).close()
  } catch {
    return undefined
  }
  return valid ? root : undefined
}

/** The first child of that name, or the one at the end of a way of names. */
export function child(
  element: XmlElement | undefined,
  uri: string,
  ...names: readonly string[]
): XmlElement | undefined {
  let at = element
  for (const name of names) at = at?.children.find((candidate) => candidate.uri === uri && candidate.name === name)
  return at
}

/** The first element below that satisfies a condition, itself included, in the order of the document. */
export function find(element: XmlElement, condition: (candidate: XmlElement) => boolean): XmlElement | undefined {
  if (condition(element)) return element
  for (const candidate of element.children) {
    const found = find(candidate, condition)
    if (found) return found
  }
  return undefined
}

/** Everything that is written in an element and below. */
export function fullText(element: XmlElement): string {
  return element.text + element.children.map(fullText).join(' ')
}
