import type { Change } from '../../core/change.ts'
import { HOUR_MS, MINUTE_MS, parseDuration } from '../../core/duration.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { NewSample } from '../../core/sample.ts'
import { type Audit, readAudit } from '../../devices/evadts/audit.ts'
import { LIMITS } from '../../devices/sales/verdict.ts'
import { defineModule } from '../define.ts'
import { doubtOf, type Made, madeOf, staleMs } from './age.ts'
import { activity, newEvents, pastOfEvent, type Times, timesOf } from './events.ts'
import { type Finding, judge } from './judge.ts'
import { type Known, noted, type Past, RECALLED_MS, recall, seriesOf } from './known.ts'
import { givenOf, PARAMS, type VendingParams, validate } from './params.ts'
import { type Acceptor, acceptorOf, type CardPayments, cardPayments, newOutages, takenBy } from './payments.ts'
import { readSource } from './read-source.ts'
import { judgeSales, type SalesVerdict } from './sales.ts'
import { type ColumnStock, stockOf, unpaidVends } from './stock.ts'
import { type Temperature, temperatureOf } from './temperature.ts'
import { VENDING_VALUE } from './value.ts'

const WEEKS = 6
const SAMPLE_EVERY_MS = 20 * MINUTE_MS
const COLUMN_EVERY_MS = 6 * HOUR_MS

interface State {
  readonly audit: Audit
  readonly made: Made
  readonly now: number
  /** Why nothing but trouble may be concluded from it; undefined when it can be trusted. */
  readonly doubt: string | undefined
  readonly sales: SalesVerdict
  readonly stock: readonly ColumnStock[]
  readonly acceptors: Readonly<Record<'coins' | 'notes' | 'card', Acceptor>>
  readonly card: CardPayments & { readonly silent: boolean }
  readonly temperature: Temperature | null
  readonly findings: readonly Finding[]
  readonly samples: readonly NewSample[]
}

export const vending = defineModule({
  name: 'vending',
  summary: 'Reads the audit file of a vending machine (EVA DTS): stock, sales, payments, temperature, faults',
  systems: ['linux', 'windows', 'none'],
  params: PARAMS,
  paths: { 'http.ca': 'asked' },
  validate,
  observe: (context, params) => observe(context, givenOf(params)),
  diff: (params, state) => differences(givenOf(params), state),
  valueSchema: VENDING_VALUE,
  value: (state) => shown(state),
  samples: ({ samples }) => samples,
  marks: ({ audit }): Record<string, string> => {
    const serial = audit.wholeness === 'whole' ? audit.machine.serial : undefined
    return serial === undefined ? {} : { serial }
  },
})

async function observe(context: ModuleContext, params: VendingParams): Promise<Result<State>> {
  const wrong = validate(params as unknown as JsonObject)
  if (wrong !== undefined) return fail({ code: 'PARAMS_INVALID', phase: 'observe', message: wrong })
  const read = await readSource(context, params)
  if (!read.ok) return read
  const audit = readAudit(read.value.bytes)
  const zone = context.store.time_zone
  const now = context.now().getTime()
  const known = await recallAll(context, audit, { params, now })
  const made = madeOf(audit, read.value, { ...params, zone })
  const limits = {
    ...LIMITS,
    below_percent: params.below_percent ?? LIMITS.below_percent,
    floor: params.floor ?? LIMITS.floor,
    none_minutes: params.none_minutes,
    stale_minutes: staleMs(params.stale_after) / MINUTE_MS,
  }
  const past = known.past('sales')
  const sales = await judgeSales(context, audit.vends.total.count, {
    ...{ now, asOf: made.at, past, limits, weeks: params.weeks ?? WEEKS },
  })
  const stock = stockOf(audit, params, {
    paidOf: (column) => known.past(`column.${column}`),
    unpaidOf: (column) => known.past(`unpaid.${column}`),
    now,
  })
  const events = { known, events: params.events ?? {} }
  const acceptors = {
    coins: acceptorOf(audit, 'coins', events),
    notes: acceptorOf(audit, 'notes', events),
    card: acceptorOf(audit, 'card', events),
  }
  const payments = cardPayments(audit, known)
  const card = { ...payments, silent: isCardSilent(params, payments, { known, audit }) }
  const temperature = params.temperature
    ? temperatureOf(audit, params.temperature, { past: known.past('temperature'), now })
    : null
  const notDispensed = newEvents(audit, 'not-dispensed', events)
  const columnJams = newEvents(audit, 'column-jammed', events)
  const doorOpened = newEvents(audit, 'door-open', events)
  const powerLost = newOutages(audit, known)
  const judged = params.planogram ? stock : []
  const findings = judge({
    sales,
    stock: judged,
    acceptors,
    card,
    temperature,
    notDispensed,
    columnJams,
    doorOpened,
    powerLost,
  })
  const doubt = doubtOf(audit, made, { ...params, now })
  const samples = doubt === undefined ? samplesOf(audit, { known, temperature, params }) : []
  return success({ audit, made, now, doubt, sales, stock, acceptors, card, temperature, findings, samples })
}

