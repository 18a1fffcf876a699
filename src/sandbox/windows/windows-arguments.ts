/** A Windows command line taken apart as CommandLineToArgvW does: backslashes count double before a quote only. */
export function windowsArguments(line: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quoted = false
  for (const [piece, slashes = '', quote] of line.matchAll(/(\\*)(")|\\+|[^\\"]/g)) {
    if (quote !== undefined) {
      word = (word ?? '') + '\\'.repeat(slashes.length >> 1)
      if (slashes.length % 2 === 1) word += '"'
      else quoted = !quoted
    } else if (!quoted && /^\s$/.test(piece)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + piece
  }
  return word === undefined ? words : [...words, word]
}
