import { createHmac } from 'node:crypto'
import { editFile } from '../files/edit-file.ts'
import { textOrNothing } from '../files/read-regular.ts'
import { globMatches } from '../pattern/glob.ts'

/** The host keys of one device. */
export interface RecordedHost {
  readonly address: string
  readonly port: number
  /** `type base64`. */
  readonly keys: readonly string[]
}

interface Entry {
  readonly marker: string | undefined
  /** Names in lower case: `a,b`, `[a]:2222`, `*.shop`, `!c`; or `|1|salt|hash` as it is. */
  readonly names: string
  readonly key: string
}

/** A known_hosts file, understood. */
export interface KnownHosts {
  readonly entries: readonly Entry[]
  /** Entries with one plain name, by that name; the others have to be tried one by one. */
  readonly plain: ReadonlyMap<string, readonly Entry[]>
  readonly others: readonly Entry[]
}

const SSH_PORT = 22

/** Parses OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); lines that are none are passed over. */
export function parseKnownHosts(text: string): KnownHosts {
  const entries = text.split('\n').flatMap((line) => parseLine(line) ?? [])
  const plain = new Map<string, Entry[]>()
  const others: Entry[] = []
  for (const entry of entries) {
    if (/[*?!|]/.test(entry.names)) others.push(entry)
    else for (const name of entry.names.split(',')) plain.set(name, [...(plain.get(name) ?? []), entry])
  }
  return { entries, plain, others }
}

function parseLine(line: string): Entry | undefined {
  const words = line.trim().split(/\s+/)
  if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return undefined
  const marker = words[0].startsWith('@') ? words.shift() : undefined
  const [names, type, blob] = words
  if (names === undefined || type === undefined || blob === undefined) return undefined
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined
  // OpenSSH compares without case (match_hostname of its match.c), and hashes names in lower case.
  return { marker, names: names.startsWith('|') ? names : names.toLowerCase(), key: `${type} ${blob}` }
}

/** How a host is written: the address alone for port 22, `[address]:port` for others. */
function hostName(address: string, port: number): string {
  const lower = address.toLowerCase()
  return port === SSH_PORT ? lower : `[${lower}]:${port}`
}

function entriesFor(file: KnownHosts, address: string, port: number): readonly Entry[] {
  const name = hostName(address, port)
  return [...(file.plain.get(name) ?? []), ...file.others.filter((entry) => matches(entry.names, name))]
}

/** What known_hosts says of an address and port beside its keys. */
export interface HostMarks {
  readonly revoked: readonly string[]
  /** Keys of authorities whose host certificates OpenSSH would accept. */
  readonly authorities: readonly string[]
}

/** The lines with a marker that hold for an address and port. */
export function lookupHostMarks(file: KnownHosts, address: string, port: number): HostMarks {
  const hits = entriesFor(file, address, port)
  const marked = (marker: string) => hits.filter((entry) => entry.marker === marker).map((entry) => entry.key)
  return { revoked: marked('@revoked'), authorities: marked('@cert-authority') }
}

/** Keys recorded for an address and port, as `type base64`, without those that are revoked. */
export function lookupHostKeys(file: KnownHosts, address: string, port: number): readonly string[] {
  const hits = entriesFor(file, address, port)
  const revoked = new Set(hits.filter((entry) => entry.marker === '@revoked').map((entry) => entry.key))
  const keys = hits.filter((entry) => entry.marker === undefined && !revoked.has(entry.key)).map((entry) => entry.key)
  return [...new Set(keys)]
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, name)
  let found = false
  for (const pattern of names.split(',')) {
    const negated = pattern.startsWith('!')
    if (!globMatches(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    found = true
  }
  return found
}

/** `|1|salt|hash`: HMAC-SHA1 of the name under the salt. */
function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|')
  if (version !== '1' || salt === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** The keys that are recorded for an address and port. */
export interface HostKeyLookup {
  (address: string, port: number): readonly string[]
  readonly marked?: (address: string, port: number) => HostMarks
}

/** Looks keys up in a file that is read at the first question; a file that does not exist has none. */
export function hostKeyLookup(path: string): Required<HostKeyLookup> & HostKeyLookup {
  let file: KnownHosts | undefined
  const read = (): KnownHosts => {
    file ??= parseKnownHosts(textOrNothing(path))
    return file
  }
  const lookup = (address: string, port: number) => lookupHostKeys(read(), address, port)
  return Object.assign(lookup, {
    marked: (address: string, port: number) => lookupHostMarks(read(), address, port),
  })
}

/**
 * The text with exactly `hosts` recorded for their addresses and ports; what it says of others, its comments and what
 * is revoked stay as they are.
 */
export function withHostKeys(text: string, hosts: readonly RecordedHost[]): string {
  const names = new Set(hosts.map((host) => hostName(host.address, host.port)))
  const kept = text.split('\n').flatMap((line) => withoutHosts(line, names) ?? [])
  while (kept.at(-1) === '') kept.pop()
  const file = parseKnownHosts(text)
  const added = hosts.flatMap(({ address, port, keys }) => {
    const { revoked } = lookupHostMarks(file, address, port)
    return keys.filter((key) => !revoked.includes(key)).map((key) => `${hostName(address, port)} ${key}`)
  })
  const lines = [...kept, ...added]
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** A line without the hosts; undefined when nothing is left of it. Patterns stay: they speak of others too. */
function withoutHosts(line: string, names: ReadonlySet<string>): string | undefined {
  const entry = parseLine(line)
  if (!entry || entry.marker !== undefined) return line
  if (entry.names.startsWith('|')) return [...names].some((name) => isHashOf(entry.names, name)) ? undefined : line
  const written = /\S+/.exec(line)?.[0] ?? ''
  const all = written.split(',')
  const left = all.filter((name) => !names.has(name.toLowerCase()))
  if (left.length === all.length) return line
  return left.length === 0 ? undefined : line.replace(written, () => left.join(','))
}

/** Records host keys in a file; others may do so at the same time. Creates it and its folder if need be. */
export function recordHostKeys(path: string, hosts: readonly RecordedHost[]): Promise<void> {
  return editFile(path, (before) => withHostKeys(before, hosts), { mode: 0o644 })
}