/** Numbers that later looks compare with, each under a name of its own. */
async function recallAll(
  { history, store }: ModuleContext,
  audit: Audit,
  { params, now }: { readonly params: VendingParams; readonly now: number },
): Promise<Known> {
  const columns = Object.keys(params.planogram ?? {}).flatMap((column) => [`column.${column}`, `unpaid.${column}`])
  const events = audit.events.flatMap((event) => [timesOf(event)?.what ?? [], activity(event)?.what ?? []].flat())
  const names = [
    ...['sales', 'cash', 'coins', 'bills', 'cashless', 'temperature', 'power'],
    ...['fitted.coins', 'fitted.notes', 'fitted.card'],
    ...columns,
    ...events,
  ]
  const pasts = await Promise.all(names.map((name) => recall(history, name, { from: now - RECALLED_MS, to: now })))
  const byName = new Map<string, Past>(names.map((name, index) => [name, pasts[index] ?? []]))
  const last = Math.max(...pasts.map((past) => past.at(-1)?.at ?? Number.NEGATIVE_INFINITY))
  return {
    past: (what) => byName.get(what) ?? [],
    now,
    lastLook: Number.isFinite(last) ? last : undefined,
    zone: store.time_zone,
  }
}

/** It has sold for cash since, and long enough: then it is the reader, not the day. */
function isCardSilent(
  { card_silent_after: after }: VendingParams,
  { last_seen_at: last }: CardPayments,
  { known, audit }: { readonly known: Known; readonly audit: Audit },
): boolean {
  if (after === undefined) return false
  const past = known.past('cashless')
  const since = last ?? past[0]?.at
  if (since === undefined || known.now - since < (parseDuration(after) ?? 0)) return false
  const cash = audit.cash.total.count
  const then = known.past('cash').findLast(({ at }) => at <= since)?.value
  return cash !== undefined && then !== undefined && cash > then
}

function samplesOf(
  audit: Audit,
  {
    known,
    temperature,
    params,
  }: { readonly known: Known; readonly temperature: Temperature | null; readonly params: VendingParams },
): readonly NewSample[] {
  const note = (what: string, value: number | undefined, everyMs: number): NewSample[] =>
    noted(what, value, { past: known.past(what), now: known.now, everyMs })
  const isFitted = (serial: string | undefined): number | undefined =>
    serial === undefined ? undefined : serial === '' ? 0 : 1
  const celsius = temperature?.celsius ?? undefined
  const planned = new Set(Object.keys(params.planogram ?? {}))
  return [
    ...note('sales', audit.vends.total.count, SAMPLE_EVERY_MS),
    ...note('cash', audit.cash.total.count, COLUMN_EVERY_MS),
    ...(['coins', 'notes', 'card'] as const)
      .map((kind) => takenBy(audit, kind))
      .filter(({ what }) => what !== 'cash')
      .flatMap(({ what, count }) => note(what, count, COLUMN_EVERY_MS)),
    ...note('temperature', celsius, 0),
    ...note('power', audit.powerOutages.total ?? 0, COLUMN_EVERY_MS),
    ...note('fitted.coins', isFitted(audit.fitted.coins), COLUMN_EVERY_MS),
    ...note('fitted.notes', isFitted(audit.fitted.notes), COLUMN_EVERY_MS),
    ...note('fitted.card', isFitted(audit.fitted.card), COLUMN_EVERY_MS),
    ...audit.columns
      .filter(({ id }) => planned.has(id))
      .flatMap((column) => [
        ...note(`column.${column.id}`, column.paid.total.count, COLUMN_EVERY_MS),
        ...note(`unpaid.${column.id}`, unpaidVends(column), COLUMN_EVERY_MS),
      ]),
    ...audit.events.flatMap((event) => {
      const [times, active] = [timesOf(event), activity(event)]
      return [
        ...(times ? [...notYet(times, known), ...note(times.what, times.count, COLUMN_EVERY_MS)] : []),
        ...(active ? note(active.what, active.count, COLUMN_EVERY_MS) : []),
      ]
    }),
  ]
}

