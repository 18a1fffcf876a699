import type { ShellAnswer, ShellChannel } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { tailOf } from '../../shell/tool-answer.ts'
import { CARRY } from './carry.ts'
import { ownOnWindows, removeOnWindows } from './windows-change.ts'

const ATTRIBUTES = `LC_ALL=C; export LC_ALL
if [ -n "$owner" ]; then chown "$owner" "$path" || exit 1; fi
if [ -n "$mode" ]; then chmod "$mode" "$path" || exit 1; fi`

const REMOVE = `LC_ALL=C; export LC_ALL
if [ -d "$path" ] && [ ! -L "$path" ]; then printf '%s\\n' "a directory is in the way" >&2; exit 1; fi
if [ "$backup" = yes ]; then mv -f "$path" "$path.till-backup"; else rm -f "$path"; fi`

// mv would put the link into a directory that the old one points at, so that one is taken away first.
const LINK = `LC_ALL=C; export LC_ALL
${CARRY}if [ -d "$path" ] && [ ! -L "$path" ]; then printf '%s\\n' "a directory is in the way" >&2; exit 1; fi
trap 'rm -f "$temp"' EXIT
trap 'exit 129' HUP INT TERM
ln -s "$target" "$temp" || exit 1
if [ "$backup" = yes ] && [ -f "$path" ] && [ ! -L "$path" ]; then backup_of "$path" "$path.till-backup" || exit 1; fi
if [ -d "$path" ]; then rm -f "$path" || exit 1; fi
mv -f "$temp" "$path"`

/** Sets owner (as chown takes it) and mode (octal) of a file in its place; empty leaves them. */
export async function changeAttributes(
  shell: ShellChannel,
  file: { readonly path: string; readonly owner: string; readonly mode: string },
): Promise<Result<void>> {
  if (shell.dialect === 'powershell') return resultOf(await ownOnWindows(shell, file.path, file.owner), file.path)
  return resultOf(await shell.ask({ script: ATTRIBUTES, values: file }), file.path)
}

/** Removes a file or a symbolic link, or moves it to `PATH.till-backup`; never a directory. */
export async function removeFile(shell: ShellChannel, path: string, backup: boolean): Promise<Result<void>> {
  if (shell.dialect === 'powershell') return resultOf(await removeOnWindows(shell, path, backup), path)
  return resultOf(await shell.ask({ script: REMOVE, values: { path, backup: backup ? 'yes' : 'no' } }), path)
}

/** Makes a symbolic link, in the place of a link or a file; never of a directory. */
export async function makeLink(
  shell: ShellChannel,
  link: { readonly path: string; readonly target: string; readonly temp: string; readonly backup: boolean },
): Promise<Result<void>> {
  const values = { ...link, backup: link.backup ? 'yes' : 'no' }
  return resultOf(await shell.ask({ script: LINK, values }), link.path)
}

function resultOf(answer: ShellAnswer, path: string): Result<void> {
  if (answer.exitCode === 0) return success(undefined)
  if (answer.timedOut) {
    return fail({
      code: 'CONVERGE_TIMEOUT',
      phase: 'converge',
      message: `Changing "${path}" took too long and was ended.`,
    })
  }
  const said = tailOf(answer.errorText, 500) || `exit code ${answer.exitCode}`
  return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message: `"${path}" could not be changed: ${said}` })
}
