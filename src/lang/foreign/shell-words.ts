/**
 * Words as Python's shlex takes them apart, by which Ansible reads the line of a host (`shlex_split(line, comments=True)` of its ini.py):
 * a comment begins at any `#` that is not in quotes, also within a word, and in double quotes a backslash stands for itself but
 * before `"` and another one. Undefined where a quote is never closed.
 */
export function shellWords(line: string): readonly string[] | undefined {
  const words: string[] = []
  let rest = line.trimStart()
  while (rest !== '' && !rest.startsWith('#')) {
    const [word] = WORD.exec(rest) ?? []
    if (word === undefined) return undefined
    words.push(word.replace(PART, unquoted))
    rest = rest.slice(word.length)
    if (rest !== '' && !/^[\s#]/.test(rest)) return undefined
    rest = rest.trimStart()
  }
  return words
}

const WORD = /^(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\#])+/s
const PART = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs

function unquoted(_all: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? ''
}
