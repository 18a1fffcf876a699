/** Words as a shell takes them apart, up to a comment; undefined where a quote is never closed. */
export function shellWords(line: string): readonly string[] | undefined {
  const words: string[] = []
  let rest = line.trimStart()
  while (rest !== '' && !rest.startsWith('#')) {
    const [word] = WORD.exec(rest) ?? []
    if (word === undefined) return undefined
    words.push(word.replace(PART, unquoted))
    rest = rest.slice(word.length)
    if (rest !== '' && !/^\s/.test(rest)) return undefined
    rest = rest.trimStart()
  }
  return words
}

const WORD = /^(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/s
const PART = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs

function unquoted(_all: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? ''
}
