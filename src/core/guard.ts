import type { Scoped } from './scoped.ts'

/** What a guard looks out for, and what people read of a device on which it is so. */
export const GUARD_KINDS = {
  'open-receipt': 'a receipt is open',
  'payment-in-flight': 'a payment is in flight',
  'shift-close': 'a shift is being closed',
  report: 'a report is being made',
  'fiscal-transmission': 'fiscal documents are being sent',
  'logged-in': 'a person is logged in',
  'in-use': 'it was used a moment ago',
} as const

export type GuardKind = keyof typeof GUARD_KINDS

/** How a device is asked. */
export type GuardTest =
  /** Busy while there is a file or folder. */
  | { readonly type: 'file'; readonly path: string }
  /** Busy while a process of that name runs. */
  | { readonly type: 'process'; readonly name: string }
  /** The last line of a log that has one of two patterns: busy after `begins`, free after `ends`. */
  | {
      readonly type: 'log'
      readonly path: string
      readonly begins: string
      readonly ends: string
      readonly silent: boolean
      /** What a log on Windows is written in; absent: it is found out. */
      readonly encoding?: string
    }
  /** Busy until a file was not written to for so many seconds. */
  | { readonly type: 'idle'; readonly path: string; readonly seconds: number }
  /** Busy while a person is logged in. */
  | { readonly type: 'logged-in' }
  /** Nobody is asked: what its events told, where they tell how it is now. Busy while the fact is true. */
  | { readonly type: 'source'; readonly source: string; readonly fact: string; readonly withinMs: number }
  /** Prints `free`, or `busy` and why. */
  | { readonly type: 'script'; readonly sh?: string; readonly powershell?: string }

/** A fact about a device that must not be when it is changed. */
export interface Guard extends Scoped {
  readonly name: string
  /** What is so while it holds a change back: `a receipt is open`. */
  readonly says: string
  /** Whose shell is asked: its own, or that of the device that it hangs on; `controller`: nobody's. */
  readonly ask: 'device' | 'host' | 'controller'
  readonly test: GuardTest
  /** A device that is busy is looked at again after so long. */
  readonly lookAgainMs: number
}

/** What a guard said. `busy`: who or what, where the device told. `unknown`: why it could not be told. */
export interface GuardSeen {
  readonly guard: string
  readonly says: 'free' | 'busy' | 'unknown'
  readonly detail?: string
}
