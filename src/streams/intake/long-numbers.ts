/** In JSON, a number of which not all digits are kept: whoever reads it rounds it. */
const LONG_NUMBER = /[:[,\s]-?\d{16,}\s*[,}\]]/

export function hasLongNumber(text: string): boolean {
  return LONG_NUMBER.test(text)
}

/** Whether an id has digits that are not those of the text: two that differ there may be the same when they are read. */
export function isRounded(id: string, text: string): boolean {
  return hasLongNumber(text) && (id.match(/\d{16,}/g) ?? []).some((digits) => !text.includes(digits))
}
