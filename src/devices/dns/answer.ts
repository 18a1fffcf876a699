/** How a question to the name service ended. */
export const DNS_STATES = [
  'resolved',
  'nxdomain',
  'no-data',
  'servfail',
  'refused',
  'timed-out',
  'unreachable',
  'error',
] as const
export type DnsState = (typeof DNS_STATES)[number]

export const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'PTR'] as const
export type DnsType = (typeof DNS_TYPES)[number]

export interface DnsAnswer {
  readonly state: DnsState
  /** Without the dot at the end of names, sorted; an MX is `10 mail.example`. */
  readonly answers: readonly string[]
  /** The words of who answered, for a person. */
  readonly detail: string
}

/** The name under which an address stands for PTR (RFC 1035, 3.5; RFC 3596, 2.5); a name stays what it is. */
export function pointerName(name: string): string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return `${name.split('.').reverse().join('.')}.in-addr.arpa`
  if (!name.includes(':')) return name
  const [head = '', tail] = name.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [left, right] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  const digits = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('')
  return `${[...digits].reverse().join('.')}.ip6.arpa`
}

/** An answer with its values as they are compared. */
export function dnsAnswer(state: DnsState, values: readonly string[] = [], detail = ''): DnsAnswer {
  return { state, answers: [...new Set(values.map(plainValue))].sort(), detail }
}

/** As answers are compared: names in lower case and without the dot at their end. Text stays. */
export function plainValue(value: string): string {
  return /^[\w.:-]+\.?$|^\d+ \S+$/.test(value) ? value.replace(/\.$/, '').toLowerCase() : value
}
