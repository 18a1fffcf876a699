import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { type DnsAnswer, type DnsState, type DnsType, dnsAnswer } from './answer.ts'

/**
 * Asks for `$name` (for PTR the name of the pointer) and `$type` by what the device has: dig, host, nslookup (of BIND or
 * busybox); getent, which cannot be told a server and knows addresses only. `$server` may be empty. Prints the tool, its
 * exit code and what it said.
 */
export const RESOLVE = `${TOOL_PRELUDE}
has() { command -v "$1" >/dev/null 2>&1; }
if has dig; then
  tool=dig
  set -- +noall +comments +answer +tries=1 "+time=$seconds" -p "$port"
  if [ -n "$server" ]; then set -- "$@" "@$server"; fi
  said=$(dig "$@" -t "$type" -q "$name" 2>&1 </dev/null)
elif has host; then
  tool=host
  set -- -t "$type" -W "$seconds" -R 1
  if [ "$port" != 53 ]; then set -- "$@" -p "$port"; fi
  set -- "$@" "$name"
  if [ -n "$server" ]; then set -- "$@" "$server"; fi
  said=$(host "$@" 2>&1 </dev/null)
elif has nslookup; then
  tool=nslookup
  set -- "-type=$type" "-timeout=$seconds" -retry=1
  if [ "$port" != 53 ]; then set -- "$@" "-port=$port"; fi
  set -- "$@" "$name"
  if [ -n "$server" ]; then set -- "$@" "$server"; fi
  said=$(nslookup "$@" 2>&1 </dev/null)
elif [ -z "$server" ] && has getent && { [ "$type" = A ] || [ "$type" = AAAA ]; }; then
  tool=getent
  database=ahostsv4
  if [ "$type" = AAAA ]; then database=ahostsv6; fi
  said=$(getent "$database" "$name" 2>&1 </dev/null)
else
  need_tool dig
fi
code=$?
printf '%s\\n%s\\n%s\\n' "$tool" "$code" "$said"
`

const RCODES: Readonly<Record<string, DnsState>> = {
  NOERROR: 'resolved',
  NXDOMAIN: 'nxdomain',
  SERVFAIL: 'servfail',
  REFUSED: 'refused',
  NOTIMP: 'refused',
}

/** What `RESOLVE` printed. */
export function resolvedThere(text: string, type: DnsType): DnsAnswer {
  const [tool = '', code = '', ...lines] = text.trimEnd().split('\n')
  const detail = lines
    .filter((line) => line.trim() !== '')
    .join('; ')
    .slice(0, 500)
  const state = stateIn(lines.join('\n'), tool, code)
  if (state !== 'resolved') return dnsAnswer(state, [], detail)
  // BIND's nslookup writes the port of the server behind `#`, busybox behind `:`.
  const read = tool === 'nslookup' && !/^Address:\s.*#\d+$/m.test(text) ? asItIs : unquoted
  const found = lines.flatMap((line) => valuesIn(line, tool, type).map(read))
  return found.length > 0 ? dnsAnswer('resolved', found) : dnsAnswer('no-data', [], detail)
}

/** The status of the last answer that dig tells: of several servers the first may be dead, which it says before. */
function statusOfDig(text: string): DnsState | undefined {
  const status = [...text.matchAll(/^;;.*\bstatus: ([A-Z]+)/gm)].at(-1)?.[1]
  return status === undefined ? undefined : (RCODES[status] ?? 'error')
}

function stateIn(text: string, tool: string, code: string): DnsState {
  const told = tool === 'dig' ? statusOfDig(text) : undefined
  if (told !== undefined) return told
  if (/no servers could be reached|timed out/i.test(text)) {
    return /connection refused|host unreachable|network (is )?unreachable/i.test(text) ? 'unreachable' : 'timed-out'
  }
  if (/connection refused|can't connect|unreachable/i.test(text)) return 'unreachable'
  const rcode = /\b(NXDOMAIN|SERVFAIL|REFUSED|NOTIMP)\b/.exec(text)?.[1]
  if (rcode !== undefined) return RCODES[rcode] ?? 'error'
  if (/has no \S+ record|no answer/i.test(text)) return 'no-data'
  // getent has one word for whatever is not found.
  if (tool === 'getent' && code === '2') return 'nxdomain'
  if (/can't (find|resolve)|parse error/i.test(text)) return 'error'
  return code === '0' || /status: NOERROR/.test(text) ? 'resolved' : 'error'
}

const HOST: Readonly<Record<DnsType, RegExp>> = {
  A: / has address (\S+)$/,
  AAAA: / has IPv6 address (\S+)$/,
  CNAME: / is an alias for (\S+)$/,
  MX: / mail is handled by (\d+ \S+)$/,
  TXT: / descriptive text (".*")$/,
  PTR: / domain name pointer (\S+)$/,
}

const NSLOOKUP: Readonly<Record<DnsType, RegExp>> = {
  A: /^Address(?: \d+)?:\s*(\d+\.\d+\.\d+\.\d+)$/,
  AAAA: /^(?:Address(?: \d+)?:\s*|.*has AAAA address )([0-9a-f:]*:[0-9a-f:.]*)$/i,
  CNAME: /\bcanonical name = (\S+)$/,
  MX: /\bmail exchanger = (\d+ \S+)$/,
  TXT: /\btext = (".*")$/,
  PTR: /\bname = (\S+)$/,
}

function valuesIn(line: string, tool: string, type: DnsType): string[] {
  if (tool === 'getent') return [line.split(/\s+/)[0] ?? '']
  if (tool === 'dig') {
    const [, of, value = ''] = /^[^;\s]\S*\s+\d+\s+IN\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return of === type ? [value] : []
  }
  const value = (tool === 'host' ? HOST : NSLOOKUP)[type].exec(line)?.[1]
  return value === undefined ? [] : [value]
}

/** `"a" "b"` as `ab`: the parts of one text. BIND writes bytes that are not ASCII as `\197\187` (RFC 1035, 5.1). */
function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  const parts = [...value.matchAll(/\s*"((?:[^"\\]|\\.)*)"/gy)].map(([, part = '']) => part)
  const bytes = parts.join('').replace(/\\(?:(\d{3})|(.))/g, (_, code: string | undefined, sign: string) => {
    return code === undefined ? sign : String.fromCharCode(Number(code))
  })
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** busybox writes a text between quotes as it is, whatever is in it. */
function asItIs(value: string): string {
  return value.replace(/^"(.*)"$/s, '$1')
}
