import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const GIT_TIMEOUT_MS = 10_000

/** The commit of the repository at `root`, with `+dirty` behind it when the work tree differs; null outside git. */
export async function revisionOf(root: string): Promise<string | null> {
  try {
    const options = { cwd: root, timeout: GIT_TIMEOUT_MS }
    const [head, status] = await Promise.all([
      run('git', ['rev-parse', '--verify', 'HEAD'], options),
      run('git', ['status', '--porcelain', '--untracked-files=normal'], options),
    ])
    return `${head.stdout.trim()}${status.stdout.trim() === '' ? '' : '+dirty'}`
  } catch {
    return null
  }
}
