import type { JsonValue } from '../../core/json.ts'
import {
  type ConfigCodec,
  type ConfigEdit,
  indentAt,
  lineEndOf,
  lineStart,
  nextLine,
  type Parsed,
  parsed,
  problem,
  type Splice,
} from './codec.ts'
import { editedByKeys, type KeyEdit } from './key-edits.ts'
import { textual } from './lines.ts'
import { pathText, type XmlPath, type XmlStep, xmlPath } from './xml-path.ts'
import { type XmlElement, xmlTree } from './xml-tree.ts'

/**
 * XML. Keys are paths from the root element: `a/b`, `a/b[2]`, `a/b[@id='x']`, and `…/@attribute` at the end. A path
 * names the text of an element without child elements, or an attribute; what is missing on the way is made, with the
 * attributes that its condition names. Of several elements that match none is changed.
 */
export const xmlCodec: ConfigCodec = {
  normal: textual,
  read(text) {
    const tree = xmlTree(text)
    if (!tree.ok) return tree
    const root = tree.value
    return parsed({
      get keys() {
        const keys = new Map<string, JsonValue>()
        collect(root, [{ name: root.name }], keys)
        return keys
      },
      get: (key) => valueAt(root, key),
    })
  },
  edit(text, edit, has = () => true) {
    return editedByKeys(text, edit, {
      read: xmlTree,
      edit: (at) => keyEdited(at, has),
      proven: (made) => proven(text, made, edit),
    })
  },
}

function proven(before: string, made: Parsed<string>, edit: ConfigEdit): Parsed<string> {
  if (!made.ok || made.value === before) return made
  const after = xmlTree(made.value)
  if (!after.ok) return problem('the edit would leave a file that cannot be read')
  const unmet = [...edit.set].find(([key, value]) => valueAt(after.value, key) !== textual(value))
  return unmet ? problem(`"${unmet[0]}": the format cannot hold this value`) : made
}

function collect(element: XmlElement, path: readonly XmlStep[], keys: Map<string, JsonValue>): void {
  for (const one of element.attributes) keys.set(pathText({ steps: path, attribute: one.name }), one.value)
  if (element.children.length === 0) keys.set(pathText({ steps: path }), textOf(element))
  const twins = new Map<string, number>()
  for (const { name } of element.children) twins.set(name, (twins.get(name) ?? 0) + 1)
  const before = new Map<string, number>()
  for (const child of element.children) {
    const { name } = child
    const index = (before.get(name) ?? 0) + 1
    before.set(name, index)
    collect(child, [...path, (twins.get(name) ?? 0) > 1 ? { name, index } : { name }], keys)
  }
}

/** Text of an element; of one that has child elements only, nothing. */
function textOf(element: XmlElement): string {
  return element.texts.map((text) => text.value).join('')
}

function valueAt(root: XmlElement, key: string): JsonValue | undefined {
  const path = xmlPath(key)
  if (!path.ok) return undefined
  const values: JsonValue[] = []
  for (const element of matching(root, path.value.steps)) {
    const { attribute } = path.value
    const value =
      attribute === undefined ? leafText(element) : element.attributes.find((one) => one.name === attribute)?.value
    if (value !== undefined) values.push(value)
  }
  return values.length > 1 ? values : values[0]
}

/** What an element with child elements holds is not a value, but it is there. */
function leafText(element: XmlElement): string | null {
  return element.children.length === 0 ? textOf(element) : null
}

function matching(root: XmlElement, steps: readonly XmlStep[]): XmlElement[] {
  const [first, ...rest] = steps
  let found = first ? selected([root], first) : []
  for (const step of rest) found = found.flatMap((element) => selected(element.children, step))
  return found
}

function selected(elements: readonly XmlElement[], step: XmlStep): XmlElement[] {
  const named = elements.filter((element) => element.name === step.name && meets(element, step))
  return step.index === undefined ? named : named.slice(step.index - 1, step.index)
}

function meets(element: XmlElement, step: XmlStep): boolean {
  return (step.where ?? []).every(({ name, value }) =>
    element.attributes.some((one) => one.name === name && one.value === value),
  )
}

