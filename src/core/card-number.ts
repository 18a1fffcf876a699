import { MASK } from './secret.ts'

/** Digits as many as numbers of cards have at least, with blanks or hyphens between (ISO/IEC 7812-1). */
const RUNS = /\d(?:[ -]?\d){12,}/g
const SHORTEST = 13
const LONGEST = 19
/** Of nearly all cards: looked for within runs that are longer than any number of a card. */
const USUAL = 16
/** How many digits the pieces have in which cards show their numbers. */
const PRINTED = /^(4444[123]?|465|464)$/

/** Whether a text has a number in it that could be that of a card: 13 to 19 digits with the check digit of Luhn. */
export function hasCardNumber(text: string): boolean {
  if (text.length < SHORTEST) return false
  for (const [run] of text.matchAll(RUNS)) if (mayBeCard(run)) return true
  return false
}

/** The text with `***` in the place of each run of digits that `hasCardNumber` would find, and how many those were. */
export function withoutCardNumbers(text: string): { readonly text: string; readonly count: number } {
  let count = 0
  const masked = text.replace(RUNS, (run) => {
    if (!mayBeCard(run)) return run
    count += 1
    return MASK
  })
  return { text: masked, count }
}

function mayBeCard(run: string): boolean {
  const parts = run.split(/[ -]/)
  // Beside another number, as behind the number of a line.
  if (parts.some((_, at) => isCardFrom(parts, at))) return true
  const digits = parts.join('')
  if (digits.length <= LONGEST) return isLuhn(digits, 0, digits.length)
  for (let from = 0; from + USUAL <= digits.length; from += 1) if (isLuhn(digits, from, from + USUAL)) return true
  return false
}

/** Whether the number of a card begins there: in one piece, or in pieces as they are printed on cards (4-4-4-4, 4-6-5, 4-6-4). */
function isCardFrom(parts: readonly string[], at: number): boolean {
  const first = parts[at] ?? ''
  if (first.length >= SHORTEST && first.length <= LONGEST && isLuhn(first, 0, first.length)) return true
  if (first.length !== 4) return false
  return [3, 4, 5].some((count) => {
    const pieces = parts.slice(at, at + count)
    const digits = pieces.join('')
    return PRINTED.test(pieces.map(({ length }) => length).join('')) && isLuhn(digits, 0, digits.length)
  })
}

function isLuhn(digits: string, from: number, to: number): boolean {
  let sum = 0
  for (let at = to - 1, isDouble = false; at >= from; at -= 1, isDouble = !isDouble) {
    const digit = digits.charCodeAt(at) - 48
    sum += isDouble ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
  }
  return sum % 10 === 0
}
