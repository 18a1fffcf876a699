/** What one run of one tool was, and cost. Values are in the unit that their name ends with. */
export interface Sample {
  readonly section: string
  /** What was done: `true`, `look`, `version`… */
  readonly what: string
  readonly tool: string
  readonly devices: number
  readonly round: number
  /** Whether the tool did what it was asked, as far as can be seen from outside. */
  readonly right: boolean
  readonly values: Readonly<Record<string, number>>
  /** What there is to know about this one. */
  readonly note?: string
}

/** The median of the samples of one tool at one task. */
export interface Figure {
  readonly section: string
  readonly what: string
  readonly tool: string
  readonly devices: number
  readonly samples: number
  readonly right: boolean
  readonly values: Readonly<Record<string, number>>
  readonly notes: readonly string[]
}

/** What Tillwright aims for, and whether it is there. */
export interface Goal {
  readonly id: string
  readonly what: string
  readonly goal: string
  /** As measured, in words; null where it was not measured in this run. */
  readonly measured: string | null
  readonly met: boolean | null
}

/** Which tool was measured, and how it was set up. */
export interface ToolNote {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly version: string
  readonly configuration: string
}

/** A section that was not run, or only in part, and why. */
export interface Skipped {
  readonly section: string
  readonly reason: string
}

export const RESULT_SCHEMA = 'till.benchmark/1'

export interface BenchmarkResult {
  readonly schema: typeof RESULT_SCHEMA
  readonly started_at: string
  readonly duration_s: number
  readonly command: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly tools: readonly ToolNote[]
  readonly samples: readonly Sample[]
  readonly figures: readonly Figure[]
  readonly goals: readonly Goal[]
  readonly skipped: readonly Skipped[]
}
