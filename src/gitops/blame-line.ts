import { GitBroken, inWorkTree } from './git.ts'
import { requireGit } from './git-version.ts'

/** Who wrote a line as it stands in the work tree. */
export interface LineOrigin {
  /** Null: it is not committed yet. */
  readonly commit: string | null
  readonly author: string
  /** When it was committed, as the commit says; ISO 8601 in UTC. */
  readonly at: string
  /** The first line of the message. */
  readonly summary: string
}

const NOBODY_YET = /^0+$/

/** The commit that a line of a file is from; undefined where git does not know the file. Throws ToolMissing. */
export async function blameLine(root: string, file: string, line: number): Promise<LineOrigin | undefined> {
  await requireGit()
  const ended = await inWorkTree(root, ['blame', '--porcelain', '-L', `${line},${line}`, '--', file])
  if (ended.cut !== undefined) throw new GitBroken('blame', ended)
  if (ended.code !== 0) return undefined
  const lines = ended.stdout.toString().split('\n')
  const [commit = ''] = (lines[0] ?? '').split(' ')
  const header = (name: string): string => lines.find((one) => one.startsWith(`${name} `))?.slice(name.length + 1) ?? ''
  return {
    commit: NOBODY_YET.test(commit) ? null : commit,
    author: `${header('author')} ${header('author-mail')}`.trim(),
    at: new Date(Number(header('committer-time')) * 1000).toISOString(),
    summary: header('summary'),
  }
}
