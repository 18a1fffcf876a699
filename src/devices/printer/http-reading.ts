import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { HttpReply, HttpTrouble } from '../line/http-over-stream.ts'
import { reachStateOfFailure } from '../probe/reach.ts'
import { type Evidence, type PrinterReading, UNKNOWN_GUARDS } from './reading.ts'

/** A reply that is no answer of HTTP. */
export type HttpMiss = Exclude<HttpReply, { readonly state: 'answered' }>

const WORDS: Readonly<Record<HttpTrouble, string>> = {
  silent: 'It takes connections and does not answer',
  cut: 'Its answer broke off',
  'not-http': 'What answered does not speak HTTP',
  'tls-failed': 'No TLS session came about',
  'too-large': 'Its answer is far longer than any printer says',
  stopped: 'The run was stopped',
}

/**
 * What it says of a printer that no answer of HTTP came from it: a reading that tells how its port was found, or that it
 * did not answer. A failure only where the way to it could not be used, so that nothing is known.
 */
export function missedReading(protocol: string, miss: HttpMiss, evidence: readonly Evidence[]): Result<PrinterReading> {
  if (miss.state === 'unreached') return unreachedReading(protocol, miss.failure, evidence)
  return success({
    ...NOTHING_READ,
    protocol,
    answered: miss.state === 'stopped' ? 'unknown' : 'no',
    line: 'open',
    evidence,
    detail: `${WORDS[miss.state]} (${miss.detail}).`,
  })
}

/** The same, of a port that could not be opened. */
export function unreachedReading(
  protocol: string,
  failure: Failure,
  evidence: readonly Evidence[],
): Result<PrinterReading> {
  const line = reachStateOfFailure(failure.code)
  if (line === undefined) return fail(failure)
  return success({ ...NOTHING_READ, protocol, answered: 'unknown', line, evidence, detail: failure.message })
}

const NOTHING_READ = { busy: false, ready: 'unknown', conditions: [], guards: UNKNOWN_GUARDS } as const
