import { HOUR_MS, parseDuration } from '../../core/duration.ts'
import type { Audit } from '../../devices/evadts/audit.ts'
import type { Past } from './known.ts'
import type { TemperatureLimits } from './params.ts'

/**
 * `warm`: over its limit, but not for long enough to be more than an open door. `unit-doubtful`: what it calls degrees
 * Celsius is likely to be Fahrenheit, so that it says nothing.
 */
export interface Temperature {
  readonly state: 'ok' | 'warm' | 'too-warm' | 'unit-doubtful' | 'unknown'
  /** Degrees Celsius as far as that can be told; what the machine says where it is in doubt. */
  readonly celsius: number | null
  /** Since when it has been over its limit without a break, as far as looks saw it: milliseconds since 1970. */
  readonly since: number | null
  readonly why: string | null
}

const NAME = 'DETECTED TEMPERATURE'
const SCALE = 0.01
/** Nothing is cooled to that, and no shop is that warm; as Fahrenheit it is 0.6 to 13 degrees. */
const FAHRENHEIT_LIKE = { from: 33, to: 55 }

/** How warm it is inside, and for how long it has been too warm. `past` holds degrees Celsius. */
export function temperatureOf(
  audit: Audit,
  limits: TemperatureLimits,
  known: { readonly past: Past; readonly now: number },
): Temperature {
  const measure = audit.measures.find(({ name }) => name === (limits.name ?? NAME))
  if (!measure)
    return { state: 'unknown', celsius: null, since: null, why: `The machine tells no "${limits.name ?? NAME}".` }
  const said = measure.value * (limits.scale ?? SCALE)
  const celsius = Math.round((measure.unit === 'F' ? inCelsius(said) : said) * 10) / 10
  if (measure.unit === 'C' && celsius > limits.max && isFahrenheit(celsius, limits.max, known.past)) {
    const why = `It says ${celsius} °C and was never below ${FAHRENHEIT_LIKE.from}: ${Math.round(inCelsius(celsius) * 10) / 10} °C if that is Fahrenheit.`
    return { state: 'unit-doubtful', celsius, since: null, why }
  }
  if (celsius <= limits.max) return { state: 'ok', celsius, since: null, why: null }
  const since = warmSince(known, limits.max)
  const isLong = known.now - since >= (parseDuration(limits.for ?? '1h') ?? HOUR_MS)
  return {
    state: isLong ? 'too-warm' : 'warm',
    celsius,
    since,
    why: `${celsius} °C where ${limits.max} °C are allowed.`,
  }
}

function inCelsius(fahrenheit: number): number {
  return ((fahrenheit - 32) * 5) / 9
}

/** It would be in order as Fahrenheit, and no look ever saw it colder than a fridge in Fahrenheit is. */
function isFahrenheit(said: number, max: number, past: Past): boolean {
  const { from, to } = FAHRENHEIT_LIKE
  return said >= from && said <= to && inCelsius(said) <= max && past.every(({ value }) => value >= from && value <= to)
}

function warmSince({ past, now }: { readonly past: Past; readonly now: number }, max: number): number {
  const cool = past.findLastIndex(({ value }) => value <= max)
  return past[cool + 1]?.at ?? now
}
