import type { Change } from '../../core/change.ts'
import { DURATION, parseDuration } from '../../core/duration.ts'
import { type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/ports.ts'
import type { NewSample } from '../../core/sample.ts'
import { WHEREABOUTS, type Whereabouts } from '../../devices/printer/approach.ts'
import { askPrinter, PROTOCOL_NAMES, type Sighting } from '../../devices/printer/ask-printer.ts'
import type { Identity, PrinterReading } from '../../devices/printer/reading.ts'
import { protocolStage, reachStage, type Stage, workStage } from '../../devices/printer/stages.ts'
import { judge, type Verdict } from '../../devices/printer/verdict.ts'
import { defineModule } from '../define.ts'

const SILENT_AFTER = '3h'
const JOB_AGE = '10m'
/** Of those, what stops the printer stops sales. */
const SELLING_KINDS: readonly string[] = ['fiscal-printer', 'receipt-printer', 'till', 'vending']

interface PrinterParams extends Whereabouts {
  readonly protocol: string
  readonly receipts?: JsonObject | null
  readonly silent_after?: string
  readonly job_age?: string
  readonly identity?: Partial<Readonly<Record<keyof Identity, string | null>>>
  readonly strict?: boolean
  readonly thorough?: boolean
}

interface PrinterState extends Verdict {
  readonly sighting: Sighting
  readonly stages: { readonly reach: Stage; readonly protocol: Stage; readonly work: Stage }
  /** What is at fault, where it is not the printer. */
  readonly about: string
  readonly at: Date
}

export const printer = defineModule({
  name: 'printer',
  summary: 'Whether a printer is there, answers, and does its work; and if not, what is wrong and whose it is',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['protocol'],
    properties: {
      protocol: { enum: PROTOCOL_NAMES, description: 'What it speaks.', examples: ['escpos'] },
      ...WHEREABOUTS,
      receipts: {
        type: ['object', 'null'],
        additionalProperties: true,
        description:
          'What a `receipts` step found: `${' +
          '{ steps.receipts.value }}`. It outweighs what we are told when we ask.',
      },
      silent_after: {
        ...DURATION,
        description:
          'So much trading time without a receipt is too long; 3h unless told. Where a till knows better, give `receipts`.',
      },
      job_age: { ...DURATION, description: 'A job that waits longer says that its queue stands; 10m unless told.' },
      identity: {
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
      },
      strict: { type: 'boolean', description: 'What needs attention soon is a failure too.' },
      thorough: {
        type: 'boolean',
        description: 'Certificates, licences, memories and the clock are asked for too, which takes longer.',
      },
    },
  },
  observe: (context, params) => observe(context, params as PrinterParams),
  diff: (params, state) => differences(params as PrinterParams, state),
  value: shown,
  samples: samplesOf,
  marks: ({ sighting: { reading } }) => ({
    ...(reading.identity?.serial !== undefined && { serial: reading.identity.serial }),
    ...(reading.identity?.unique_number !== undefined && { unique_number: reading.identity.unique_number }),
    ...(reading.fiscal?.last_receipt_at !== undefined && { last_receipt_at: reading.fiscal.last_receipt_at }),
  }),
})

async function observe(context: ModuleContext, params: PrinterParams): Promise<Result<PrinterState>> {
  const asked = await askPrinter(params, context, { thorough: params.thorough ?? false })
  if (!asked.ok) return asked
  const { reading, oneAtATime, link } = asked.value
  const at = context.now()
  const stages = {
    reach: reachStage(reading, asked.value),
    protocol: protocolStage(reading, oneAtATime),
    work: workStage({
      reading,
      receipts: params.receipts ?? null,
      trading: context.store,
      now: at,
      silentAfterS: secondsOf(params.silent_after ?? SILENT_AFTER),
      jobAgeS: secondsOf(params.job_age ?? JOB_AGE),
    }),
  }
  const strangers = differentIdentity(params, reading)
  const verdict = judge({
    isExpected: strangers.length === 0,
    reach: stages.reach.answer,
    protocol: stages.protocol.answer,
    work: stages.work.answer,
    link,
    busy: reading.busy,
    ready: reading.ready,
    conditions: reading.conditions,
    sells: SELLING_KINDS.includes(context.device.kind),
  })
  const about = verdict.fault === 'link-down' ? `link of ${context.store.id}` : ''
  return success({ ...verdict, sighting: asked.value, stages, about, at })
}

function secondsOf(duration: string): number {
  return (parseDuration(duration) ?? 0) / 1000
}

/** What it says that it is, and should not be. What it does not say is not compared. */
function differentIdentity({ identity = {} }: PrinterParams, reading: PrinterReading): readonly Change[] {
  return Object.entries(identity).flatMap(([field, wished]): Change[] => {
    const before = reading.identity?.[field as keyof Identity]
    if (wished === null || before === undefined || before === wished) return []
    return [{ path: `identity.${field}`, before, after: wished }]
  })
}

function differences(params: PrinterParams, state: PrinterState): readonly Change[] | { readonly unknown: string } {
  const { reading } = state.sighting
  const { strict = false } = params
  if (state.fault === 'other-printer') return differentIdentity(params, reading)
  const { reach, protocol } = state.stages
  if (state.fault === 'none' || (state.fault === 'attention-soon' && !strict)) return []
  if (state.fault === 'not-known') return { unknown: reading.detail ?? `${reach.evidence}; ${protocol.evidence}` }
  const before = state.cause === null ? state.fault : `${state.fault}: ${state.cause}`
  return [{ path: 'fault', before, after: 'none' }]
}

function shown({ sighting, stages, at, ...verdict }: PrinterState): JsonValue {
  const { reading, name, ms, link, pings } = sighting
  const known = { ...verdict, stages, where: name, link, pings, ms, read_at: at.toISOString(), ...reading }
  // What is not known is left out.
  return JSON.parse(JSON.stringify(known)) as JsonValue
}

/** Counters make profiles: what rises when it works. */
function samplesOf({ sighting: { reading }, at }: PrinterState): readonly NewSample[] {
  const { fiscal, counters = {} } = reading
  const found = { ...counters, ...(fiscal?.unsent && { unsent_documents: fiscal.unsent.count }) }
  return Object.entries(found).map(([series, value]) => ({ series, value, at: at.toISOString() }))
}
