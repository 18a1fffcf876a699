import { Args, Flags } from '@oclif/core'
import { writtenWallTime } from '../core/zoned-time.ts'

export const incidentArg = Args.string({ required: true, description: 'its id', name: 'INCIDENT' })

/** What may be said of an incident. */
export const wordFlags = {
  cause: Flags.string({ description: 'what it came from; stops the clock of diagnosis', helpValue: 'TEXT' }),
  done: Flags.string({ description: 'a step of it that is done; may be repeated', multiple: true, helpValue: 'STEP' }),
  action: Flags.string({ description: 'what is to be done so that it does not come again', helpValue: 'TEXT' }),
  owner: Flags.string({ description: 'who does that. Default: this account', helpValue: 'NAME' }),
  due: Flags.custom<string>({
    description: 'until when',
    helpValue: 'YYYY-MM-DD',
    parse: async (text) => {
      if (writtenWallTime(text, '00:00') !== undefined) return text
      throw new Error(`"${text}" is no date: write it as 2026-12-24`)
    },
  })(),
  'action-done': Flags.boolean({ description: 'what was to be done so that it does not come again is done' }),
} as const
