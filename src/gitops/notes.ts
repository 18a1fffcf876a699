import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LIMITS = { timeout: 10_000, maxBuffer: 64 * 1024 * 1024 }

/** Adds a line to the note of the commit that is checked out at `root`; resolves to what git has against it. */
export async function addNote(root: string, ref: string, line: string): Promise<string | undefined> {
  try {
    await run('git', ['notes', `--ref=${ref}`, 'append', '-m', line, 'HEAD'], { cwd: root, ...LIMITS })
    return undefined
  } catch (error) {
    return ((error as { stderr?: string }).stderr || String(error)).trim()
  }
}

/** The text of all notes of a ref, one after the other; empty where there are none. */
export async function readNotes(root: string, ref: string): Promise<string> {
  const options = { cwd: root, ...LIMITS }
  try {
    const { stdout } = await run('git', ['notes', `--ref=${ref}`, 'list'], options)
    const blobs = stdout.split('\n').flatMap((line) => line.split(' ')[0] || [])
    const texts = await Promise.all(blobs.map((blob) => run('git', ['cat-file', 'blob', blob], options)))
    return texts.map((text) => text.stdout).join('\n')
  } catch {
    return ''
  }
}
