/** Milliseconds. */
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
/** Of 24 hours; on the nights when clocks change, a calendar day is an hour shorter or longer. */
export const DAY_MS = 24 * HOUR_MS

const UNITS_MS = { ms: 1, s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const

/** What a duration looks like, for schemas: `90s`, `2m`, `1m30s`, `500ms`, `90d`. A day is 24 hours. */
export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$'

/** A parameter that holds one. */
export const DURATION = { type: 'string', pattern: DURATION_PATTERN, examples: ['90s', '1m30s'] } as const

/** Milliseconds of a text such as `90s`, `1.5h` or `1m30s`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS]
  }
  return Math.round(total)
}
