import { fail, type Result, success } from '../../core/failure.ts'
import { exhausted, wantHere } from '../../files/want-here.ts'
import { watchingLoad } from '../../load/watching-load.ts'

/**
 * What a look from this machine saw. A failure (`CONTROLLER_OVERLOADED`) where it came too late while this machine was
 * overloaded most of the time, and (`CONTROLLER_EXHAUSTED`) where this machine had too little to look at all: that says nothing of whom it was
 * about.
 *
 * @param isLate whether what was seen is that no answer came in time. Default: it never is
 */
export async function seenFromHere<T>(
  look: () => Promise<T>,
  isLate: (seen: T) => boolean = () => false,
): Promise<Result<T>> {
  const seen = await watchingLoad(look).catch((error: unknown) => {
    const want = wantHere(error)
    if (want === undefined) throw error
    return fail(exhausted('observe', { where: 'It', want }))
  })
  if ('failure' in seen) return seen
  const { value, overloaded } = seen
  if (!overloaded || !isLate(value)) return success(value)
  const message =
    'No answer came in time. Since this machine was overloaded meanwhile, that says nothing about the device.'
  return fail({ code: 'CONTROLLER_OVERLOADED', phase: 'observe', message })
}

/** For probes that tell how they ended. */
export function timedOut({ state }: { readonly state: string }): boolean {
  return state === 'timed-out'
}
