/**
 * Whether the whole text is as a name with `*` (any characters) and `?` (one) says. Of several stars only the last is
 * ever tried again, so that time is at most the product of both lengths.
 */
export function globMatches(glob: string, text: string): boolean {
  let [at, from] = [0, 0]
  let star: { readonly at: number; from: number } | undefined
  while (from < text.length) {
    const sign = glob[at]
    if (sign === '*') star = { at: at++, from }
    else if (sign !== undefined && (sign === '?' || sign === text[from])) {
      at++
      from++
    } else if (star) {
      at = star.at + 1
      from = ++star.from
    } else return false
  }
  return /^\**$/.test(glob.slice(at))
}
