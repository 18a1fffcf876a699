import type { ShellAnswer, ShellChannel, ShellRequest } from '../../core/channel.ts'
import type { Failure } from '../../core/failure.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { FileKind, FileReading, ReadOptions } from './file-reading.ts'
import { windowsReading, windowsReadRequest } from './windows-read.ts'

/**
 * `fingerprint FILE`: the same file has the same one. POSIX has only cksum; openssl and shasum are on systems that
 * lack sha256sum.
 */
export const FINGERPRINT = `fingerprint() {
  if command -v sha256sum >/dev/null 2>&1 && sum=$(sha256sum <"$1" 2>/dev/null); then sum=sha256:\${sum%% *}
  elif command -v openssl >/dev/null 2>&1 && sum=$(openssl dgst -sha256 -r <"$1" 2>/dev/null); then sum=sha256:\${sum%% *}
  elif command -v shasum >/dev/null 2>&1 && sum=$(shasum -a 256 <"$1" 2>/dev/null); then sum=sha256:\${sum%% *}
  elif command -v cksum >/dev/null 2>&1 && sum=$(cksum <"$1"); then sum="cksum:$sum"
  else sum=
  fi
  printf %s "$sum"
}
`

// Facts end with a NUL, since everything else may stand in a name; the content is the rest, byte for byte.
// `ls -ldn` is on every device, stat is not.
const SCRIPT = `${TOOL_PRELUDE}${FINGERPRINT}need_tool ls
nl='
'
fact() { printf '%s\\0' "$1"; }
finish() { fact "$kind"; fact "$real"; fact "$link"; fact "$numbers"; fact "$names"; fact "$sum"; fact "$trouble"; fact "\${send:-no}"; fact "$age"; }
kind=absent; real=$path; link=; numbers=; names=; sum=; trouble=; send=no; age=
if [ -L "$path" ]; then
  need_tool readlink
  link=$(readlink "$path"; printf x); link=\${link%"\${nl}x"}
  if [ "$follow" = yes ]; then
    real=$(readlink -f "$path" && printf x) || trouble="the symbolic link cannot be followed"
    real=\${real%"\${nl}x"}
  fi
fi
if [ -z "$trouble" ]; then
  if numbers=$(ls -ldn "$real" 2>&1); then
    names=$(ls -ld "$real" 2>/dev/null)
    if [ -L "$real" ]; then kind=link
    elif [ -d "$real" ]; then kind=directory
    elif [ -f "$real" ]; then kind=file
    else kind=other
    fi
  else
    case $numbers in
      *": No such file or directory" | *": Not a directory") ;;
      *) trouble=$numbers ;;
    esac
    numbers=
  fi
fi
if [ "$kind" = file ] && [ "$wants" != nothing ]; then
  need_tool wc cat
  if [ ! -r "$real" ]; then trouble="$real: Permission denied"
  else
    sum=$(fingerprint "$real")
    size=$(wc -c <"$real")
    if [ $((size)) -le "$send_bytes" ] && { [ -z "$sum" ] || [ "$sum" != "$known" ]; }; then send=yes; fi
  fi
fi
if [ "$kind" = file ] && [ "$wants_age" = yes ]; then
  # stat of GNU and busybox, and of BSD.
  written=$(stat -c %Y "$real" 2>/dev/null || stat -f %m "$real" 2>/dev/null) && age=$(($(date +%s) - written))
fi
finish
if [ "$send" = yes ]; then cat "$real"; fi`

const FACTS = 9

/** Reads what stands at a path, whatever the device runs. Writes nothing. `reading` is undefined when the answer is not whole. */
export async function readFile(
  shell: ShellChannel,
  options: ReadOptions,
): Promise<{ readonly answer: ShellAnswer; readonly reading: FileReading | undefined }> {
  const onWindows = shell.dialect === 'powershell'
  const answer = await shell.ask(onWindows ? windowsReadRequest(options) : readFileRequest(options))
  return { answer, reading: onWindows ? windowsReading(answer) : fileReading(answer) }
}

