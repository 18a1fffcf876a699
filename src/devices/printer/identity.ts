import type { JSONSchema } from 'json-schema-to-ts'
import type { Change } from '../../core/change.ts'
import type { Marks } from '../../core/sample.ts'
import type { Identity, PrinterReading } from './reading.ts'

/** What a device has to say that it is. null is not compared. */
export type WantedIdentity = Partial<Readonly<Record<keyof Identity, string | null>>>

/** Of the modules that ask printers. */
export const IDENTITY = {
  type: 'object',
  additionalProperties: false,
  description: 'What it has to say that it is, as far as its protocol tells. null is not compared.',
  properties: {
    vendor: { type: ['string', 'null'], description: 'Who makes it, as it says itself.', examples: ['epson'] },
    model: { type: ['string', 'null'], description: 'Its model, as it says itself.', examples: ['TM-T20III'] },
    firmware: { type: ['string', 'null'], description: 'Its firmware, as it says itself.', examples: ['1.15'] },
    serial: {
      type: ['string', 'null'],
      description: 'Its serial number, as it says itself.',
      examples: ['J7XF000123'],
    },
    unique_number: { type: ['string', 'null'], description: 'Under which the tax office knows it.' },
  },
} as const satisfies JSONSchema

/** What it says that it is, and should not be. What it does not say is not compared. */
export function differentIdentity(wanted: WantedIdentity | undefined, reading: PrinterReading): readonly Change[] {
  return Object.entries(wanted ?? {}).flatMap(([field, desired]): Change[] => {
    const before = reading.identity?.[field as keyof Identity]
    if (desired === null || before === undefined || before === desired) return []
    return [{ path: `identity.${field}`, before, after: desired }]
  })
}

/** By what it is known again. */
export function marksOf({ identity, fiscal }: PrinterReading): Marks {
  return {
    ...(identity?.serial !== undefined && { serial: identity.serial }),
    ...(identity?.unique_number !== undefined && { unique_number: identity.unique_number }),
    ...(fiscal?.last_receipt_at !== undefined && { last_receipt_at: fiscal.last_receipt_at }),
  }
}
