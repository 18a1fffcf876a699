import { Errors, Flags } from '@oclif/core'
import { parseDuration } from '../core/duration.ts'

/** A length of time, in milliseconds; at least `min` of them, a second unless it says otherwise. */
export const durationFlag = Flags.custom<number, { min?: number }>({
  async parse(text, _context, { min = 1_000 }) {
    const ms = parseDuration(text)
    if (ms === undefined) throw new Errors.CLIError(`a time is written as 90s, 10m, 12h or 7d, not "${text}"`)
    if (ms < min) throw new Errors.CLIError(`it is a time of a second or more, such as 90s or 5m, not "${text}"`)
    return ms
  },
})
