import type { ShellValue } from '../../core/channel.ts'
import { type ClientCall, clientCall } from './database.ts'
import type { ReceiptsParams } from './params.ts'

/** What a device is asked about receipts, in one question. */
export interface Look {
  readonly source?: 'log' | 'folder' | 'database'
  readonly values: Readonly<Record<string, ShellValue>>
  readonly call?: ClientCall
  readonly waiting?: { readonly path: string; readonly match: string }
  /** For messages: completes "… ended with exit code 1". */
  readonly what: string
}

/** What it answers: times in seconds since 1970, by its own clock. */
export interface LookAnswer {
  readonly now: number
  /** There is more than was looked at. */
  readonly cut: boolean
  readonly matches: readonly string[]
  readonly times: readonly number[]
  readonly rows: readonly string[]
  /** Receipts that wait; null when that was not asked, or has no folder. */
  readonly waiting: number | null
  readonly oldest: number | null
  readonly waiting_missing: boolean
}

/** As many receipts as a day has, and their times fit into some ten kilobytes. */
export const MOST = 1500

/** What a device with a shell has to be asked; undefined when nothing is wanted from it. `since`: of the trading day. */
export function lookFor(params: ReceiptsParams, since: number, zone: string): Look | undefined {
  const { log, folder, database, waiting } = params
  const wait = waiting && { path: waiting.path, match: waiting.match ?? '*' }
  const common = { ...(wait && { waiting: wait }) }
  if (log) {
    const values = {
      path: log.path,
      pattern: log.pattern,
      lines: log.lines ?? 5000,
      most: MOST,
      encoding: log.encoding ?? '',
    }
    return { ...common, source: 'log', values, what: `Reading "${log.path}"` }
  }
  if (folder) {
    const values = { path: folder.path, match: folder.match ?? '*', most: MOST }
    return { ...common, source: 'folder', values, what: `Looking into "${folder.path}"` }
  }
  if (database) {
    const call = clientCall(database, since, zone)
    return { ...common, source: 'database', values: {}, call, what: `The query by ${call.program}` }
  }
  return wait && { ...common, values: {}, what: `Looking into "${wait.path}"` }
}
