import type { JSONSchema } from 'json-schema-to-ts'
import { DAY_MS, DURATION, parseDuration } from '../../core/duration.ts'
import { WHEREABOUTS, type Whereabouts } from '../../devices/printer/approach.ts'
import { type FiscalLimits, USUAL_LIMITS } from '../../devices/printer/fiscal-conditions.ts'
import type { CriticalLimits } from '../../devices/printer/fiscal-outlook.ts'
import { IDENTITY, type WantedIdentity } from '../../devices/printer/identity.ts'

/** Protocols that know of reports, memories and certificates; those that are not spoken say why. */
const FISCAL_PROTOCOLS = [
  'atol',
  'daisy',
  'datecs',
  'datecs-x',
  'elzab',
  'epson-fp',
  'noviapi',
  'novitus',
  'novitus-xml',
  'posnet',
  'shtrih',
  'shtrih-2',
  'thermal',
  'tremol',
] as const
const SECOND_MS = 1_000

export interface FiscalParams extends Whereabouts {
  readonly protocol: string
  readonly horizon?: string
  readonly reports_left?: number
  readonly unsent_age?: string
  readonly unsent_critical?: string
  readonly unsent_count?: number | null
  readonly clock_skew?: string
  readonly clock_skew_critical?: string
  readonly memory_percent?: number
  readonly sells_daily?: boolean
  readonly identity?: WantedIdentity
  readonly strict?: boolean
}

export const PARAMS = {
  type: 'object',
  additionalProperties: false,
  required: ['protocol'],
  properties: {
    protocol: { enum: FISCAL_PROTOCOLS, description: 'What it speaks.', examples: ['posnet'] },
    ...WHEREABOUTS,
    timeout_ms: {
      ...WHEREABOUTS.timeout_ms,
      description: 'For the whole visit. Default: 10000, since all that it says is read.',
    },
    horizon: {
      ...DURATION,
      description:
        'What runs out within it is listed: certificates, licence, inspection, fiscal storage. Default: 90d.',
      examples: ['90d'],
    },
    reports_left: {
      type: 'integer',
      minimum: 0,
      description: 'So many daily reports have to fit into the fiscal memory. Default: 60.',
    },
    unsent_age: {
      ...DURATION,
      description: 'For so long a document may wait to be sent to the tax office. Default: 3d.',
      examples: ['3d'],
    },
    unsent_critical: {
      ...DURATION,
      description: 'From then on it puts sales at risk. Default: 20d, since a Russian fiscal storage locks after 30.',
      examples: ['20d'],
    },
    unsent_count: { type: ['integer', 'null'], minimum: 1, description: 'So many waiting documents are too many.' },
    clock_skew: { ...DURATION, description: 'How far its clock may be off. Default: 60s.', examples: ['60s'] },
    clock_skew_critical: {
      ...DURATION,
      description: 'From then on it puts sales at risk. Default: 5m.',
      examples: ['5m'],
    },
    memory_percent: {
      type: 'number',
      minimum: 0,
      maximum: 100,
      description: 'So much of the protected memory has to be free. Default: 5.',
    },
    sells_daily: {
      type: 'boolean',
      description:
        'It sells on every trading day: then a daily report is missing also where the device does not tell what was sold.',
    },
    identity: IDENTITY,
    strict: { type: 'boolean', description: 'What needs attention within 30 days is a failure too.' },
  },
} as const satisfies JSONSchema

/** When somebody should see to something. */
export function limitsOf(params: FiscalParams): FiscalLimits {
  const horizonDays = inUnits(params.horizon ?? '90d', DAY_MS)
  return {
    ...USUAL_LIMITS,
    soonDays: horizonDays,
    storageDays: horizonDays,
    reportsLeft: params.reports_left ?? USUAL_LIMITS.reportsLeft,
    memoryShare: params.memory_percent === undefined ? USUAL_LIMITS.memoryShare : params.memory_percent / 100,
    unsentDays: inUnits(params.unsent_age ?? '3d', DAY_MS),
    unsentCount: params.unsent_count ?? USUAL_LIMITS.unsentCount,
    skewSeconds: inUnits(params.clock_skew ?? '60s', SECOND_MS),
  }
}

export function criticalOf(params: FiscalParams): CriticalLimits {
  return {
    skewSeconds: inUnits(params.clock_skew_critical ?? '5m', SECOND_MS),
    unsentDays: inUnits(params.unsent_critical ?? '20d', DAY_MS),
  }
}

function inUnits(duration: string, unitMs: number): number {
  return (parseDuration(duration) ?? 0) / unitMs
}
