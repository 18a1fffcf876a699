import { createHash } from 'node:crypto'
import { hasCardNumber } from '../../core/card-number.ts'
import type { DeviceYield, EventRule, EventYield, SourceSettings, SourceTally } from '../../core/event-source.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Expression, Scope } from '../../core/runbook.ts'
import { readTime } from '../../core/written-time.ts'
import { isRounded } from './long-numbers.ts'

/** An event as it came. */
export interface RawEvent {
  readonly text: string
  /** Of a broker; empty elsewhere. */
  readonly topic: string
  /** The other end says that it may have brought this before. */
  readonly isAgain?: boolean
  /** A broker has kept it for whoever comes later: it was said at some time before. */
  readonly isRetained?: boolean
  /** It was longer than what is taken, and was left where it was. */
  readonly isTooLong?: boolean
}

/** A device that an event names. */
export interface NamedDevice {
  readonly name: string
  readonly timeZone: string
}

export type FindDevice = (name: string, store: string | undefined) => NamedDevice | undefined

/** Clocks of tills are right to the minute or two; what is ahead by more is told. */
const AHEAD_MS = 120_000
/** A till keeps its events while its line is away: they count where they belong, and are told to be late. */
const LATE_MS = 600_000
const MOST_MARK = 200
const MOST_NAME = 64
/** Invisible ones, and those that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
/** `event.shop.number`: what CEL reads there is what stands there. */
const PATH = /^event((?:\.[A-Za-z_]\w*)+)$/

const NOTHING: Scope = { store: {}, device: {}, params: {}, vars: {}, steps: {} }

interface Read {
  readonly event: JsonValue
  readonly text: string
  readonly topic: string
  readonly again: boolean
}

/**
 * Makes of events of a source what they come to. No text of an event is ever read as an expression; what is kept of it are
 * numbers, and short texts without control characters and without numbers of cards.
 */
export class EventMapper {
  readonly #settings: SourceSettings
  readonly #find: FindDevice
  readonly #paths = new Map<Expression, readonly string[] | undefined>()
  readonly #kinds: ReadonlySet<string>
  readonly #usesIds: boolean

  constructor(settings: SourceSettings, find: FindDevice) {
    this.#settings = settings
    this.#find = find
    this.#kinds = new Set(settings.rules.flatMap(({ kinds }) => [...kinds]))
    // Where the other end keeps a place, nothing comes twice unless it was sent twice.
    this.#usesIds = settings.reading.id !== undefined || !['files', 'kafka'].includes(settings.from.kind)
  }

  /** @param now when it came, in milliseconds since 1970 */
  map(raw: RawEvent, now: number): EventYield {
    if (raw.isTooLong === true || Buffer.byteLength(raw.text) > this.#settings.maxBytes)
      return { tallies: ['too_long'] }
    const event = this.#parse(raw.text)
    if (event === undefined) return { tallies: ['malformed'], why: 'it is no JSON' }
    const read = { event, text: raw.text, topic: raw.topic, again: raw.isAgain === true }
    if (raw.isRetained === true) return this.#asState(this.#read(read, now))
    const id = this.#idOf(read)
    const rest = this.#read(read, now)
    return id === undefined ? rest : { id, ...rest }
  }

  #parse(text: string): JsonValue | undefined {
    const { format } = this.#settings
    if (format === 'text') return text
    try {
      return this.#innerOf(JSON.parse(text) as JsonValue)
    } catch {
      return format === 'any' ? text : undefined
    }
  }

