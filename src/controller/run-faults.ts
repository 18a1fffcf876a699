import { UnwritableError } from '../app/writer.ts'
import { InputError, RunBroken } from '../core/diagnostic.ts'
import { SessionLost } from '../core/failure.ts'

/** What stopped a run that is no bug of ours. */
export function broken(error: unknown): unknown {
  if (error instanceof InputError) return new RunBroken(error.diagnostics)
  if (!(error instanceof SessionLost)) return error
  const { code, message } = error.failure
  return new RunBroken([{ code, severity: 'error', summary: message.replace(/\.$/, '') }])
}

/** One reporter that could not write must not keep another from being whole; a bug of ours comes before what could not be written. */
export function tellFaults(faults: readonly unknown[]): void {
  const lost = faults.filter((fault) => fault instanceof UnwritableError)
  const bug = faults.find((fault) => !(fault instanceof UnwritableError))
  if (bug !== undefined) throw bug
  if (lost.length > 0) throw new UnwritableError(lost.flatMap(({ lost: each }) => each))
}
