import type { Change } from '../../core/change.ts'
import { type Result, success } from '../../core/failure.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { NewSample } from '../../core/sample.ts'
import { validateWhereabouts } from '../../devices/printer/approach.ts'
import { askPrinter } from '../../devices/printer/ask-printer.ts'
import { type Assessment, assess, doubtOf, shownSighting } from '../../devices/printer/assess.ts'
import { missingReport } from '../../devices/printer/daily-report.ts'
import { type FiscalFinding, fiscalConditions, fiscalFindings } from '../../devices/printer/fiscal-conditions.ts'
import { type DueItem, dueItems, type Outlook, outlookOf } from '../../devices/printer/fiscal-outlook.ts'
import { differentIdentity, marksOf } from '../../devices/printer/identity.ts'
import {
  type Answer,
  CONDITIONS,
  type Condition,
  type FiscalFacts,
  type PrinterReading,
} from '../../devices/printer/reading.ts'
import { newSamples, tokensOf } from '../../devices/printer/samples.ts'
import { defineModule } from '../define.ts'
import { FISCAL_VALUE } from '../reading-schema.ts'
import { criticalOf, type FiscalParams, limitsOf, PARAMS } from './params.ts'
import { RESETS_SERIES, resetsSince } from './ram-resets.ts'

const BUDGET_MS = 10_000
const SILENT_AFTER_S = 3 * 3600
const JOB_AGE_S = 600
/** What a device may tell and that would change the list; those that it did not tell are said to be unknown. */
const AREAS = [
  'clock_skew_s',
  'last_report_at',
  'reports_left',
  'protected_memory',
  'unsent',
  'certificates',
  'licence',
  'next_inspection_at',
  'storage_valid_until',
  'ram_resets',
] as const satisfies readonly (keyof FiscalFacts)[]

interface FiscalState {
  readonly assessment: Assessment
  readonly due: readonly DueItem[]
  readonly readiness: { readonly can_issue: Answer } & Outlook
  readonly fault: string
  readonly severity: string
  readonly owner: string | null
  readonly remedy: string | null
  readonly cause: string | null
  /** What was read that says so. */
  readonly why: string
}

export const fiscal = defineModule({
  name: 'fiscal',
  summary: 'Whether a fiscal device can issue receipts, until when, and what is due on it by when',
  systems: ['linux', 'windows', 'none'],
  params: PARAMS,
  validate: validateWhereabouts,
  observe: (context, params) => observe(context, params as FiscalParams),
  diff: (params, state) => differences(params as FiscalParams, state),
  valueSchema: FISCAL_VALUE,
  value: shown,
  samples: samplesOf,
  marks: ({ assessment }) => marksOf(assessment.sighting.reading),
})

async function observe(context: ModuleContext, params: FiscalParams): Promise<Result<FiscalState>> {
  const { timeout_ms = BUDGET_MS } = params
  const asked = await askPrinter({ ...params, timeout_ms }, context, { thorough: true })
  if (!asked.ok) return asked
  const assessment = assess(asked.value, context, {
    receipts: null,
    silentAfterS: SILENT_AFTER_S,
    jobAgeS: JOB_AGE_S,
    isExpected: differentIdentity(params.identity, asked.value.reading).length === 0,
  })
  return success(stateOf(assessment, await findingsOf(context, params, assessment), { context, params }))
}

async function findingsOf(
  { store, history }: ModuleContext,
  params: FiscalParams,
  { sighting: { reading }, at }: Assessment,
): Promise<(Condition | FiscalFinding)[]> {
  const { fiscal: facts = {}, conditions } = reading
  const usual = fiscalConditions(facts, at, store.time_zone).map(({ evidence }) => evidence)
  const all = [
    ...fiscalFindings(facts, at, store.time_zone, limitsOf(params)),
    ...missingReport(facts, store, { now: at, sellsDaily: params.sells_daily ?? false }),
    ...(await resetsSince(history, facts.ram_resets, at)),
  ]
  // What it says itself; what was derived from its facts was derived anew, by the limits of the step.
  const own = conditions.filter(({ evidence }) => !usual.includes(evidence))
  return [...own.filter(({ name }) => !all.some((finding) => finding.name === name)), ...all]
}

