import type { MessageKind } from '../../core/escalation.ts'
import type { MessageResult } from '../../core/escalation-store.ts'
import type { JsonValue } from '../../core/json.ts'

/** A message as a channel sends it. */
export interface Outgoing {
  /** The same in every attempt: by it the other side can tell that it has it already. */
  readonly message: string
  /** Those that it is about: mostly one. */
  readonly incidents: readonly string[]
  readonly kind: MessageKind
  readonly to: string
  readonly subject: string
  readonly text: string
  /** An earlier attempt may have arrived, since then. */
  readonly doubtSince: string | null
  /** Key of the ticket that it is about. */
  readonly ticket: string | null
  /** What a template made of it. */
  readonly body?: JsonValue
  /** What is attached, where the channel can. */
  readonly files?: readonly { readonly name: string; readonly type: string; readonly content: Buffer }[]
}

/** Sends messages; whatever happens is a value. */
export interface ChannelSender {
  send(outgoing: Outgoing): Promise<MessageResult>
}

export function failed(
  why: string,
  how: { readonly inDoubt?: boolean; readonly isFinal?: boolean; readonly afterMs?: number | undefined } = {},
): Extract<MessageResult, { readonly ok: false }> {
  const { inDoubt = false, isFinal = false, afterMs } = how
  return { ok: false, why, inDoubt, isFinal, ...(afterMs !== undefined && { afterMs }) }
}
