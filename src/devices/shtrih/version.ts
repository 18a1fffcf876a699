import type { Conversation, Turn } from '../line/line.ts'
import type { ShtrihAnswer } from './codec.ts'
import type { Question } from './questions.ts'

/** A version of the protocol: how the same questions and answers are put into frames, conversation by conversation. */
export interface Version {
  readonly number: 1 | 2
  /** What it begins with, for evidence. */
  readonly asks: string
  /** Nothing more is to be had by it. */
  readonly isHopeless: boolean
  /** Nothing was understood, and what came does not exclude that another version is spoken. */
  readonly maySpeakAnother: boolean
  /** What came and was not understood, when nothing was. */
  readonly noise: Uint8Array
  /** How the last conversation ended early. */
  readonly detail: string
  /** Of the next conversation: questions that have no answer yet. */
  turns(leftMs: number): readonly Turn[]
  /** The answers in what was said to those turns. */
  take(said: Conversation): readonly (readonly [Question, ShtrihAnswer])[]
}