function stateOf(
  assessment: Assessment,
  findings: readonly (Condition | FiscalFinding)[],
  { context: { store }, params }: { readonly context: ModuleContext; readonly params: FiscalParams },
): FiscalState {
  const { sighting, at, can_issue } = assessment
  const { fiscal: facts = {} } = sighting.reading
  const place = { now: at, timeZone: store.time_zone }
  const due = dueItems(findings, { facts, ...place, critical: criticalOf(params), canIssue: can_issue })
  const outlook = outlookOf(facts, { ...place, week: store.hours.week }, limitsOf(params))
  // What should keep it from selling is past, even where receipts prove that it does not yet.
  const past = due.find(({ condition }) => CONDITIONS[condition] === 'blocked')
  const ended = { until: past?.due_at ?? null, days_left: 0, cause: past?.condition ?? assessment.cause }
  const readiness = { can_issue, ...(can_issue === 'no' || past ? ended : outlook) }
  return { assessment, due, readiness, ...headline(assessment, due) }
}

const FAULTS = {
  'sale-blocked': 'sale-blocked',
  'sale-at-risk': 'sale-ends-soon',
  attention: 'attention-soon',
  planned: 'due-later',
} as const satisfies Record<DueItem['severity'], string>

/** What is wrong with it now; or else the worst of what is due. */
function headline(
  { fault, severity, owner, remedy, cause, sighting: { reading } }: Assessment,
  due: readonly DueItem[],
): Omit<FiscalState, 'assessment' | 'due' | 'readiness'> {
  const [first] = due
  // That something else is not known outweighs nothing that fails.
  const isOutweighed = fault === 'not-known' && first !== undefined && FAILS.includes(first.severity)
  if (fault !== 'none' && fault !== 'attention-soon' && !isOutweighed) {
    const why = due.find(({ condition }) => condition === cause)?.evidence ?? reading.detail ?? ''
    return { fault, severity, owner, remedy, cause, why }
  }
  if (!first) return { fault: 'none', severity: 'none', owner: null, remedy: null, cause: null, why: '' }
  const { condition, evidence, severity: weight, owner: whose, remedy: helps } = first
  return { fault: FAULTS[weight], severity: weight, owner: whose, remedy: helps, cause: condition, why: evidence }
}

const FAILS: readonly DueItem['severity'][] = ['sale-blocked', 'sale-at-risk']

function differences(params: FiscalParams, state: FiscalState): readonly Change[] | { readonly unknown: string } {
  const { assessment, due, fault } = state
  const { reading } = assessment.sighting
  if (fault === 'other-printer') return differentIdentity(params.identity, reading)
  const failing = due.filter(({ severity }) => FAILS.includes(severity) || (params.strict && severity === 'attention'))
  if (failing.length > 0) return failing.map(changeOf)
  if (fault === 'not-known') return { unknown: doubtOf(assessment) }
  const isFine = fault === 'none' || fault === 'attention-soon' || fault === 'due-later'
  if (!isFine) return [{ path: 'fault', before: fault, after: 'none' }]
  // Half a list is no list on which all is well.
  return isWhole(reading) ? [] : { unknown: reading.detail ?? 'It is at work, and was not asked for everything.' }
}

function changeOf({ condition, evidence }: DueItem): Change {
  return { path: condition, before: evidence, after: 'none' }
}

function isWhole({ answered, busy, detail }: PrinterReading): boolean {
  return answered === 'yes' && !busy && detail === undefined
}

function shown({ assessment, due, readiness, ...head }: FiscalState): JsonValue {
  const { fiscal: facts } = assessment.sighting.reading
  const untold = AREAS.filter((area) => facts?.[area] === undefined)
  const known = { ...head, about: assessment.about, readiness, due, untold, ...shownSighting(assessment) }
  return JSON.parse(JSON.stringify(known)) as JsonValue
}

/** What rises, or falls, from run to run. */
function samplesOf({ assessment: { sighting, at } }: FiscalState): readonly NewSample[] {
  const { fiscal: facts = {}, counters } = sighting.reading
  const found = {
    ...counters,
    [RESETS_SERIES]: facts.ram_resets,
    unsent_documents: facts.unsent?.count,
    reports_left: facts.reports_left,
    protected_memory_free: facts.protected_memory?.free,
    clock_skew_seconds: facts.clock_skew_s,
    ...tokensOf(sighting.reading),
  }
  return newSamples(found, at)
}
