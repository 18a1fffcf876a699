import { withoutCardNumbers } from '../../core/card-number.ts'
import type { Bundle, CollectedItem } from '../../core/collected.ts'
import { MASK } from '../../core/secret.ts'
import { patternOf } from '../../pattern/pattern.ts'
import type { AskedItem } from './ask-items.ts'
import type { Raw } from './collect-params.ts'
import { bytesIn, linesOf, textOf } from './whole-lines.ts'

interface Limits {
  readonly redact: readonly string[]
  readonly itemBytes: number
  readonly bundleBytes: number
}

/** What was read, masked, as far as there is room for it. */
export function bundleFrom(
  read: readonly { readonly asked: Pick<AskedItem, 'kind' | 'name'>; readonly raw: Raw }[],
  { redact, itemBytes, bundleBytes }: Limits,
  at: Date,
): Bundle {
  const redaction = new Redaction(redact)
  const items: CollectedItem[] = []
  let room = bundleBytes
  for (const { asked, raw } of read) {
    const { kind, name } = asked
    const item = { kind, name, ...itemFrom(raw, redaction, { room, most: itemBytes }) }
    room -= item.bytes
    items.push(item)
  }
  const { patterns, cards } = redaction
  return {
    gathered_at: at.toISOString(),
    bytes: bundleBytes - room,
    limit_bytes: bundleBytes,
    redacted: { patterns, card_numbers: cards },
    items,
  }
}

type Content = Omit<CollectedItem, 'kind' | 'name'>

function itemFrom(raw: Raw, redaction: Redaction, of: { readonly room: number; readonly most: number }): Content {
  const nothing = { bytes: 0, size_bytes: null, note: null }
  switch (raw.kind) {
    case 'absent':
      return { ...nothing, state: 'absent' }
    case 'unread':
      return { ...nothing, state: 'unread', note: redaction.of(raw.why) }
    case 'binary':
      return { ...nothing, state: 'binary', size_bytes: raw.sizeBytes, note: 'It is no text, and was left out.' }
    case 'value': {
      const value = redaction.inside(raw.value)
      const bytes = bytesIn(JSON.stringify(value))
      if (bytes > Math.min(of.room, of.most)) return { ...nothing, state: 'left-out', size_bytes: bytes, note: NO_ROOM }
      return { state: 'whole', bytes, size_bytes: bytes, note: null, value }
    }
    case 'text':
      return textFrom(raw, redaction, of)
  }
}

const NO_ROOM = 'The bundle has no room for it.'

function textFrom(
  raw: Extract<Raw, { kind: 'text' }>,
  redaction: Redaction,
  { room, most }: { readonly room: number; readonly most: number },
): Content {
  const whole = redaction.of(raw.text)
  const limit = Math.min(room, most)
  const text = within(whole, limit, raw.keeps)
  const size = { bytes: bytesIn(text), size_bytes: raw.sizeBytes }
  if (text === whole)
    return { ...size, state: raw.isCut ? 'cut' : 'whole', note: raw.note && redaction.of(raw.note), text }
  if (text === '') return { ...size, state: 'left-out', note: NO_ROOM }
  const more = `Its ${raw.keeps} only: the bundle has no room for ${bytesIn(whole) - size.bytes} more bytes.`
  return { ...size, state: 'cut', note: raw.note === null ? more : `${raw.note} ${more}`, text }
}

/** As many whole lines as fit, from one end. */
function within(text: string, bytes: number, keeps: 'end' | 'beginning'): string {
  if (bytesIn(text) <= bytes) return text
  const lines = keeps === 'end' ? [...linesOf(text)].reverse() : linesOf(text)
  const kept: string[] = []
  let room = bytes
  for (const line of lines) {
    room -= bytesIn(line) + 1
    if (room < 0) break
    kept.push(line)
  }
  return textOf(keeps === 'end' ? kept.reverse() : kept)
}

/** Masks what the author's patterns find, and numbers of cards; counts the places. */
class Redaction {
  patterns = 0
  cards = 0
  readonly #patterns: ReturnType<typeof patternOf>[]

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((source) => patternOf(source, { lines: true }))
  }

  of(text: string): string {
    let masked = text
    for (const pattern of this.#patterns) {
      const { text: without, count } = pattern.replace(masked, MASK)
      this.patterns += count
      masked = without
    }
    const { text: shown, count } = withoutCardNumbers(masked)
    this.cards += count
    return shown
  }

  /** All texts in a value. */
  inside(value: unknown): unknown {
    if (typeof value === 'string') return this.of(value)
    if (Array.isArray(value)) return value.map((item) => this.inside(item))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.inside(item)]))
  }
}
