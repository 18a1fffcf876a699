import { GitBroken, gitEnvironment, runProgram } from './git.ts'
import { ToolMissing } from './program-tools.ts'

/** From 2.38 on git merges without a work tree (`merge-tree --write-tree`), and `-c safe.directory` counts. */
export const GIT_NEEDED = [2, 38] as const

let known: Promise<void> | undefined

/** Throws ToolMissing where git is not on this machine, or is too old. */
export function requireGit(): Promise<void> {
  known ??= lookAtGit().catch((error: unknown) => {
    known = undefined
    throw error
  })
  return known
}

async function lookAtGit(): Promise<void> {
  const ended = await runProgram('git', ['version'], { env: gitEnvironment() })
  if (ended.missing) throw new ToolMissing('git')
  if (ended.code !== 0) throw new GitBroken('version', ended)
  const found = gitTooOld(ended.stdout.toString())
  if (found !== undefined) throw new ToolMissing('git', found)
}

/** The version that `git version` says, where it is too old. */
export function gitTooOld(text: string): string | undefined {
  const [version, major, minor] = /(\d+)\.(\d+)[\w.]*/.exec(text) ?? []
  const isOld = Number(major) < GIT_NEEDED[0] || (Number(major) === GIT_NEEDED[0] && Number(minor) < GIT_NEEDED[1])
  return isOld ? version : undefined
}
