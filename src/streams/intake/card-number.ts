/** Digits as many as numbers of cards have at least, with blanks or hyphens between (ISO/IEC 7812-1). */
const RUNS = /\d(?:[ -]?\d){12,}/g
const SHORTEST = 13
const LONGEST = 19
/** Of nearly all cards: looked for within runs that are longer than any number of a card. */
const USUAL = 16

/** Whether a text has a number in it that could be that of a card: 13 to 19 digits with the check digit of Luhn. */
export function hasCardNumber(text: string): boolean {
  if (text.length < SHORTEST) return false
  for (const [run] of text.matchAll(RUNS)) {
    const digits = run.replaceAll(/[ -]/g, '')
    if (digits.length <= LONGEST && isLuhn(digits, 0, digits.length)) return true
    if (digits.length <= LONGEST) continue
    for (let from = 0; from + USUAL <= digits.length; from += 1) if (isLuhn(digits, from, from + USUAL)) return true
  }
  return false
}

function isLuhn(digits: string, from: number, to: number): boolean {
  let sum = 0
  for (let at = to - 1, isDouble = false; at >= from; at -= 1, isDouble = !isDouble) {
    const digit = digits.charCodeAt(at) - 48
    sum += isDouble ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
  }
  return sum % 10 === 0
}