function keyEdited(
  at: {
    readonly text: string
    readonly read: XmlElement
    readonly key: string
    readonly value: JsonValue | undefined
  },
  has: Has,
): Parsed<KeyEdit> {
  const { text, read: root, key } = at
  const path = xmlPath(key)
  if (!path.ok) return path
  if (at.value === undefined) return removed(text, root, { key, path: path.value })
  const value = textual(at.value)
  if (typeof value !== 'string') return problem(`"${key}": the format holds one text`)
  const splices = setting(text, root, { key, path: path.value, value, has })
  return splices.ok ? parsed({ splices: splices.value }) : splices
}

interface DesiredValue {
  readonly key: string
  readonly path: XmlPath
  readonly value: string
  readonly has: Has
}

/** Whether the encoding of the file has a character; others are written as references (XML 1.0, 4.1). */
type Has = (char: string) => boolean

function setting(text: string, root: XmlElement, desiredValue: DesiredValue): Parsed<Splice[]> {
  const { key, path, value } = desiredValue
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''))) {
    return problem(`"${key}": XML cannot hold a control character`)
  }
  let found = matching(root, path.steps.slice(0, 1))
  if (found.length === 0) return problem(`"${key}": the root element is <${root.name}>`)
  for (const [depth, step] of path.steps.entries()) {
    const below = depth === 0 ? found : found.flatMap((element) => selected(element.children, step))
    if (below.length > 1)
      return problem(`"${key}": ${below.length} elements match <${step.name}>; say which by [n] or [@name='value']`)
    const [parent] = found
    if (below.length === 0 && parent) return creation(text, parent, { ...desiredValue, depth })
    found = below
  }
  const [element] = found
  if (!element) return parsed([])
  return path.attribute === undefined
    ? textSplices(text, element, desiredValue)
    : parsed(attributeSplices(element, path.attribute, desiredValue))
}

function attributeSplices(element: XmlElement, name: string, { value, has }: DesiredValue): Splice[] {
  const own = element.attributes.find((one) => one.name === name)
  if (own)
    return own.value === value ? [] : [{ start: own.valueStart, end: own.valueEnd, text: attributeText(value, has) }]
  const at = element.attributes.at(-1)?.end ?? element.start + 1 + element.name.length
  return [{ start: at, end: at, text: ` ${name}="${attributeText(value, has)}"` }]
}

function textSplices(text: string, element: XmlElement, { key, value, has }: DesiredValue): Parsed<Splice[]> {
  if (element.children.length > 0) return problem(`"${key}": the element holds elements, not text`)
  if (textOf(element) === value) return parsed([])
  const [first, ...others] = element.texts
  if (element.empty) {
    const slash = text.lastIndexOf('/', element.end - 1)
    const head = text.slice(0, slash).trimEnd().length
    return parsed([{ start: head, end: element.end, text: `>${elementText(value, has)}</${element.name}>` }])
  }
  const at = first ?? { start: element.contentStart, end: element.contentStart, cdata: false }
  const plain = at.cdata && !value.includes(']]>') && [...value].every(has)
  const written = plain ? `<![CDATA[${value}]]>` : elementText(value, has)
  return parsed([
    { start: at.start, end: at.end, text: written },
    ...others.map(({ start, end }) => ({ start, end, text: '' })),
  ])
}

/** Makes the elements from `depth` on, at the end of their parent and in the indentation of the file. */
function creation(
  text: string,
  parent: XmlElement,
  desiredValue: DesiredValue & { readonly depth: number },
): Parsed<Splice[]> {
  const steps = desiredValue.path.steps.slice(desiredValue.depth)
  if (steps.some((step) => step.index !== undefined && step.index !== countOf(parent, step, steps) + 1)) {
    return problem(`"${desiredValue.key}": there are too few elements for the index`)
  }
  if (parent.children.length === 0 && textOf(parent).trim() !== '') {
    return problem(`"${desiredValue.key}": <${parent.name}> holds text, not elements`)
  }
  const last = parent.children.at(-1)
  const outer = indentAt(text, parent.start)
  const flat = !text.slice(0, parent.end).includes('\n') && !text.trim().includes('\n')
  const lineEnd = flat ? '' : lineEndOf(text)
  const unit = flat ? '' : unitOf(text)
  const ownLine = last !== undefined && text.slice(lineStart(text, last.start), last.start).trim() === ''
  const indent = flat ? '' : last && ownLine ? indentAt(text, last.start) : outer + unit
  const made = lineEnd + elementLines(steps, desiredValue, { indent, unit, lineEnd })
  if (last) return parsed([{ start: last.end, end: last.end, text: made }])
  const close = flat ? '' : lineEnd + outer
  if (parent.empty) {
    const head = text.slice(0, text.lastIndexOf('/', parent.end - 1)).trimEnd().length
    return parsed([{ start: head, end: parent.end, text: `>${made}${close}</${parent.name}>` }])
  }
  const inside = text.slice(parent.contentStart, parent.contentEnd)
  const at = parent.contentStart + inside.trimEnd().length
  return parsed([{ start: at, end: parent.contentEnd, text: made + close }])
}

