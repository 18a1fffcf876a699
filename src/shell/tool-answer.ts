import type { ShellAnswer } from '../core/channel.ts'
import type { Failure, Phase } from '../core/failure.ts'

/** Exit code by which a script says that a program, or a part of the system, is missing; the last line of its stderr names it. */
export const TOOL_MISSING_EXIT = 97

/**
 * For the head of a module's script: messages in the C locale, `need_tool NAME…`, which ends the script if one of
 * these programs is missing, and `lacks TEXT`, which ends it since the device has no such thing ("package manager …").
 */
export const TOOL_PRELUDE = `LC_ALL=C; export LC_ALL
need_tool() {
  for tool_name in "$@"; do
    command -v "$tool_name" >/dev/null 2>&1 || { printf '%s\\n' "till: missing program: $tool_name" >&2; exit ${TOOL_MISSING_EXIT}; }
  done
}
lacks() { printf '%s\\n' "till: missing: $1" >&2; exit ${TOOL_MISSING_EXIT}; }
`

/**
 * Defines `run_action COMMAND…`, which ends the script with the end of its output if it fails. For programs that start
 * daemons: those inherit their output and keep it open, so that it goes to a private file where there is room. That is gone afterwards, and
 * so is the directory `$scratch`. They inherit all else too, so that it runs in the surroundings that the system gives its
 * own (`as_the_system_does`): the umask and the limits of init, no input, no locale and nothing of our session. Without a
 * locale messages are those of the C locale. systemd starts daemons itself.
 */
export const RUN_ACTION = `umask_was=$(umask) log=
umask 077
# What cannot write its output fails: where there is no room for it, it goes elsewhere.
for at in "\${TMPDIR:-/tmp}" /var/tmp /dev/shm /run; do
  log=$(mktemp "$at/till.XXXXXX" 2>/dev/null) || continue
  if { head -c 65536 /dev/zero >"$log"; } 2>/dev/null; then : >"$log"; break; fi
  rm -f "$log"
  log=
done
umask "$umask_was"
[ -n "$log" ] || log=$(umask 077; mktemp "\${TMPDIR:-/tmp}/till.XXXXXX") || exit
trap 'rm -rf "$log" "\${scratch:-$log}"' EXIT
trap 'exit 143' HUP INT TERM
limit_as() {
  case $2$3 in *[!0-9a-z]* | '') return ;; esac
  ulimit -S "$1" "$2" 2>/dev/null
  ulimit -H "$1" "$3" 2>/dev/null
  ulimit -S "$1" "$2" 2>/dev/null
}
limits_of_init() {
  if [ -d /run/systemd/system ] || [ ! -r /proc/1/limits ]; then return; fi
  while read -r max what which soft hard rest; do
    case $what,$which in
      open,files) limit_as -n "$soft" "$hard" ;;
      core,file) case $hard,$rest in 0,0' '* | 0,unlimited' '* | unlimited,unlimited' '*) limit_as -c "$hard" "\${rest%% *}" ;; esac ;;
    esac
  done </proc/1/limits
}
as_the_system_does() (
  umask 022
  cd /
  limits_of_init
  unset LC_ALL LANG LANGUAGE LC_CTYPE LC_MESSAGES LC_COLLATE LC_NUMERIC LC_TIME OLDPWD MAIL
  unset SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK XDG_SESSION_ID XDG_SESSION_TYPE XDG_SESSION_CLASS XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  exec "$@" </dev/null
)
try_action() {
  as_the_system_does "$@" >"$log" 2>&1
  code=$?
}
run_action() {
  try_action "$@"
  end_action
}
end_action() {
  if [ "$code" -ne 0 ]; then
    if [ "$(($(wc -c <"$log")))" -gt 8000 ]; then head -c 4000 "$log"; printf '\\n…\\n'; tail -c 4000 "$log"; else cat "$log"; fi >&2
    exit "$code"
  fi
}
`

