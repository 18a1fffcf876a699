import { createHash } from 'node:crypto'
import type { Gate } from '../core/chain.ts'
import type { ShellAnswer, ShellValue } from '../core/channel.ts'
import { assignPosix } from './posix.ts'
import type { KeptScripts } from './posix-kept-scripts.ts'

/** One ask as the interpreter gets it. */
export interface ProgramAsk {
  readonly token: string
  readonly id: number
  readonly script: string
  readonly values: Readonly<Record<string, ShellValue>>
  readonly foreign: boolean
  readonly kept: KeptScripts
  /** The condition under which it may begin (`fenceCall`); absent where it changes nothing. */
  readonly fence?: string
}

/** When a link is run, with ids of asks in place of indexes. */
export interface LinkTerms {
  readonly gate?: Gate
  readonly run?: 'always' | { readonly brokenBy: number }
  readonly first: boolean
  readonly last: boolean
}

/**
 * The pid of the subshell, so that it can be ended from outside without touching what comes after it.
 * `$$` is the interpreter's; where there is no procfs, a child is asked.
 */
const OWN_PID = `read -r till_pid till_rest 2>/dev/null </proc/self/stat || till_pid=$(exec sh -c 'echo "$PPID"')`

/** Status of a subshell whose test held; tests are run behind scripts of our own, of which none ends so. */
export const HELD_EXIT = 93

/**
 * A subshell, so that nothing of an ask touches the next. It answers `TOKEN b ID PID` and then runs `body`. The token is
 * written out each time: in a variable, a script that lists its variables would print it. Where nobody takes the answer
 * there is nobody to run it for.
 */
function subshell(
  ask: ProgramAsk,
  streams: { readonly first: string; readonly begin: string; readonly last: string },
  body: string,
): string {
  const begin = `${OWN_PID}; echo "${ask.token} b ${ask.id} $till_pid"${streams.begin} || exit`
  const ready = `${streams.last}till_hide\n${assignPosix(ask.values)}`
  return `(exec </dev/null${streams.first}; ${begin}; ${ready}${body}\n)`
}

/**
 * The subshell with its output on the streams of the interpreter, whose own stderr is away meanwhile: bash reports a
 * subshell that is killed with its whole text, values and all.
 */
function openSubshell(ask: ProgramAsk, body: string): string {
  return `{ ${subshell(ask, { first: ' 2>&3 3>&-', begin: '', last: '' }, body)} ; } 3>&2 2>/dev/null`
}

/**
 * The subshell with streams of its own, and its status in `till_end`. What it leaves running may hold them for as long as it likes:
 * `sed` copies each up to the word `TOKEN d` that comes behind the subshell, and ends, whatever follows. That word is dropped at the
 * other end. `sed` holds a line as a whole, so that it gets no more memory than a line may take.
 */
function containedSubshell(ask: ProgramAsk, body: string): string {
  // The sed of busybox does not look at a line before it has the next one.
  const done = `printf '%s\\n\\n' "${ask.token} d"`
  const own = subshell(ask, { first: ' 2>&3 3>&- 6>&-', begin: ' >&7', last: 'exec 7>&- 8>&-; ' }, body)
  const upTo = `{ command -v sed >/dev/null || exec cat; ulimit -v 262144; LC_ALL=C exec sed '/${ask.token} d$/q'; } 2>/dev/null`
  const answering = `{ { ${own} ; } 3>&2 2>/dev/null; echo $? >&6; ${done} >&2; } 2>&1 >&4 4>&-`
  const both = `{ { ${answering} | ${upTo} >&8; ${done}; } 4>&1 | ${upTo} >&7; } 6>&1`
  return `{ till_end=$( ${both} ) ; } 7>&1 8>&2; till_end=\${till_end:-1}`
}

/** Runs a script in a subshell, and leaves its status in `till_end`. */
function ran(ask: ProgramAsk, body: string): string {
  return ask.foreign ? containedSubshell(ask, body) : `${openSubshell(ask, body)}; till_end=$?`
}

/**
 * One ask: answers `TOKEN b ID PID`, the script's own output, `TOKEN e ID STATUS` on stdout, and `TOKEN E ID` on stderr;
 * and `TOKEN f ID REASON` where its fence does not let it begin.
 */
export function askProgram(ask: ProgramAsk): string {
  const { token, id, fence } = ask
  const run = `${ran(ask, ask.kept.call(ask.script))}; echo "${token} e ${id} $till_end" || exit; unset -v till_end`
  const told = `echo "${token} E ${id}" >&2\n`
  if (fence === undefined) return `${run}; ${told}`
  return `till_told=\nif ${fence}; then\n${run}\nelse echo "${token} f ${id} $till_no" || exit; fi; ${told}`
}

