import { createHash } from 'node:crypto'
import { parseDuration } from '../../core/duration.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { NewSample } from '../../core/sample.ts'
import { JOURNAL_IS_READ } from '../../devices/journal/journal-is-read.ts'
import { grepPattern } from '../../pattern/device-pattern.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { Hits, JournalSource } from './log-params.ts'

/** How far back an earlier look is remembered, and how far back entries are read where nothing is said. */
const BACK_MS = 400 * 86_400_000
const SINCE_SECONDS = 86_400

const READ_JOURNAL = `${TOOL_PRELUDE}need_tool journalctl tr grep awk date
${JOURNAL_IS_READ}cursor=\${said##*-- cursor: }
now=$(date +%s)
case \${after%%.*} in '' | *[!0-9]*) from=$((now - seconds)) ;; *) from=$after; if [ "\${after%%.*}" -gt "$now" ]; then from=$((now - seconds)); fi ;; esac
# Up to the entry that was the last a moment ago: what comes meanwhile is for the next look.
reached=\${cursor#*;t=} reached=\${reached%%;*}
case $reached in '' | *[!0-9a-f]*) printf '%s\\n' "journalctl told no cursor: $cursor" >&2; exit 1 ;; esac
reached=$(printf %d "0x$reached")
until=$(printf '%d.%06d' "$((reached / 1000000))" "$((reached % 1000000))")
set -- --no-pager -q -a --since "@$from" --until "@$until"
if [ -n "$unit" ]; then set -- "$@" -u "$unit"; fi
if [ -n "$identifier" ]; then set -- "$@" -t "$identifier"; fi
if [ -n "$priority" ]; then set -- "$@" -p "$priority"; fi
# Without a pattern entries are counted; what a long one goes on with is set in.
format=cat
if [ -n "$pattern" ]; then pattern=$(printf %b "$pattern"); else format=short-iso pattern='^[0-9]'; fi
# All of them are looked at as they come, and none but the latest is kept: first the exit code, then count and latest.
read_entries() {
  { { journalctl "$@" -o "$format" 2>/dev/null; printf '%s\\n' "$?" >&3; } | tr -d '\\000\\r' | grep -aE -e "$pattern" |
    awk '{ last[++n % 5] = substr($0, 1, 300) } END { print n + 0; for (i = n - 4; i <= n; i++) if (i > 0) print last[i % 5] }'; } 3>&1
}
# journalctl refuses a beginning behind the end: nothing has come since.
at=\${from%%.*}000000
case $from in *.*) at=\${from%%.*}\${from#*.} ;; esac
hits=0
if [ "$at" -le "$reached" ]; then
  hits=$(read_entries "$@")
  code=\${hits%%[!0-9]*} hits=\${hits#*[!0-9]}
  if [ "$code" != 0 ]; then printf '%s\\n' "journalctl ended with exit code $code" >&2; exit 1; fi
fi
if [ "$hits" = 0 ] && [ -n "$unit" ] && command -v systemctl >/dev/null 2>&1; then
  case $(systemctl show -p LoadState -- "$unit" 2>/dev/null),$(journalctl --no-pager -q -n 1 -o cat -u "$unit" 2>/dev/null) in
    LoadState=not-found,) printf '%s\\n' "There is no unit $unit, and the journal has nothing of it" >&2; exit 1 ;;
  esac
fi
printf '%s\\n' "$reached" "$hits"`

/** Counts entries of the journal of systemd: of the last while, or only those that no earlier run has seen. */
export async function readJournal(
  { shell, history, now }: ModuleContext,
  source: JournalSource,
  pattern: string | undefined,
): Promise<Result<Hits>> {
  const { unit = '', identifier = '', priority = '', since, unseen } = source
  const series = seriesOf(source, pattern)
  const at = now()
  const seen = unseen ? await history.samples(series, new Date(at.getTime() - BACK_MS), at) : []
  const values = {
    unit,
    identifier,
    priority,
    pattern: pattern === undefined ? '' : grepPattern(pattern),
    seconds: since === undefined ? SINCE_SECONDS : Math.ceil((parseDuration(since) ?? 0) / 1000),
    after: afterOf(seen.at(-1)?.value),
  }
  const answer = await shell.ask({ script: READ_JOURNAL, values })
  const failure = failureOf(answer, 'observe', 'Reading the journal')
  if (failure) return fail(failure)
  const [reached = '', count = '', ...latest] = answer.text.trimEnd().split('\n')
  // The time of its last entry, in µs by the device's clock.
  const sample = unseen ? [{ series, at: at.toISOString(), value: Number(reached) }] : []
  return success({ count: Number(count), latest, age: null, samples: sample satisfies readonly NewSample[] })
}

/** What has one place in the journal for all of its looks. */
function seriesOf({ unit, identifier, priority }: JournalSource, pattern: string | undefined): string {
  const source = JSON.stringify([unit, identifier, priority, pattern])
  return `journal:${createHash('sha256').update(source).digest('hex').slice(0, 16)}`
}

/** Seconds with six decimals, one microsecond behind; nothing for nothing. */
function afterOf(microseconds: number | undefined): string {
  if (microseconds === undefined) return ''
  const next = String(microseconds + 1).padStart(7, '0')
  return `${next.slice(0, -6)}.${next.slice(-6)}`
}
