import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ended } from './git.ts'

/** A program that decides about trust is not on this machine, or only an old version of it. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing'
  readonly tool: string
  /** The version that is there, where that is too old. */
  readonly found: string | undefined

  constructor(tool: string, found?: string) {
    super(found === undefined ? `${tool} is not installed` : `${tool} ${found} is too old`)
    this.tool = tool
    this.found = found
  }
}

/** A program that decides about trust ended in a way that says nothing: it was killed, or could not begin. */
export class ToolBroken extends Error {
  override readonly name = 'ToolBroken'
  readonly tool: string

  constructor(tool: string, how: string) {
    super(`${tool} did not come to an answer: ${how}`)
    this.tool = tool
  }
}

/**
 * How a program that judges a signature ended, where that is an answer. Throws ToolMissing where it is not there, and ToolBroken
 * for any exit code that is none of its own: nobody is called a stranger by it.
 */
export function answered(tool: string, ended: Ended, codes: readonly number[]): Ended {
  if (ended.missing) throw new ToolMissing(tool)
  if (ended.code !== null && codes.includes(ended.code)) return ended
  const how =
    ended.cut === undefined ? (ended.code === null ? 'it was killed' : `exit code ${ended.code}`) : 'it took too long'
  throw new ToolBroken(tool, [how, ended.stderr.trim().slice(0, 500)].filter((part) => part !== '').join(': '))
}

/** What comes of work in a new folder of its own within `parent`, which is made where it is missing; the folder is removed, whatever happens. */
export async function inOwnFolder<Result>(
  parent: string,
  prefix: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(parent, prefix))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** For programs that judge signatures: times are UTC, messages are English, and no agent is asked. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C', TZ: 'UTC' }
}
