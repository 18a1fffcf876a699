import { randomBytes } from 'node:crypto'
import type { ShellAnswer, ShellChannel, ShellValue } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import { TOOL_MISSING_EXIT, TOOL_PRELUDE, tailOf, failureOf as toolFailure } from '../../shell/tool-answer.ts'
import { CARRY } from './carry.ts'
import { FINGERPRINT } from './read-file.ts'
import { EXIT, type FileContent, type Replacement } from './replacement.ts'
import { replaceOnWindows, windowsFolder } from './windows-change.ts'

/** Larger content, and content that is not text, is uploaded rather than sent as a value. */
export const VALUE_BYTES = 64 * 1024

// The owner before the mode: chown takes set-id bits away. The mode after what is carried over, whose bits of the group are the
// mask of an ACL. A default ACL of the folder gives rights whatever the umask says, so a mode comes before the content. The guard comes last, right before the swap. What a run that was
// cut off left behind is an hour old: younger files are being written, by another run or another controller.
const SCRIPT = `${TOOL_PRELUDE}${FINGERPRINT}${CARRY}need_tool cat wc mv rm ls chmod
[ -z "$owner" ] || need_tool chown
[ "$backup" = no ] || need_tool cp
umask 077
trap 'rm -f "$temp" "$temp.b"' EXIT
trap 'exit 129' HUP INT TERM
[ -d "$path" ] && { printf '%s\\n' "a directory is in the way" >&2; exit ${EXIT.directory}; }
[ -d "$folder" ] || { printf '%s\\n' "$folder: No such directory" >&2; exit ${EXIT.noFolder}; }
for old in "$folder"/.till-new-????????????????*; do
  if [ -f "$old" ] && [ ! -L "$old" ] && [ -n "$(find "$old" -mmin +60 2>/dev/null)" ]; then rm -f "$old"; fi
done
if [ "$uploaded" = no ]; then
  ( set -C; : >"$temp" ) && chmod 600 "$temp" || exit 1
  printf %s "$content" | cat >>"$temp" || exit 1
fi
size=$(wc -c <"$temp") || exit ${EXIT.incomplete}
[ $((size)) -eq "$bytes" ] || { printf '%s\\n' "only $((size)) of $bytes bytes could be written" >&2; exit ${EXIT.incomplete}; }
if [ -n "$owner" ]; then chown "$owner" "$temp" || exit 1; fi
carry "$path" "$temp" || exit 1
chmod "$mode" "$temp" || exit 1
if [ -e "$path" ] && command -v chcon >/dev/null 2>&1; then chcon --reference="$path" "$temp" 2>/dev/null; fi
if [ -n "$validate" ]; then
  ( file=$temp; eval "$validate" ) </dev/null >&2 || { printf '%s\\n' "exit code $?" >&2; exit ${EXIT.refused}; }
fi
sync "$temp" 2>/dev/null
if [ "$expected" != any ]; then
  now=absent; if [ -e "$path" ]; then now=$(fingerprint "$path"); fi
  [ "$now" = "$expected" ] || exit ${EXIT.moved}
fi
if [ "$backup" = yes ] && [ -f "$path" ]; then
  backup_of "$path" "$temp.b" && mv -f "$temp.b" "$path.till-backup" || exit 1
fi
swap "$temp" "$path" "$mode" "$owner" || exit 1
sync "$folder" 2>/dev/null
exit 0`

