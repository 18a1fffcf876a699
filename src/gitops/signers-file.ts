/** A line of the list of signers that is not taken, and why. */
export interface SignersProblem {
  readonly line: number
  readonly detail: string
}

/** Names, options where there are any, type of the key, key; behind it a comment (ssh-keygen(1), ALLOWED SIGNERS). */
const ENTRY = /^(\S+)\s+(?:((?:[^\s"]|"[^"]*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/
const OPTION = /^(?:cert-authority|namespaces="[^"]+"|(valid-after|valid-before)="([^"]*)")$/i

/**
 * What of an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS) would be read otherwise than it looks, or not at all: a time
 * without `Z` is local to whoever reads it, a pattern in place of a name says nothing of who signed, and a line with a slip in it is
 * passed over by ssh-keygen, so that its signer is a stranger.
 */
export function signersProblems(text: string): readonly SignersProblem[] {
  const problems: SignersProblem[] = []
  let entries = 0
  if (text.startsWith('\ufeff'))
    problems.push({
      line: 1,
      detail: 'the file begins with a byte order mark, which is read as a part of the first name',
    })
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    entries += 1
    problems.push(...lineProblems(line.trim()).map((detail) => ({ line: index + 1, detail })))
  }
  if (entries === 0) problems.push({ line: 1, detail: 'it names no signer' })
  return problems
}

function lineProblems(line: string): readonly string[] {
  const [principals = ''] = line.split(/\s+/)
  if (/["\\]/.test(principals)) return ['names of signers stand without quotes and backslashes']
  const [, , options = '', type = '', key = ''] = ENTRY.exec(line) ?? []
  if (key === '') return ['behind the names, and options without blanks, stand the type of the key and the key']
  const problems: string[] = []
  if (!isWhole(key, type)) problems.push(`the key is cut short, or is not of the type ${type}`)
  const all = options.match(/(?:[^,"]|"[^"]*")+/g) ?? []
  if (/[*?!]/.test(principals) && !all.some((option) => /^cert-authority$/i.test(option)))
    problems.push(`"${principals}" is a pattern; only a cert-authority may have one, a key belongs to a name`)
  return [...problems, ...all.flatMap(optionProblems)]
}

function optionProblems(option: string): readonly string[] {
  const [whole, name, time = ''] = OPTION.exec(option) ?? []
  if (whole === undefined)
    return [`${option} is no option: there are cert-authority, namespaces="…", valid-after="…" and valid-before="…"`]
  if (name === undefined) return []
  if (!/Z$/i.test(time))
    return [`${name} "${time}" has no Z behind it: it would be local time, another on each machine`]
  return isTime(time) ? [] : [`${name} "${time}" is no time: YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ`]
}

function isTime(text: string): boolean {
  const [, date = '', time = ''] = /^(\d{8})(\d{4}|\d{6})?Z$/i.exec(text) ?? []
  const iso = `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.padEnd(6, '0').replace(/(..)(..)(..)/, '$1:$2:$3')}.000Z`
  const at = new Date(iso)
  return date !== '' && !Number.isNaN(at.getTime()) && at.toISOString() === iso
}

/** A key is fields behind their lengths, of which the first is its type (RFC 4253, 6.6); a certificate has other fields, too. */
function isWhole(key: string, type: string): boolean {
  const bytes = Buffer.from(key, 'base64')
  let at = 0
  let first: string | undefined
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    first ??= bytes.subarray(at + 4, end).toString('latin1')
    at = end
  }
  return first === type && (at === bytes.length || type.includes('-cert-'))
}

/** Whether a key stands in the list at all, for a message: ssh-keygen says no more than that it found nobody. */
export function isListed(text: string, key: string): boolean {
  return text.includes(key)
}
