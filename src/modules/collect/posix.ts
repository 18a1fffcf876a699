import { parseDuration } from '../../core/duration.ts'
import type { ModuleContext } from '../../core/module.ts'
import { JOURNAL_IS_READ } from '../../devices/journal/journal-is-read.ts'
import { THERE } from '../../shell/posix-there.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { type JournalItem, LARGEST_FILE, type LogItem, type Raw } from './collect-params.ts'
import { offsetOf } from './line-times.ts'
import { beginningOf, endOf, linesOf, plainOf } from './whole-lines.ts'

const USUAL_LINES = 200
/** How far back a journal is read. */
const SINCE = '24h'

// One byte and one line more than wanted, so that what is cut is known. `ls -Lldn` is on every device, stat is not.
const READ = `${TOOL_PRELUDE}${THERE}need_tool tail head ls date
till_there "$path" || { printf 'absent\\n'; exit 0; }
[ -f "$path" ] || { printf '%s\\n' "$path: it is not a file" >&2; exit 1; }
[ -r "$path" ] || { printf '%s\\n' "$path: Permission denied" >&2; exit 1; }
set -f
set -- $(ls -Lldn "$path")
printf 'there %s %s\\n' "$5" "$(date '+%s %z')"
case $end in
  no) [ "$5" -gt "$largest" ] || head -c "$bytes" "$path" ;;
  *) tail -c "$((bytes + 1))" "$path" | tail -n "$((lines + 1))" ;;
esac`

const JOURNAL = `${TOOL_PRELUDE}need_tool journalctl tail date
${JOURNAL_IS_READ}now=$(date +%s)
entries=$({ journalctl --no-pager -q -a -o short-iso -n "$lines" --since "@$((now - seconds))" -u "$unit" 2>&1; printf '%s\\n' "-- till: $?"; } | tail -c "$((bytes + 64))")
code=\${entries##*-- till: }
if [ "$code" != 0 ]; then printf '%s\\n' "journalctl ended with exit code $code" >&2; exit 1; fi
entries=\${entries%"-- till: 0"}
if [ -z "$entries" ] && command -v systemctl >/dev/null 2>&1; then
  case $(systemctl show -p LoadState -- "$unit" 2>/dev/null),$(journalctl --no-pager -q -n 1 -o cat -u "$unit" 2>/dev/null) in
    LoadState=not-found,) printf 'absent\\n'; exit 0 ;;
  esac
fi
printf 'there\\n%s' "$entries"`

/** The end of a log, or (`end: false`) the beginning of a file. */
export async function readText(
  { shell }: ModuleContext,
  { path, lines = USUAL_LINES, since }: LogItem,
  { bytes, end }: { readonly bytes: number; readonly end: boolean },
): Promise<Raw> {
  const values = { path, lines, bytes, end: end ? 'yes' : 'no', largest: LARGEST_FILE }
  const answer = await shell.ask({ script: READ, values, maxOutputBytes: bytes + 65_536 })
  const failure = failureOf(answer, 'observe', `Reading "${path}"`)
  if (failure) return { kind: 'unread', why: failure.message }
  const [head = '', rest] = split(answer.text)
  if (head === 'absent') return { kind: 'absent' }
  const [, size = '', seconds = '', zone = ''] = head.split(' ')
  const sizeBytes = Number(size)
  if (!end && sizeBytes > LARGEST_FILE) return { kind: 'unread', why: tooLarge(sizeBytes) }
  const plain = plainOf(rest)
  if (plain === undefined) return { kind: 'binary', sizeBytes }
  const all = linesOf(plain)
  const isLonger = sizeBytes > bytes
  // The last piece of what was cut may be half a line.
  if (!end)
    return beginningOf(isLonger ? linesOf(plain.slice(0, plain.lastIndexOf('\n') + 1)) : all, sizeBytes, isLonger)
  const kept = all.length > lines ? all.slice(-lines) : isLonger ? all.slice(1) : all
  const now = { seconds: Number(seconds), offsetMinutes: offsetOf(zone) }
  return endOf(kept, { sizeBytes, isCut: kept.length < all.length || isLonger, since, now })
}

export function tooLarge(sizeBytes: number): string {
  return `It has ${sizeBytes} bytes; a file has ${LARGEST_FILE} at the most. The end of a long one is taken by \`logs\`.`
}

/** The last entries of a unit in the journal of systemd. */
export async function readUnit(
  { shell }: ModuleContext,
  { unit, lines = USUAL_LINES, since = SINCE }: JournalItem,
  bytes: number,
): Promise<Raw> {
  const values = { unit, lines, bytes, seconds: Math.ceil((parseDuration(since) ?? 0) / 1000) }
  const answer = await shell.ask({ script: JOURNAL, values, maxOutputBytes: bytes + 65_536 })
  const failure = failureOf(answer, 'observe', `Reading the journal of "${unit}"`)
  if (failure) return { kind: 'unread', why: failure.message }
  const [head = '', rest] = split(answer.text)
  if (head === 'absent') return { kind: 'absent' }
  const all = linesOf(plainOf(rest) ?? '')
  const isLonger = Buffer.byteLength(rest) > bytes
  const isCut = isLonger || all.length >= lines
  return endOf(isLonger ? all.slice(1) : all, {
    sizeBytes: null,
    isCut,
    since: undefined,
    now: { seconds: 0, offsetMinutes: 0 },
  })
}

function split(text: string): readonly [string, string] {
  const at = text.indexOf('\n')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
