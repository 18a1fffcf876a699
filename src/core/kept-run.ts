import type { JsonObject } from './json.ts'

/** What a run needs to be carried on by another process. */
export interface KeptRun {
  /** What it is to do, as whoever kept it understands it again. */
  readonly order: JsonObject
  /** Texts that it was made from, by name: runbooks, modules, a plan. Those that runs share are kept once. */
  readonly files: Readonly<Record<string, string>>
}

/** Kept beside the journal until the run has nothing left to do. */
export interface KeptRuns {
  keep(run: string, kept: KeptRun): Promise<void>
  /** Undefined where nothing is kept of the run, or where a text of it is gone. */
  of(run: string): Promise<KeptRun | undefined>
  /** Ids of the runs of which something is kept. */
  runs(): Promise<readonly string[]>
  /** It has nothing left to do. */
  drop(run: string): Promise<void>
}
