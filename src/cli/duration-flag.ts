import { Errors, Flags } from '@oclif/core'
import { parseDuration } from '../core/duration.ts'

/** A duration of a second or more, in milliseconds. */
export const durationFlag = Flags.custom<number>({
  async parse(text) {
    const ms = parseDuration(text)
    if (ms !== undefined && ms >= 1_000) return ms
    throw new Errors.CLIError(`It is a duration of a second or more, such as 90s or 5m, not "${text}"`)
  },
})
