import type { ShellChannel } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { failureOf } from '../../shell/tool-answer.ts'
import { knownFile } from '../file/known-file.ts'
import { SPACE_EXIT, STAGE_DIRECTORY } from './change-package.ts'
import type { PackageFile } from './package-file.ts'
import type { PackageManager } from './package-manager.ts'

/**
 * Puts a package of the repository into a private directory of a POSIX device, if there is room for it. What installs
 * the file takes the directory away; if it cannot be uploaded, nothing is left behind.
 */
export async function stageFile(
  shell: ShellChannel,
  packageFile: PackageFile,
  by: PackageManager,
): Promise<Result<{ readonly file: string; readonly folder: string }>> {
  const { path, sizeBytes } = packageFile
  const kilobytes = Math.ceil(sizeBytes / 1024) + 1
  const staged = await shell.ask({ script: STAGE_DIRECTORY, values: { kilobytes } })
  if (staged.exitCode === SPACE_EXIT) {
    const message = `The device has ${staged.text} KiB of room for a file of ${kilobytes} KiB; nothing was uploaded.`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
  }
  const unstaged = failureOf(staged, 'converge', 'Making a directory for the file')
  if (unstaged) return fail(unstaged)
  const file = `${staged.text}/package.${by === 'apt' ? 'deb' : by === 'apk' ? 'apk' : 'rpm'}`
  const lost = failureOf(await shell.upload(file, knownFile(path, packageFile)), 'converge', 'Uploading the file')
  if (!lost) return success({ file, folder: staged.text })
  await shell.ask({ script: 'rm -rf "$scratch"', values: { scratch: staged.text } })
  return fail(lost)
}
