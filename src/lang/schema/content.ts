import { BYTE_RATE_PATTERN, BYTE_SIZE_PATTERN } from '../../core/byte-size.ts'

const RATE = { type: 'string', pattern: BYTE_RATE_PATTERN, examples: ['1MB/s', '200KB/s'] } as const

/** `content` of tillwright.yaml. */
export const CONTENT = {
  title: 'Content',
  description: 'How files of the repository (packages, sources of `file`) go to devices.',
  type: 'object',
  additionalProperties: false,
  properties: {
    share: {
      description:
        'A file goes over the line of a store once: whichever device of the store has it gives it to the others, by their LAN, checked by its hash. Default: false.',
      type: 'boolean',
      examples: [true],
    },
    above: {
      description: 'Only files that are larger than this. Default: 256KB.',
      type: 'string',
      pattern: BYTE_SIZE_PATTERN,
      examples: ['1MB'],
    },
    per_store: {
      description: 'How fast files may go over the line of each store. Default: as fast as it is.',
      ...RATE,
    },
    fleet: { description: 'How fast files may go to all stores together. Default: without a limit.', ...RATE },
    metered: {
      description:
        'Whether files larger than `above` may go over lines that are `metered` in the inventory. Default: refuse.',
      enum: ['allow', 'refuse'],
      examples: ['allow'],
    },
  },
} as const
