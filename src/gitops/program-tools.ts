/** A program that decides about trust is not on this machine. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing'
  readonly tool: string

  constructor(tool: string) {
    super(`${tool} is not installed`)
    this.tool = tool
  }
}

/** For programs that judge signatures: times are UTC, messages are English, and no agent is asked. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C', TZ: 'UTC' }
}