  #innerOf(value: JsonValue): JsonValue {
    const { inner } = this.#settings
    const found = inner === undefined ? undefined : memberOf(value, [inner])
    return typeof found === 'object' && found !== null ? found : value
  }

  /**
   * What a broker has kept comes to each new subscription (MQTT 5.0, 3.3.1.3), and whoever said it may be dead by now: it tells how the
   * device was at a time of its own, never that anything happens. Without such a time it tells nothing.
   */
  #asState({ tallies, unknown, gives }: EventYield): EventYield {
    const others = tallies.filter((what) => what !== 'taken' && what !== 'late')
    const isDated = this.#settings.reading.at !== undefined && gives !== undefined && gives.asOf > 0
    return {
      tallies: ['retained', ...others],
      ...(unknown && { unknown }),
      ...(isDated && { gives: { ...gives, isSignOfLife: false, counts: [] } }),
    }
  }

  /** A digest: an id may be anything, and is only compared. */
  #idOf(read: Read): string | undefined {
    if (!this.#usesIds) return undefined
    const { id, at } = this.#settings.reading
    const own = id && this.#textOf(id, read)
    // Without a time two events may be alike and mean two things, unless the broker itself brings one again.
    if (own === undefined && at === undefined && !read.again) return undefined
    return createHash('sha1')
      .update(read.topic)
      .update('\0')
      .update(own === undefined || isRounded(own, read.text) ? read.text : own)
      .digest('base64url')
  }

  #read(read: Read, now: number): EventYield {
    const { reading } = this.#settings
    const kind = (reading.kind && this.#textOf(reading.kind, read)) ?? ''
    const named = this.#textOf(reading.device, read)
    if (named === undefined) return { tallies: ['unusable'], why: `${reading.device.text} (device) gives no text` }
    const store = reading.store && this.#textOf(reading.store, read)
    const device = this.#find(named, store)
    if (!device) return { tallies: ['unknown_device'], unknown: { what: 'device', name: shownName(named) } }
    const time = this.#timeOf(read, device, now)
    const silent = { device: device.name, isSignOfLife: true, counts: [], samples: [], marks: [] }
    if (time === undefined) return { tallies: ['no_time'], gives: { ...silent, at: now, asOf: 0 } }
    if (time < now - this.#settings.oldestMs)
      return { tallies: ['too_old'], gives: { ...silent, at: time, asOf: time } }
    const isAhead = time > now + AHEAD_MS
    const at = Math.min(time, now)
    const tallies: SourceTally[] = isAhead ? ['ahead'] : time < now - LATE_MS ? ['late'] : []
    const scope = this.#scope(read, { kind, at: new Date(at).toISOString() })
    const rules = this.#settings.rules.filter((rule) => holds(rule, kind, scope))
    const reasons: string[] = []
    const gives = this.#gives(rules, scope, { device: device.name, at, asOf: isAhead ? 0 : at, tallies, reasons })
    const why = reasons.length === 0 ? {} : { why: reasons.join('; ') }
    const isKnown = rules.length > 0 || this.#kinds.has(kind)
    if (isKnown) return { tallies: ['taken', ...tallies], gives, ...why }
    const unknown = { what: 'kind', name: shownName(kind) } as const
    return { tallies: ['taken', 'unknown_kind', ...tallies], gives, unknown, ...why }
  }

  /** Undefined: it says none that can be read. */
  #timeOf(read: Read, { timeZone }: NamedDevice, now: number): number | undefined {
    const { reading, timeZone: zone = timeZone, monthFirst } = this.#settings
    if (!reading.at) return now
    const text = this.#textOf(reading.at, read)
    if (text === undefined || text.length > MOST_NAME) return undefined
    return readTime(text, { zone, monthFirst, now })
  }

  #gives(
    rules: readonly EventRule[],
    scope: Scope,
    of: {
      readonly device: string
      readonly at: number
      readonly asOf: number
      readonly tallies: SourceTally[]
      readonly reasons: string[]
    },
  ): DeviceYield {
    const { tallies, reasons, ...when } = of
    const note = (what: SourceTally): void => void (tallies.includes(what) || tallies.push(what))
    const unusable = (name: string, { text }: Expression, wanted: string): void => {
      note('unusable')
      reasons.push(`${text} (${name}) gives no ${wanted}`)
    }
    const samples = rules.flatMap((rule) =>
      rule.samples.flatMap(({ series, value }) => {
        const answer = value.evaluate(scope)
        const number = answer.ok ? answer.value : undefined
        const isNumber = typeof number === 'number' && Number.isFinite(number)
        if (!isNumber) unusable(series, value, 'number')
        else if (hasCardNumber(numeral(number))) note('card_number')
        else return [{ series, value: number }]
        return []
      }),
    )
    const marks = rules.flatMap((rule) =>
      rule.marks.flatMap(({ name, value }) => {
        const answer = value.evaluate(scope)
        const text = answer.ok ? plainText(answer.value) : undefined
        if (text === undefined) unusable(name, value, 'text')
        else if (hasCardNumber(text)) note('card_number')
        else return [{ name, value: text.replaceAll(UNPRINTABLE, '').slice(0, MOST_MARK) }]
        return []
      }),
    )
    return {
      ...when,
      isSignOfLife: rules.every(({ isSignOfLife }) => isSignOfLife),
      counts: rules.flatMap(({ counts }) => counts),
      samples,
      marks,
    }
  }

  #scope({ event, topic }: Read, more: { readonly kind: string; readonly at: string } | undefined): Scope {
    return { ...NOTHING, event, about: { topic, ...more } }
  }

  /** A text, a number or a truth value as it is written; undefined: there is none. */
  #textOf(expression: Expression, read: Read): string | undefined {
    if (!this.#paths.has(expression)) {
      this.#paths.set(expression, PATH.exec(expression.text.trim())?.[1]?.slice(1).split('.'))
    }
    const path = this.#paths.get(expression)
    if (path) return plainText(memberOf(read.event, path))
    const answer = expression.evaluate(this.#scope(read, undefined))
    return answer.ok ? plainText(answer.value) : undefined
  }
}

function holds({ kinds, when }: EventRule, kind: string, scope: Scope): boolean {
  if (kinds.size > 0 && !kinds.has(kind)) return false
  if (!when) return true
  const answer = when.evaluate(scope)
  return answer.ok && answer.value === true
}

function memberOf(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || Array.isArray(here) || !Object.hasOwn(here, key)) return undefined
    here = (here as JsonObject)[key]
  }
  return here
}

function plainText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numeral(value)
  return typeof value === 'boolean' ? String(value) : undefined
}

/** Without an exponent where it is whole: digits stay digits. */
function numeral(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value)
}

/** A name that nobody knows, as people may be shown it. */
function shownName(name: string): string {
  if (hasCardNumber(name)) return '(a card number)'
  return name.replaceAll(UNPRINTABLE, '').slice(0, MOST_NAME)
}
