/** How long things may take and how long to wait between them, in milliseconds unless named otherwise. */
export interface Pace {
  /** The device answers a Receive at the latest after this; no line sees a silent minute. */
  readonly operationTimeoutS: number
  /** For the answer to arrive after that. */
  readonly answerGraceMs: number
  /** Before a message whose fate is unknown is sent again, time after time. */
  readonly repeatPausesMs: readonly number[]
  /** Before a device that is full is asked again, time after time. */
  readonly quotaPausesMs: readonly number[]
  /** Before input is offered again to a program that was busy, time after time. */
  readonly busyPausesMs: readonly number[]
  /** How often a shell in which nobody waits for output hears from us: it ends itself after three minutes. */
  readonly keepAliveMs: number
  /** What cleaning up behind a connection may take in all. */
  readonly cleanUpMs: number
}

export const PACE: Pace = {
  operationTimeoutS: 20,
  answerGraceMs: 10_000,
  repeatPausesMs: [0, 1_000, 3_000],
  quotaPausesMs: [5_000, 10_000, 15_000, 20_000],
  busyPausesMs: [5_000, 5_000, 5_000],
  keepAliveMs: 60_000,
  cleanUpMs: 5_000,
}