function countOf(parent: XmlElement, step: XmlStep, steps: readonly XmlStep[]): number {
  if (step !== steps[0]) return 0
  return parent.children.filter((one) => one.name === step.name && meets(one, step)).length
}

function elementLines(
  steps: readonly XmlStep[],
  desiredValue: DesiredValue,
  style: { readonly indent: string; readonly unit: string; readonly lineEnd: string },
): string {
  const [step, ...rest] = steps
  if (!step) return ''
  const attribute = rest.length === 0 ? desiredValue.path.attribute : undefined
  const wheres = (step.where ?? []).filter(({ name }) => name !== attribute)
  const named = [...wheres, ...(attribute === undefined ? [] : [{ name: attribute, value: desiredValue.value }])]
  const head = `${style.indent}<${step.name}${named.map(({ name, value }) => ` ${name}="${attributeText(value, desiredValue.has)}"`).join('')}`
  if (rest.length > 0) {
    const inner = elementLines(rest, desiredValue, { ...style, indent: style.indent + style.unit })
    return `${head}>${style.lineEnd}${inner}${style.lineEnd}${style.indent}</${step.name}>`
  }
  return attribute === undefined
    ? `${head}>${elementText(desiredValue.value, desiredValue.has)}</${step.name}>`
    : `${head} />`
}

/** The first step of indentation in the file. */
function unitOf(text: string): string {
  return /\n([ \t]+)</.exec(text)?.[1] ?? '  '
}

function removed(
  text: string,
  root: XmlElement,
  { key, path }: { readonly key: string; readonly path: XmlPath },
): Parsed<KeyEdit> {
  const found = matching(root, path.steps)
  if (path.attribute !== undefined) {
    const attributes = found.flatMap((element) => element.attributes.filter((one) => one.name === path.attribute))
    return parsed({ splices: attributes.map(({ start, end }) => ({ start, end, text: '' })) })
  }
  if (found.includes(root)) return problem(`"${key}" is the root element, without which the file is no XML`)
  const last = path.steps.at(-1)
  if (last?.index !== undefined && hasNext(root, path.steps, last.index)) return problem(`"${key}": ${NEXT_IN_PLACE}`)
  return parsed({ splices: found.map((element) => withoutElement(text, element)) })
}

const NEXT_IN_PLACE =
  "the next element would take its place, and be removed by the run after; say which by [@name='value'], or remove all of the name"

/** Whether an element stands behind the one of this index, and would have its path. */
function hasNext(root: XmlElement, steps: readonly XmlStep[], index: number): boolean {
  const { index: _, ...last } = steps.at(-1) ?? { name: '' }
  const parents = steps.length > 1 ? matching(root, steps.slice(0, -1)) : []
  return parents.some((parent) => selected(parent.children, last).length > index)
}

function withoutElement(text: string, element: XmlElement): Splice {
  const from = lineStart(text, element.start)
  const to = nextLine(text, element.end)
  const alone = text.slice(from, element.start).trim() === '' && text.slice(element.end, to).trim() === ''
  return alone ? { start: from, end: to, text: '' } : { start: element.start, end: element.end, text: '' }
}

function elementText(value: string, has: Has): string {
  const text = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#13;')
  return [...text].map((char) => (has(char) ? char : `&#${char.codePointAt(0)};`)).join('')
}

function attributeText(value: string, has: Has): string {
  return elementText(value, has)
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;')
    .replace(/\n/g, '&#10;')
    .replace(/\t/g, '&#9;')
}