/** The first `limit` characters. Like `tailOf`, it says with `…` where it cut, so that what is cut there can be masked. */
export function headOf(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`
}

/** How much of what a device said is kept for messages. */
const EVIDENCE_BYTES = 300

/** The beginning of what a device said, on one line, without control characters. */
export function printable(text: string): string {
  return headOf(text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim(), EVIDENCE_BYTES)
}

/** The last `limit` characters, whole lines where that is possible: the end of an output is what explains a failure. */
export function tailOf(text: string, limit = 1000): string {
  const trimmed = text.trim()
  if (trimmed.length <= limit) return trimmed
  const cut = trimmed.slice(-limit)
  return `…${cut.slice(cut.indexOf('\n') + 1)}`
}

const COMPLAINT =
  /\b(?:E:|errors?\b|failed|failure|cannot|can't|could not|unable|refus|denied|no such|not found|conflict|broken|public key|not signed|no_pubkey)/i

/**
 * What an output says of its cause, at most `limit` characters: all of it, or from its first line that complains. A tool
 * says what is wrong first and what follows from it behind that.
 */
export function causeOf(text: string, limit = 300): string {
  const trimmed = text.trim()
  if (trimmed.length <= limit) return trimmed
  const at = COMPLAINT.exec(trimmed)?.index ?? 0
  const from = at === 0 ? 0 : trimmed.lastIndexOf('\n', at) + 1
  return `${from > 0 ? '…' : ''}${headOf(trimmed.slice(from), limit)}`
}

/**
 * The failure that an answer stands for, or undefined for exit code 0.
 * `what` completes the sentence "… ended with exit code 1": a noun with its article, capitalised.
 */
export function failureOf(answer: ShellAnswer, phase: Phase, what: string): Failure | undefined {
  if (answer.failure) return answer.failure
  if (answer.timedOut) {
    const message = `${what} took longer than ${Math.round(answer.durationMs / 100) / 10} s and was ended.`
    return { code: phase === 'observe' ? 'OBSERVE_TIMEOUT' : 'CONVERGE_TIMEOUT', phase, message, ...evidenceOf(answer) }
  }
  if (answer.exitCode === 0) return undefined
  const lacking = missing(answer, /till: missing: (.*)\s*$/)
  if (lacking !== undefined) {
    const hint =
      'Leave the device out of the step by `when`, or look whether it is the machine that you mean: a container?'
    return { code: 'TOOL_MISSING', phase, message: `The device has no ${lacking}.`, hint }
  }
  const tool = missing(answer, /till: missing program: (.*)\s*$/)
  if (tool !== undefined) {
    return { code: 'TOOL_MISSING', phase, message: `The program "${tool}" is not on the device.` }
  }
  const said = causeOf(answer.errorText)
  const message = `${what} ended with exit code ${answer.exitCode}${said === '' ? '.' : `: ${said}`}`
  return { code: phase === 'observe' ? 'OBSERVE_FAILED' : 'CONVERGE_FAILED', phase, message, ...evidenceOf(answer) }
}

/** The raw facts of an answer, bounded, for `Failure.evidence`. */
export function evidenceOf(answer: ShellAnswer): { readonly evidence: NonNullable<Failure['evidence']> } {
  const stdout = tailOf(answer.text)
  const stderr = tailOf(answer.errorText)
  return {
    evidence: {
      exit_code: answer.exitCode,
      ...(stdout !== '' && { stdout }),
      ...(stderr !== '' && { stderr }),
      ...(answer.truncated && { truncated: true }),
    },
  }
}

function missing(answer: ShellAnswer, words: RegExp): string | undefined {
  return answer.exitCode === TOOL_MISSING_EXIT ? words.exec(answer.errorText)?.[1] : undefined
}

/** Lines `key=value` as a map; the last line of a key counts, other lines are passed over. */
export function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1))
  }
  return fields
}
