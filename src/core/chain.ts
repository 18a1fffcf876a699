import type { ShellAnswer, ShellChannel, ShellRequest, ShellValue } from './channel.ts'
import type { Leftover } from './fence.ts'

/**
 * What must hold of a link of a chain for those behind it to be run. The device itself judges it, so that no round trip
 * lies between a change and what is behind it:
 *
 * - `exit`: the script ended by itself with one of these exit codes.
 * - `same`: it answered exactly what it answered before: exit code, stdout and stderr, byte for byte (or by a
 *   cryptographic hash). Its answer is then `as`, and does not travel again.
 * - `test`: the script ended with 0, and so did `test`, which is run behind it by the same interpreter, sees its
 *   variables and never writes. The answer is the script's own; what `test` says is dropped. In PowerShell it sees what
 *   the script put out, as `$v.till_seen`. `name`: of a script that is shipped.
 */
export type Gate =
  | { readonly kind: 'exit'; readonly codes: readonly number[] }
  | { readonly kind: 'same'; readonly as: ShellAnswer }
  | {
      readonly kind: 'test'
      readonly test: string
      readonly name?: string
      readonly values?: Readonly<Record<string, ShellValue>>
    }

/** One question of a chain. */
export interface ChainLink {
  readonly request: ShellRequest
  /** Absent: whatever comes of it, those behind it are run. */
  readonly gate?: Gate
  /**
   * Absent: only while every gate before it held. `always`: in any case. `brokenBy`: only if the gate of the link with
   * this index, or of one before it, did not hold.
   */
  readonly run?: 'always' | { readonly brokenBy: number }
}

/**
 * A link of a chain that was not run, by the word of the device: it changed nothing and says nothing. So ends a `same`
 * look that answered something else, too.
 */
export class NotRun extends Error {
  constructor(why = 'the device did not run it, since what it depended on did not hold') {
    super(why)
    this.name = 'NotRun'
  }
}

/**
 * A change that the device did not begin because of its fence: its time had run out (`late`), or something of an earlier
 * session had to end first (`moved`). What was seen of the device is out of date, so it is looked at again.
 */
export class Fenced extends NotRun {
  readonly fence: 'late' | 'moved'
  constructor(fence: 'late' | 'moved') {
    super(`the device did not begin it: ${fence}`)
    this.name = 'Fenced'
    this.fence = fence
  }
}

/** A device's shell as the engine has it. */
export interface DeviceShell extends ShellChannel {
  /**
   * Asks several things in one exchange, in order, of which the device stops to run those that are no longer wanted.
   * One promise a link, settled in order and as the device goes along: its answer, `NotRun`, or `SessionLost` when the
   * session is lost (what had begun by then is not known). Each link keeps its own `timeoutMs`, counted from when the
   * device begins it; one that is ended by it does not hold. When the session is lost the device runs no further link
   * as soon as it can tell. A channel may break a chain wherever it cannot judge a gate: that costs a round trip, never
   * the truth.
   */
  chain(links: readonly ChainLink[]): readonly Promise<ShellAnswer>[]
  /**
   * Breaks a chain that is under way: what the device is at is finished, and its gate does not hold. In PowerShell, whose
   * runner reads its input between exchanges, by a file for which it looks behind each link: a read that is kept open
   * meanwhile blocks on Windows whoever asks what kind of handle stdin is, the programs that the device starts among them.
   */
  breakChain?(): void
  /** What of earlier sessions was met on the device so far. */
  leftovers?(): readonly Leftover[]
}
