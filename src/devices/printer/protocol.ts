import type { Result } from '../../core/failure.ts'
import type { Line } from '../line/line.ts'
import type { PrinterReading } from './reading.ts'

/** What a client needs beside the line. */
export interface Asking {
  readonly now: () => Date
  /** IANA zone of the store, for clocks that say no offset. */
  readonly timeZone: string
  /** For the whole visit, in milliseconds. */
  readonly budgetMs: number
  /** More than whether it can print: memories, certificates, counters. Takes longer. */
  readonly thorough: boolean
  /** Aborted when the run is stopped; a client that left something on the printer still takes it away then. */
  readonly signal?: AbortSignal
}

/**
 * A protocol on a byte line. Its client sends nothing but what its own allow-list names: questions that print nothing,
 * change nothing, and read no secret. Parameters of a runbook never become bytes of a command.
 */
export interface LineProtocol {
  readonly name: string
  /** Reads; a failure only where the line fails for good (`Line.converse`). Whatever the printer says is a reading. */
  read(line: Line, asking: Asking): Promise<Result<PrinterReading>>
}