/** What comes before the links of a chain: nothing is broken yet, and how the device makes a checksum. */
export const CHAIN_HEAD =
  `till_broke=\nif command -v sha256sum >/dev/null 2>&1; then till_sum=sha256sum\n` +
  `elif command -v openssl >/dev/null 2>&1; then till_sum='openssl dgst -sha256 -r'\n` +
  `elif command -v shasum >/dev/null 2>&1; then till_sum='shasum -a 256'\nelse till_sum=false\nfi\n`

export const CHAIN_TAIL = 'unset -v till_broke till_end till_is till_sum\n'

/** A link that cannot be sent: it is taken for one that did not hold. */
export function brokenLinkProgram(id: number): string {
  return `till_broke=\${till_broke:-${id}}\n`
}

/**
 * One link: as an ask, and with a gate `TOKEN e ID STATUS y`, or `n` when it did not hold; `TOKEN n ID` when it is not
 * run. One compound command, so that nothing runs before all of it has arrived; and once an answer cannot be written,
 * nothing more is run.
 */
export function linkProgram(ask: ProgramAsk, terms: LinkTerms): string {
  const { token, id, fence } = ask
  const run = `${gated(ask, terms.gate)}\necho "${token} e ${id} $till_end" || exit\n`
  const refused = `till_broke=\${till_broke:-${id}}; echo "${token} f ${id} $till_no" || exit`
  return (
    `till_told=\nif ${condition(terms)}; then\n` +
    `${fence === undefined ? run : `if ${fence}; then\n${run}else ${refused}; fi\n`}` +
    `else\necho "${token} n ${id}" || exit\nfi; echo "${token} E ${id}" >&2\n`
  )
}

function condition({ run }: LinkTerms): string {
  if (run === undefined) return '[ -z "$till_broke" ]'
  return run === 'always' ? ':' : `[ -n "$till_broke" ] && [ "$till_broke" -le ${run.brokenBy} ]`
}

/** Runs a link and leaves in `till_end` what its end says. */
function gated(ask: ProgramAsk, gate: Gate | undefined): string {
  const body = ask.kept.call(ask.script)
  switch (gate?.kind) {
    case undefined:
      return ran(ask, body)
    case 'exit': {
      const held = gate.codes.map((code) => Math.trunc(code)).join(' | ')
      return `${ran(ask, body)}$till_told\n${verdict(ask.id, '$till_end', [held, '$till_end'])}`
    }
    case 'test': {
      const { test, values = {} } = gate
      const look = `till_test=${ask.kept.word(test)}\n${body}\ntill_end=$?; [ "$till_end" -eq 0 ] || exit "$till_end"`
      const tested = `${look}\n${assignPosix(values)}(eval "$till_test") >/dev/null 2>&1 && exit ${HELD_EXIT}\nexit 0`
      return `${ran(ask, tested)}$till_told\n${verdict(ask.id, '$till_end', [`${HELD_EXIT}`, '0'])}`
    }
    case 'same':
      return sameAnswer(ask, body, gate.as)
  }
}

/** `till_told` stands behind what is judged, so that one that was ended by its deadline never holds. */
function verdict(id: number, word: string, [pattern, end]: readonly [pattern: string, end: string]): string {
  const missed = `till_end="\${till_end%t} n"; till_broke=${id}`
  return `case ${word} in ${pattern}) till_end="${end} y" ;; *) ${missed} ;; esac`
}

/** stdout and status go into a checksum. What is written to stderr comes beside it, where nothing else may stand. */
function sameAnswer(ask: ProgramAsk, body: string, as: ShellAnswer): string {
  const run = subshell(ask, { first: '', begin: ' >&4', last: 'exec 2>&3 3>&- 4>&-; ' }, body)
  const is = `{ till_is=$( { { ${run}; echo " $?"; } | $till_sum; } 3>&1 2>/dev/null ) ; } 4>&1`
  const sum = fingerprint(as)
  return `till_end=0; ${is}\n${verdict(ask.id, '$till_is$till_told', [`"${sum}  -" | "${sum} *stdin"`, '0'])}`
}

/** As the device works it out; of an answer that was not whole there is none. */
function fingerprint({ stdout, stderr, exitCode, truncated, timedOut }: ShellAnswer): string {
  if (truncated || timedOut || stderr.length > 0) return 'none'
  return createHash('sha256').update(stdout).update(` ${exitCode}\n`).digest('hex')
}
