/** A number that stands for "never" in machines that count with 32 bits. */
const ALL_ONES = 0xffff_ffff

export function wholeIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined
  const number = Number(text)
  return number === ALL_ONES ? undefined : number
}

/**
 * `yymmdd` or `yyyymmdd` and `hhmm` or `hhmmss`, with or without `-` and `:` between them, as ISO 8601 without an offset; undefined
 * where that is no time.
 */
export function wallTimeIn(date: string | undefined, time: string | undefined): string | undefined {
  const day = /^(?:(\d\d)?(\d\d))(-?)(\d\d)\3(\d\d)$/.exec(date ?? '')
  const clock = /^(\d\d)(:?)(\d\d)(?:\2(\d\d))?$/.exec(time || '0000')
  if (!day || !clock) return undefined
  const [, century = '20', year, , month, dayOfMonth] = day
  const [, hour, , minute, second = '00'] = clock
  const text = `${century}${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}`
  const instant = new Date(`${text}Z`)
  return Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 19) !== text ? undefined : text
}
