import type { JSONSchema } from 'json-schema-to-ts'
import type { Change } from '../../core/change.ts'
import { type Result, success } from '../../core/failure.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { WHEREABOUTS } from '../../devices/printer/approach.ts'
import type { Sighting } from '../../devices/printer/sight.ts'
import { protocolStage, reachStage, type Stage } from '../../devices/printer/stages.ts'
import { askTerminal, TERMINAL_PROTOCOLS, type TerminalPlace } from '../../devices/terminal/ask-terminal.ts'
import { judgeTerminal, type TerminalVerdict } from '../../devices/terminal/judge.ts'
import type { TerminalReading } from '../../devices/terminal/reading.ts'
import { defineModule } from '../define.ts'
import { TERMINAL_VALUE } from '../reading-schema.ts'

interface PaymentTerminalParams extends TerminalPlace {
  readonly serial_number?: string | null
  readonly strict?: boolean
}

interface State {
  readonly sighting: Sighting<TerminalReading>
  readonly stages: { readonly reach: Stage; readonly protocol: Stage }
  readonly verdict: TerminalVerdict
  readonly about: string
  readonly at: Date
}

const PARAMS = {
  type: 'object',
  additionalProperties: false,
  required: ['protocol'],
  properties: {
    protocol: {
      enum: TERMINAL_PROTOCOLS,
      description:
        'What it speaks with its till: `ecr-eft` (Poland), `ecr17` (Italy), `nexo` (local Terminal API of Adyen), `zvt` (Germany, Austria and others).',
      examples: ['zvt'],
    },
    address: WHEREABOUTS.address,
    port: {
      ...WHEREABOUTS.port,
      description: 'TCP port. Default: 20007 for `zvt`, 8443 for `nexo`; the others have none.',
      examples: [20007],
    },
    through: WHEREABOUTS.through,
    tls: { type: ['boolean', 'null'], description: 'Of `nexo`: over TLS. Default: true.' },
    terminal_id: {
      type: ['string', 'null'],
      pattern: '^[A-Za-z0-9._-]{1,40}$',
      description:
        'How it is called by its till: of `nexo` its POIID, which must be given; of `ecr17` eight digits. Default of `ecr17`: any terminal.',
      examples: ['V400m-346403161'],
    },
    sale_id: {
      type: ['string', 'null'],
      pattern: '^[A-Za-z0-9._-]{1,40}$',
      description: 'Of `nexo`: by which name we ask. Default: tillwright.',
    },
    key: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['identifier', 'version', 'passphrase'],
      description:
        'Of `nexo`: the shared key of the terminal. Without it messages go unprotected, which few terminals take.',
      properties: {
        identifier: { type: 'string', minLength: 1, description: 'Its name.', examples: ['store-key'] },
        version: { type: 'integer', minimum: 0, description: 'Its version.', examples: [1] },
        passphrase: { type: 'string', minLength: 1, description: 'Its passphrase. Keep it in a secret.' },
      },
    },
    password: {
      type: ['string', 'null'],
      description: 'Of `zvt`: the six digits of the till. Default: none is sent.',
    },
    status_enquiry: {
      type: ['boolean', 'null'],
      description:
        'Of `zvt`: its state may be asked. The question also lets a terminal begin what it has planned by time, such as an end of day, whose receipt then comes to us; tills ask it all the time. Default: false, and it is only connected to.',
    },
    serial_number: {
      type: ['string', 'null'],
      description: 'What it has to say that it is, where its protocol tells: terminal identifier, POIID or number.',
    },
    timeout_ms: { ...WHEREABOUTS.timeout_ms, description: 'For the whole visit. Default: 3000.' },
    strict: { type: 'boolean', description: 'What needs attention soon is a failure too.' },
  },
} as const satisfies JSONSchema

export const paymentTerminal = defineModule({
  name: 'payment_terminal',
  summary: 'Whether a payment terminal is there, answers, and takes cards, without a payment; and if not, whose it is',
  systems: ['linux', 'windows', 'none'],
  params: PARAMS,
  observe: (context, params) => observe(context, params as PaymentTerminalParams),
  diff: (params, state) => differences(params as PaymentTerminalParams, state),
  valueSchema: TERMINAL_VALUE,
  value: shown,
  marks: ({ sighting: { reading } }): Record<string, string> => {
    const serial = reading.identity?.serial
    return serial === undefined ? {} : { serial }
  },
})

async function observe(context: ModuleContext, params: PaymentTerminalParams): Promise<Result<State>> {
  const asked = await askTerminal(params, context)
  if (!asked.ok) return asked
  const sighting = asked.value
  const { reading, oneAtATime, link } = sighting
  const stages = { reach: reachStage(reading, sighting), protocol: protocolStage(reading, oneAtATime) }
  const verdict = judgeTerminal({
    reading,
    reach: stages.reach.answer,
    protocol: stages.protocol.answer,
    link,
    isExpected: wrongIdentity(params, reading) === undefined,
  })
  const about = verdict.fault === 'link-down' ? `link of ${context.store.id}` : ''
  return success({ sighting, stages, verdict, about, at: context.now() })
}

/** Who it says that it is, where that is another. */
function wrongIdentity({ serial_number: wanted }: PaymentTerminalParams, reading: TerminalReading): string | undefined {
  const said = reading.identity?.serial
  return wanted == null || said === undefined || said === wanted ? undefined : said
}

function differences(params: PaymentTerminalParams, state: State): readonly Change[] | { readonly unknown: string } {
  const { verdict, sighting, stages } = state
  const { fault, cause } = verdict
  if (fault === 'other-terminal') {
    const before = wrongIdentity(params, sighting.reading) ?? ''
    return [{ path: 'serial_number', before, after: params.serial_number ?? '' }]
  }
  if (fault === 'none' || (fault === 'attention-soon' && !(params.strict ?? false))) return []
  if (fault === 'not-known') {
    const said = sighting.reading.conditions.map(({ evidence }) => evidence).join('; ')
    return { unknown: sighting.reading.detail || said || `${stages.reach.evidence}; ${stages.protocol.evidence}` }
  }
  return [{ path: 'fault', before: cause === null ? fault : `${fault}: ${cause}`, after: 'none' }]
}

function shown({ sighting, stages, verdict, about, at }: State): JsonValue {
  const { reading, name, link, pings, ms } = sighting
  const { protocol, answered, busy, line, conditions, identity, more, evidence, detail } = reading
  const told = { protocol, answered, busy, line, conditions, identity, more, evidence, detail }
  const known = { ...verdict, about, stages, where: name, link, pings, ms, read_at: at.toISOString(), ...told }
  return JSON.parse(JSON.stringify(known)) as JsonValue
}
