/**
 * Whether a path is meant by a pattern: `*` and `?` stay within a name, `**` is any number of folders; one that ends
 * with `/` is everything below. Takes time in the product of both lengths at most.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = (pattern.endsWith('/') ? `${pattern}**` : pattern).split('/')
  return matchesAll(wanted, path.split('/'), { isAny: (part) => part === '**', one: matchesName })
}

function matchesName(pattern: string, name: string): boolean {
  const one = (wanted: string, is: string): boolean => wanted === '?' || wanted === is
  return matchesAll([...pattern], [...name], { isAny: (part) => part === '*', one })
}

/** The usual walk with one place to return to: the last part that stands for any number. */
function matchesAll(
  wanted: readonly string[],
  is: readonly string[],
  by: { readonly isAny: (part: string) => boolean; readonly one: (wanted: string, is: string) => boolean },
): boolean {
  let w = 0
  let i = 0
  let back: { readonly w: number; i: number } | undefined
  while (i < is.length) {
    const part = wanted[w]
    if (part !== undefined && by.isAny(part)) {
      back = { w, i }
      w += 1
    } else if (part !== undefined && by.one(part, is[i] ?? '')) {
      w += 1
      i += 1
    } else if (back) {
      back.i += 1
      i = back.i
      w = back.w + 1
    } else return false
  }
  return wanted.slice(w).every(by.isAny)
}
