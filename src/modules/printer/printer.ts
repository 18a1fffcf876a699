import type { Change } from '../../core/change.ts'
import { DURATION, parseDuration } from '../../core/duration.ts'
import { type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { NewSample } from '../../core/sample.ts'
import { validateWhereabouts, WHEREABOUTS, type Whereabouts } from '../../devices/printer/approach.ts'
import { askPrinter, PROTOCOL_NAMES } from '../../devices/printer/ask-printer.ts'
import { type Assessment, assess, doubtOf, shownSighting } from '../../devices/printer/assess.ts'
import { differentIdentity, IDENTITY, marksOf, type WantedIdentity } from '../../devices/printer/identity.ts'
import { newSamples, tokensOf } from '../../devices/printer/samples.ts'
import { defineModule } from '../define.ts'
import { PRINTER_VALUE } from '../reading-schema.ts'

const SILENT_AFTER = '3h'
const JOB_AGE = '10m'

interface PrinterParams extends Whereabouts {
  readonly protocol: string
  readonly receipts?: JsonObject | null
  readonly silent_after?: string
  readonly job_age?: string
  readonly identity?: WantedIdentity
  readonly strict?: boolean
  readonly thorough?: boolean
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
      protocol: {
        enum: PROTOCOL_NAMES,
        description:
          'What it speaks. `auto` finds out by the kind of the device: an office printer is asked by IPP and SNMP, then by PJL; others on their raw port, by nothing that another kind could print. Unknown when unsure, and for fiscal devices.',
        examples: ['escpos'],
      },
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
          'So much trading time without a receipt is too long. Default: 3h. Where a till knows better, give `receipts`.',
      },
      job_age: { ...DURATION, description: 'A job that waits longer says that its queue stands. Default: 10m.' },
      identity: IDENTITY,
      strict: { type: 'boolean', description: 'What needs attention soon is a failure too.' },
      thorough: {
        type: 'boolean',
        description: 'Certificates, licences, memories and the clock are asked for too, which takes longer.',
      },
    },
  },
  validate: validateWhereabouts,
  observe: (context, params) => observe(context, params as PrinterParams),
  diff: (params, state) => differences(params as PrinterParams, state),
  valueSchema: PRINTER_VALUE,
  value: shown,
  samples: samplesOf,
  marks: ({ sighting }) => marksOf(sighting.reading),
})

async function observe(context: ModuleContext, params: PrinterParams): Promise<Result<Assessment>> {
  const asked = await askPrinter(params, context, { thorough: params.thorough ?? false })
  if (!asked.ok) return asked
  return success(
    assess(asked.value, context, {
      receipts: params.receipts ?? null,
      silentAfterS: secondsOf(params.silent_after ?? SILENT_AFTER),
      jobAgeS: secondsOf(params.job_age ?? JOB_AGE),
      isExpected: differentIdentity(params.identity, asked.value.reading).length === 0,
    }),
  )
}

function secondsOf(duration: string): number {
  return (parseDuration(duration) ?? 0) / 1000
}

function differences(params: PrinterParams, state: Assessment): readonly Change[] | { readonly unknown: string } {
  const { reading } = state.sighting
  const { strict = false } = params
  if (state.fault === 'other-printer') return differentIdentity(params.identity, reading)
  if (state.fault === 'none' || (state.fault === 'attention-soon' && !strict)) return []
  if (state.fault === 'not-known') return { unknown: doubtOf(state) }
  const before = state.cause === null ? state.fault : `${state.fault}: ${state.cause}`
  return [{ path: 'fault', before, after: 'none' }]
}

function shown({ sighting, stages, at, ...verdict }: Assessment): JsonValue {
  return JSON.parse(JSON.stringify({ ...verdict, ...shownSighting({ sighting, stages, at }) })) as JsonValue
}

/** Counters make profiles: what rises when it works. */
function samplesOf({ sighting: { reading }, at }: Assessment): readonly NewSample[] {
  return newSamples({ ...reading.counters, unsent_documents: reading.fiscal?.unsent?.count, ...tokensOf(reading) }, at)
}
