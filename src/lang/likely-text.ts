/** Units as people write them, and how durations have them here. */
const UNITS: readonly (readonly [written: RegExp, unit: string])[] = [
  [/^ms|millis\w*$/, 'ms'],
  [/^s(ecs?|econds?)?$/, 's'],
  [/^m(ins?|inutes?)?$/, 'm'],
  [/^h(rs?|ours?)?$/, 'h'],
  [/^d(ays?)?$/, 'd'],
]

/**
 * What a text that has not the form wanted was most likely meant to be: `100M` is 100MiB, `10 %` is 10%, `8:00` is 08:00, 30 is
 * 30s, `5 minutes` is 5m, `24.12.2026` is 2026-12-24.
 *
 * @param text as it was written
 * @param fits whether a text has the form wanted
 * @returns the first way of writing it that fits; undefined when none does, or when the text fits already
 */
export function likelyText(text: string, fits: (text: string) => boolean): string | undefined {
  if (fits(text)) return undefined
  const close = text.replaceAll(/\s+/g, '')
  const padded = close.replaceAll(/(?<![\d:])(\d)(?=:\d\d)/g, '0$1')
  return [close, padded, ...sizes(close), ...durations(close), ...dates(close), close.toLowerCase()].find(fits)
}

function sizes(text: string): readonly string[] {
  const [, amount, prefix] = /^(\d+(?:\.\d+)?)([kmgt])(?:i?b)?$/i.exec(text) ?? []
  return amount === undefined || prefix === undefined ? [] : [`${amount}${prefix.toUpperCase()}iB`]
}

function durations(text: string): readonly string[] {
  const [, amount, word] = /^(\d+)([a-z]*)$/i.exec(text) ?? []
  if (amount === undefined || word === undefined) return []
  if (word === '') return [`${amount}s`]
  return UNITS.flatMap(([written, unit]) => (written.test(word.toLowerCase()) ? [`${amount}${unit}`] : []))
}

function dates(text: string): readonly string[] {
  const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text) ?? []
  return day === undefined || month === undefined ? [] : [`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`]
}
