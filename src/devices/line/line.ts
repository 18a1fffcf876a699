import type { Result } from '../../core/failure.ts'

/** When the answer to what was sent is whole. */
export type Until =
  /** After so many bytes; none (0) are not waited for. */
  | { readonly bytes: number }
  /** At the first of this byte, and so many bytes behind it. */
  | { readonly byte: number; readonly more?: number }
  /** The byte at this place (0 is the first) says how many bytes follow it, and so many follow those. */
  | { readonly lengthAt: number; readonly more: number }
  /** At the end of the first of this text, each character a byte. */
  | { readonly ending: string }
  /** At the first byte that has this value under this mask: for answers of one byte that others may stand before. */
  | { readonly mask: number; readonly value: number }
  /** When nothing more has come for so many milliseconds after the first byte. */
  | { readonly quietMs: number }

/** A question in bytes, and how its answer is told from what else may come. */
export interface Turn {
  /** May be empty: then the answer is what still comes of what was sent before. */
  readonly send: Uint8Array
  readonly until: Until
  /** From when it was sent; past it, what has come is the answer. */
  readonly timeoutMs: number
  /** The conversation goes on without an answer; otherwise it ends. */
  readonly optional?: true
  /**
   * The conversation goes on only if the answer begins with one of these bytes; where others may stand before it
   * (`byte`, `mask`), if that byte is one of these.
   */
  readonly goOnAt?: readonly number[]
}

/** Bytes that come behind a whole answer belong to the turn that follows; behind the last one they are dropped. */
export interface Reply {
  /** `whole` as `until` says; `cut`: some bytes, then silence or the end; `silent`: none. */
  readonly state: 'whole' | 'cut' | 'silent'
  readonly bytes: Uint8Array
  /** Milliseconds from sending to the last byte. */
  readonly ms: number
}

/**
 * How the way to a printer was found. `busy`: somebody else holds the port, which says nothing bad about the printer;
 * `missing`: there is no such port on the machine that it hangs on; `denied`: we may not use it.
 * `unknown` says that the way itself could not be used, so nothing is known of the printer.
 */
export type LineState =
  | 'open'
  | 'busy'
  | 'refused'
  | 'timed-out'
  | 'unreachable'
  | 'name-not-found'
  | 'reset'
  | 'missing'
  | 'denied'
  | 'unknown'

/** What came of one visit. */
export interface Conversation {
  /** `reset` only where it was broken off before a single byte had come: with an answer, it was open. */
  readonly state: LineState
  /** One for each turn that was had, in order; shorter than the turns when it ended before. */
  readonly replies: readonly Reply[]
  /** For a person: why it is not open, or how it ended early. */
  readonly detail: string
  /** All that was asked was answered, until the time for the whole visit was up. */
  readonly ranOut?: true
  readonly ms: number
}

/**
 * A byte channel to a printer, whoever carries it: a socket, a forwarded port, a script on the till that it hangs on.
 * It is opened for each conversation and closed behind it, so that the printer belongs to the till again.
 */
export interface Line {
  /** Where it leads, for messages: `10.4.12.21:9100`, `/dev/ttyS0 of PL-0001/pos1`. */
  readonly name: string
  /** A failure only where the step cannot go on (the run was stopped, the session with the till was lost). */
  converse(turns: readonly Turn[]): Promise<Result<Conversation>>
}