/** What an event that is listed for the first time stood at by the look before. */
function notYet(times: Times, known: Known): NewSample[] {
  if (known.past(times.what).length > 0) return []
  return pastOfEvent(times, known).map(({ at, value }) => {
    return { series: seriesOf(times.what), at: new Date(at).toISOString(), value }
  })
}

function differences(params: VendingParams, state: State): readonly Change[] | { readonly unknown: string } {
  const { findings, doubt } = state
  const wrong = findings.filter(({ soon }) => params.strict || !soon)
  // What is not whole may have lost what would say otherwise.
  if (doubt !== undefined) return { unknown: doubt }
  if (wrong.length > 0) {
    return wrong.map(({ fault, cause, detail }) => ({
      path: cause === null ? fault : `${fault}: ${cause}`,
      before: detail,
      after: 'none',
    }))
  }
  const unknown = unknownOf(params, state)
  return unknown === undefined ? [] : { unknown }
}

/** What was asked for and could not be told. */
function unknownOf(params: VendingParams, { stock, sales, temperature, acceptors }: State): string | undefined {
  const column =
    params.planogram && stock.find(({ column: id, state }) => state === 'unknown' && params.planogram?.[id])
  if (column) return `The stock of column ${column.column} is unknown. ${column.why ?? ''}`.trim()
  if (temperature?.state === 'unknown') return temperature.why ?? 'How warm it is is unknown.'
  const [kind, acceptor] = Object.entries(acceptors).find(([, { state }]) => state === 'unknown') ?? []
  if (acceptor) {
    return `${acceptor.event}: the ${kind} were in trouble before the first look; whether they still are shows once one is taken.`
  }
  return sales.class === 'unknown' || sales.class === 'never' ? `${sales.class}: ${sales.why}` : undefined
}

function shown(state: State): JsonValue {
  const { audit, made, now } = state
  const value = {
    ...verdictOf(state),
    findings: state.findings,
    machine: { ...audit.machine, communication_id: audit.communicationId ?? null, currency: audit.currency ?? null },
    sales: shownSales(state),
    stock: state.stock,
    acceptors: Object.fromEntries(
      Object.entries(state.acceptors).map(([kind, one]) => [kind, { ...one, since: iso(one.since) }]),
    ),
    card: { ...state.card, last_seen_at: iso(state.card.last_seen_at), not_before: iso(state.card.not_before) },
    temperature: state.temperature && { ...state.temperature, since: iso(state.temperature.since) },
    tubes: audit.tubes,
    events: audit.events.map(({ id, sinceReset, total, isActive, lastAt }) => ({
      id,
      since_reset: sinceReset,
      total,
      active: isActive,
      last_at: lastAt,
    })),
    power_outages: audit.powerOutages.total ?? null,
    evidence: {
      asked_at: iso(now),
      made_at: audit.at ?? iso(made.at ?? null),
      made_at_from: made.from,
      wholeness: audit.wholeness,
      check: audit.check,
      framing: audit.framing,
      bad_blocks: audit.badBlocks,
      unknown_segments: audit.unknown,
    },
  }
  return JSON.parse(JSON.stringify(value)) as JsonValue
}

function shownSales({ sales, audit }: State): JsonObject {
  return {
    class: sales.class,
    why: sales.why,
    silence_seconds: sales.silence_seconds,
    expected: sales.expected,
    deviation_percent: sales.deviation_percent,
    weeks: sales.weeks,
    today: sales.today,
    last_seen_at: iso(sales.last_seen_at),
    total: audit.vends.total.count ?? null,
  }
}

/** The worst that was found, or that nothing can be concluded. */
function verdictOf({ doubt, findings }: State): JsonObject {
  if (doubt !== undefined) {
    const remedy = 'See what reads the machine, and read it again.'
    return { fault: 'not-known', cause: null, severity: 'unknown', owner: 'vending-service', remedy, why: doubt }
  }
  const [worst] = findings
  if (!worst) return { fault: 'none', cause: null, severity: 'none', owner: null, remedy: null, why: null }
  const { fault, cause, severity, owner, remedy, detail } = worst
  return { fault, cause, severity, owner, remedy, why: detail }
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