/** Bytes as they travel best: small text as a value, everything else as an upload. */
export function fileContent(bytes: Uint8Array): FileContent {
  const text = textOf(bytes)
  if (text !== undefined && bytes.length <= VALUE_BYTES) return { sizeBytes: bytes.length, text: new Secret(text) }
  return { sizeBytes: bytes.length, stream: bytes }
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Writes a file beside its place, with its owner and mode, has it validated, and moves it there in one step. Whatever
 * fails, the old file is untouched and nothing is left behind.
 */
export async function replaceFile(shell: ShellChannel, replacement: Replacement): Promise<Result<void>> {
  const { path, content } = replacement
  const temp = tempFor(shell, path)
  let upload: ShellAnswer | undefined
  if (content.text === undefined) {
    const { stream = new Uint8Array(), sizeBytes } = content
    upload = await shell.upload(temp, stream, { sizeBytes })
  }
  if (upload && upload.exitCode !== 0 && shell.dialect === 'powershell') return fail(uploadFailure(path, upload))
  const uploaded = upload !== undefined
  const answer = await (shell.dialect === 'powershell' ? replaceOnWindows : replaceOnPosix)(shell, replacement, {
    temp,
    uploaded,
  })
  const failure = upload && upload.exitCode !== 0 ? uploadFailure(path, upload) : failureOf(path, answer)
  return failure ? fail(failure) : success(undefined)
}

/** Beside the file, so that it can be moved to its place in one step. */
function tempFor(shell: ShellChannel, path: string): string {
  const name = `.till-new-${randomBytes(8).toString('hex')}`
  if (shell.dialect === 'powershell') return `${windowsFolder(path)}\\${name}`
  return `${path.slice(0, path.lastIndexOf('/'))}/${name}`
}

function replaceOnPosix(
  shell: ShellChannel,
  replacement: Replacement,
  { temp, uploaded }: { readonly temp: string; readonly uploaded: boolean },
): Promise<ShellAnswer> {
  const { path, content } = replacement
  const values: Record<string, ShellValue> = {
    path,
    folder: path.slice(0, path.lastIndexOf('/')) || '/',
    temp,
    uploaded: uploaded ? 'yes' : 'no',
    content: content.text ?? '',
    bytes: content.sizeBytes,
    owner: replacement.owner,
    mode: replacement.mode,
    validate: replacement.validate ?? '',
    backup: replacement.backup ? 'yes' : 'no',
    expected: replacement.expected,
  }
  return shell.ask({ script: SCRIPT, values })
}

function uploadFailure(path: string, answer: ShellAnswer): Failure {
  if (answer.failure) return answer.failure
  return { code: 'CONVERGE_FAILED', phase: 'converge', message: `"${path}" could not be written: ${lastWords(answer)}` }
}

function failureOf(path: string, answer: ShellAnswer): Failure | undefined {
  if (answer.timedOut) {
    const message = `Writing "${path}" took longer than ${Math.round(answer.durationMs / 1000)} s and was ended; the old file is untouched.`
    return { code: 'CONVERGE_TIMEOUT', phase: 'converge', message }
  }
  const evidence = { evidence: { exit_code: answer.exitCode, stderr: tailOf(answer.errorText, 2000) } }
  const at = { phase: 'converge', ...evidence } as const
  switch (answer.exitCode) {
    case 0:
      return undefined
    case EXIT.refused:
      return {
        code: 'VALIDATOR_REFUSED',
        message: `The validator refused the new "${path}": ${lastWords(answer)}`,
        ...at,
      }
    case EXIT.moved:
      return {
        code: 'CONVERGE_FAILED',
        message: `"${path}" was changed by someone else meanwhile; nothing was written.`,
        ...at,
      }
    case EXIT.directory:
      return { code: 'CONVERGE_FAILED', message: `"${path}" is a directory, which is never removed for a file.`, ...at }
    case EXIT.noFolder:
      return { code: 'CONVERGE_FAILED', message: `The directory of "${path}" does not exist.`, ...at }
    case TOOL_MISSING_EXIT:
      return toolFailure(answer, 'converge', `Writing "${path}"`)
    default:
      return { code: 'CONVERGE_FAILED', message: `"${path}" could not be written: ${lastWords(answer)}`, ...at }
  }
}

function lastWords(answer: ShellAnswer): string {
  const lines = answer.errorText.trim().split('\n')
  return tailOf(lines.slice(-5).join('; '), 500) || `exit code ${answer.exitCode}.`
}
