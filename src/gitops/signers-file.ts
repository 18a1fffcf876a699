/** A line of the list of signers that is not taken, and why. */
export interface SignersProblem {
  readonly line: number
  readonly detail: string
}

const TIMES = /\b(valid-after|valid-before)="?([0-9A-Za-z]+)"?/gi

/**
 * What of an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS) would be read otherwise than it looks: a time without
 * `Z` is local to whoever reads it, and a pattern in place of a name says nothing of who signed.
 */
export function signersProblems(text: string): readonly SignersProblem[] {
  const problems: SignersProblem[] = []
  let entries = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    entries += 1
    problems.push(...lineProblems(line).map((detail) => ({ line: index + 1, detail })))
  }
  if (entries === 0) problems.push({ line: 1, detail: 'it names no signer' })
  return problems
}

function lineProblems(line: string): readonly string[] {
  const problems: string[] = []
  const [principals = ''] = line.trim().split(/\s+/)
  if (/["\\]/.test(principals)) problems.push('names of signers stand without quotes and backslashes')
  if (/[*?!]/.test(principals) && !/\bcert-authority\b/i.test(line))
    problems.push(`"${principals}" is a pattern; only a cert-authority may have one, a key belongs to a name`)
  for (const [, name, time = ''] of line.matchAll(TIMES)) {
    if (!/^(\d{8}|\d{12}|\d{14})Z$/i.test(time))
      problems.push(`${name} "${time}" has no Z behind it: it would be local time, another on each machine`)
  }
  return problems
}

/** Whether a key stands in the list at all, for a message: ssh-keygen says no more than that it found nobody. */
export function isListed(text: string, key: string): boolean {
  return text.includes(key)
}
