/** One name with its kind. What holds a comma or a quote is quoted as JSON (nodejs.org/api/crypto.html#x509subjectaltname). */
const ALTERNATIVE = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y

/**
 * The DNS names among the alternative names of a certificate, in the text that Node.js makes of them (`DNS:a.example, IP Address:10.0.0.1`). None
 * where that is not understood to its end, since what is quoted may look like a name.
 */
export function dnsNames(alternatives: string): readonly string[] {
  const names: string[] = []
  const one = new RegExp(ALTERNATIVE)
  while (one.lastIndex < alternatives.length) {
    const [, kind, name] = one.exec(alternatives) ?? []
    if (kind === undefined || name === undefined) return []
    if (kind === 'DNS' && !name.startsWith('"')) names.push(name)
  }
  return names
}
