import type { StepOutcome } from './outcome.ts'

/** The module whose steps gather evidence. */
export const COLLECT = 'collect'

/** Something that was gathered of a device. */
export interface CollectedItem {
  /** `log`, `journal`, `event_log`, `file`, `package`, `service`, `process`, `disk`, `facts`. */
  readonly kind: string
  /** What it is of: a path, a unit, a name; '' for facts. */
  readonly name: string
  /**
   * `cut`: part of it, as `note` says. `absent`: the device has no such thing. `binary`: no text, so left out. `unread`: it could
   * not be read. `left-out`: the bundle has no room for it.
   */
  readonly state: 'whole' | 'cut' | 'absent' | 'binary' | 'unread' | 'left-out'
  /** Bytes of UTF-8 in the bundle. */
  readonly bytes: number
  /** Bytes that it has on the device; null where that is not known. */
  readonly size_bytes: number | null
  /** What was left out, or why there is nothing; null: nothing is to be said. */
  readonly note: string | null
  readonly text?: string
  readonly value?: unknown
}

/** What a step has gathered of a device, masked; the value of the step. */
export interface Bundle {
  /** ISO 8601 in UTC. */
  readonly gathered_at: string
  readonly bytes: number
  readonly limit_bytes: number
  /** In how many places something was masked, before secrets were. */
  readonly redacted: { readonly patterns: number; readonly card_numbers: number }
  readonly items: readonly CollectedItem[]
}

/** What a step has gathered; undefined where it is no such step, or has not come to it. */
export function bundleOf(step: Pick<StepOutcome, 'value'> & { readonly module: string }): Bundle | undefined {
  const value = step.value as Partial<Bundle> | null | undefined
  return step.module === COLLECT && Array.isArray(value?.items) ? (value as Bundle) : undefined
}

/** The command that shows what a run has gathered of a device. */
export function collectedCommand(run: string, device: string): string {
  return `till runs show ${run} --device ${device} --collected`
}