/** Why a path could not be looked at, when the answer is not whole. */
export function unreadFile(path: string, answer: ShellAnswer): Failure {
  const failure = failureOf(answer, 'observe', `Looking at "${path}"`)
  if (failure?.code === 'TOOL_MISSING') return failure
  const said = answer.errorText.trim() || `exit code ${answer.exitCode}`
  const code = answer.timedOut ? 'OBSERVE_TIMEOUT' : 'OBSERVE_FAILED'
  return { code, phase: 'observe', message: `"${path}" could not be looked at: ${said}` }
}

/** One question about a path. Writes nothing. */
export function readFileRequest(options: ReadOptions): ShellRequest {
  const { path, follow, wants, sendBytes, known = '', age = false } = options
  return {
    script: SCRIPT,
    values: { path, follow: follow ? 'yes' : 'no', wants, send_bytes: sendBytes, known, wants_age: age ? 'yes' : 'no' },
    maxOutputBytes: sendBytes + 64 * 1024,
  }
}

/** What was answered; undefined when the answer is not whole. */
export function fileReading(answer: ShellAnswer): FileReading | undefined {
  const facts: string[] = []
  const bytes = Buffer.from(answer.stdout)
  let at = 0
  while (facts.length < FACTS) {
    const end = bytes.indexOf(0, at)
    if (end < 0) return undefined
    facts.push(bytes.toString('utf8', at, end))
    at = end + 1
  }
  const [kind = '', realPath = '', link = '', numbers = '', names = '', sum = '', trouble = '', send = '', age = ''] =
    facts
  if (answer.exitCode !== 0 && trouble === '') return undefined
  const [, , , , size] = numbers.trim().split(/\s+/)
  const mode = modeOf(numbers)
  return {
    system: 'posix',
    kind: kind as FileKind,
    realPath,
    ...(link !== '' && { linkTarget: link }),
    ...(mode !== undefined && { mode }),
    ...listed(numbers, kind),
    ...ownersIn(numbers, names),
    ...(kind === 'file' && { sizeBytes: Number(size) }),
    ...(sum !== '' && { fingerprint: sum }),
    ...(age !== '' && { ageSeconds: Number(age) }),
    ...(send === 'yes' && { content: bytes.subarray(at) }),
    ...(trouble !== '' && { trouble }),
  }
}

function ownersIn(numbers: string, names: string): Pick<FileReading, 'uid' | 'gid' | 'owner' | 'group'> {
  const [, , uid, gid] = numbers.trim().split(/\s+/)
  const [, , owner, group] = names.trim().split(/\s+/)
  return {
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  }
}

/** What else `ls -ldn` shows: a `+` behind the mode, and how many names there are. */
function listed(numbers: string, kind: string): Pick<FileReading, 'hasAcl' | 'links'> {
  const [listing = '', links] = numbers.trim().split(/\s+/)
  return { ...(listing[10] === '+' && { hasAcl: true }), ...(kind === 'file' && { links: Number(links) }) }
}

/** `-rwsr-xr-t` as `5755`. */
export function modeOf(listing: string): string | undefined {
  const bits = /^[-a-zA-Z]([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT])/.exec(listing)?.[1]
  if (bits === undefined) return undefined
  const special =
    (/[sS]/.test(bits[2] ?? '') ? 4 : 0) + (/[sS]/.test(bits[5] ?? '') ? 2 : 0) + (/[tT]/.test(bits[8] ?? '') ? 1 : 0)
  const plain = [0, 3, 6].map((from) => {
    const digits = [...bits.slice(from, from + 3)].map((bit, at) => (bit === '-' || /[ST]/.test(bit) ? 0 : 4 >> at))
    return digits.reduce((sum, digit) => sum + digit, 0)
  })
  return `${special}${plain.join('')}`
}
