import type { Message } from './message.ts'

/** What became of messages that were handed to a sink. */
export interface SendResult {
  /** So many from the front are settled: taken, or refused for good. The others come again. */
  readonly settled: number
  /** Positions among the settled ones that will never be taken, and why. */
  readonly refused: readonly { readonly index: number; readonly why: string }[]
  /** Why not all were settled; undefined when they were. */
  readonly trouble?: string
}

/** Where events go. Order is kept: a message is not taken before those in front of it with the same key. */
export interface Sink {
  /** So many messages at a time. */
  readonly batch: number
  /** Resolves within a bounded time; never rejects for what the other end does. */
  send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult>
  close(): Promise<void>
}

/** All of them were taken. */
export function taken(messages: readonly Message[]): SendResult {
  return { settled: messages.length, refused: [] }
}

/** None of them was taken, for now. */
export function held(trouble: string): SendResult {
  return { settled: 0, refused: [], trouble }
}
