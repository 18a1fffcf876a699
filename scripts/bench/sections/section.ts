import type { Lab } from '../lab/lab.ts'
import type { Sample } from '../report/result.ts'
import type { Tool } from '../tools/tool.ts'
import type { WinRmTool } from '../tools/winrm.ts'

/** What the flags said. */
export interface Options {
  readonly sections: readonly string[]
  readonly sizes: readonly number[]
  /** Ids of tools. Default: all that are installed. */
  readonly tools: readonly string[]
  /** The folder of another build of Tillwright, to be measured beside this one. */
  readonly against?: string
  readonly rounds: number
  readonly quick: boolean
  readonly all: boolean
  readonly inFlight: readonly number[]
}

/** What sections share. */
export interface Bench {
  readonly options: Options
  /** Made at the first call, since it needs root; null when it cannot be, which has been said. */
  lab(): Lab | null
  /** Tools that are installed and wanted. */
  readonly tools: readonly Tool[]
  /** Likewise, for Windows. */
  readonly winrmTools: readonly WinRmTool[]
  /** A new empty folder. */
  folder(name: string): string
  /** Path of a compiled helper of the benchmark; null if it could not be compiled, which has been said. */
  program(name: string): string | null
  record(sample: Sample): void
  /** Everything recorded so far. */
  readonly samples: readonly Sample[]
  skip(section: string, reason: string): void
  say(text: string): void
}

export interface Section {
  readonly id: string
  readonly title: string
  run(bench: Bench): Promise<void>
}
