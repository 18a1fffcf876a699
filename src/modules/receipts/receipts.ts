import type { Change } from '../../core/change.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { NewSample } from '../../core/sample.ts'
import { beginOfTradingDay, isOpen } from '../../core/trading-hours.ts'
import type { TimeStyle } from '../../core/written-time.ts'
import { isTimeZone, wallTime } from '../../core/zoned-time.ts'
import { curveOf, type DayCurve, type PastDay, pastDays, profileOf } from '../../devices/sales/profile.ts'
import { judgeReceipts, LIMITS, type ReceiptsReading, type Verdict } from '../../devices/sales/verdict.ts'
import { defineModule } from '../define.ts'
import { type Look, type LookAnswer, lookFor } from './look.ts'
import { PARAMS, type ReceiptsParams, SOURCES, validate } from './params.ts'
import { lookOnPosix } from './posix-look.ts'
import { LAST_RECEIPT, readFiscal, readHttp, readLook, readStream } from './read-sources.ts'
import { RECEIPTS_VALUE } from './value.ts'
import { lookOnWindows } from './windows-look.ts'

const WEEKS = 6
/** Of the weeks that are looked at, so many have to say something. */
const FEWEST_WEEKS = 3
/** A curve needs no more points than that, however often it is looked at. */
const SAMPLE_EVERY_MS = 20 * 60_000

interface State {
  readonly verdict: Verdict
  readonly reading: ReceiptsReading
  readonly waiting: { readonly count: number; readonly oldest_seconds: number | null } | null
  readonly now: number
  readonly zone: string
  readonly source: string
  readonly samples: readonly NewSample[]
}

export const receipts = defineModule({
  name: 'receipts',
  summary: 'Checks when the last receipt was made, and whether there are as many as usual at this weekday and hour',
  systems: ['linux', 'windows', 'none'],
  params: PARAMS,
  paths: { 'http.ca': 'asked' },
  patterns: { 'log.pattern': 'device' },
  validate,
  observe: (context, params) => observe(context, params as ReceiptsParams),
  diff: (params, state) => diff(params as ReceiptsParams, state),
  valueSchema: RECEIPTS_VALUE,
  value,
  samples: ({ samples }) => samples,
  marks: ({ reading }, params) => marksOf(reading, params as ReceiptsParams),
})

/** Where events note that mark themselves it is left to them: as of a look, it would be newer than an event that comes late. */
function marksOf({ last }: ReceiptsReading, { stream }: ReceiptsParams): Record<string, string> {
  const isNoted = stream !== undefined && (stream.mark ?? LAST_RECEIPT) === LAST_RECEIPT
  return last === undefined || isNoted ? {} : { [LAST_RECEIPT]: iso(last) }
}

async function observe(context: ModuleContext, params: ReceiptsParams): Promise<Result<State>> {
  const { store } = context
  const zone = params.time_zone ?? store.time_zone
  const wrong =
    validate(params as unknown as JsonObject) ?? (isTimeZone(zone) ? undefined : `There is no time zone "${zone}".`)
  if (wrong !== undefined) return fail({ code: 'PARAMS_INVALID', phase: 'observe', message: wrong })
  const now = context.now().getTime()
  const since = beginOfTradingDay(store, now)
  const series = params.series ?? `receipts.${SOURCES.find((source) => params[source]) ?? ''}`
  const [seen, known] = await Promise.all([
    readSource(context, params, { now, since, zone }),
    recall(context, series, { now, since, weeks: params.weeks ?? WEEKS }),
  ])
  if (!seen.ok) return seen
  const { reading, waiting } = seen.value
  const limits = {
    ...LIMITS,
    below_percent: params.below_percent ?? LIMITS.below_percent,
    floor: params.floor ?? LIMITS.floor,
    none_minutes: params.none_minutes,
    stale_minutes: params.stale_minutes ?? LIMITS.stale_minutes,
  }
  const profile = profileOf(known.past, now, FEWEST_WEEKS)
  const verdict = judgeReceipts({ now, trading: store, reading, profile, today: known.today, limits })
  const source = SOURCES.find((name) => params[name]) ?? ''
  const samples = samplesOf(series, { verdict, reading, now, today: known.today, open: isOpen(store, now) })
  return success({ verdict, reading, waiting, now, zone: store.time_zone, source, samples })
}

interface When {
  readonly now: number
  readonly since: number
  readonly zone: string
}

async function readSource(
  context: ModuleContext,
  params: ReceiptsParams,
  { now, since, zone }: When,
): Promise<Result<Pick<State, 'reading' | 'waiting'>>> {
  const style = { zone, now, monthFirst: params.month_first ?? false }
  const look = lookFor(params, since, zone)
  const [answer, said] = await Promise.all([
    look && askDevice(context, look),
    readElsewhere(context, params, { style, since, now }),
  ])
  if (answer?.ok === false) return answer
  const waiting = answer && params.waiting ? waitingOf(answer.value, params.waiting.path) : success(null)
  if (!waiting.ok) return waiting
  const reading = said ?? (params.fiscal ? readFiscal(params.fiscal, style) : undefined)
  if (reading) return reading.ok ? success({ reading: reading.value, waiting: waiting.value }) : reading
  if (!look || !answer) throw new Error('receipts without a source')
  const read = readLook(look, answer.value, { style, since, log: params.log })
  if (!read.ok) return read
  const skew_seconds = skewOf(answer.value, now, context.now().getTime())
  return success({ reading: { ...read.value, skew_seconds }, waiting: waiting.value })
}

/** What is not on the device: an API, or events. */
async function readElsewhere(
  context: ModuleContext,
  { http, stream }: ReceiptsParams,
  { style, since, now }: { readonly style: TimeStyle; readonly since: number; readonly now: number },
): Promise<Result<ReceiptsReading> | undefined> {
  if (http) return readHttp(context, http, style)
  return stream && readStream(context, stream, { since, now })
}

async function askDevice(context: ModuleContext, look: Look): Promise<Result<LookAnswer>> {
  if (context.device.os.family === 'none') {
    const message = `${context.device.name} has no shell: of it, receipts are known by \`http\` from the controller, or by \`fiscal\`.`
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  return context.shell.dialect === 'powershell' ? lookOnWindows(context, look) : lookOnPosix(context, look)
}

/** Seconds by which the device's clock is ahead for sure: it was read between asking and answering. */
function skewOf({ now }: LookAnswer, asked: number, answered: number): number {
  const behind = now - asked / 1000
  const ahead = now - answered / 1000
  return Math.round(behind < -1 ? behind : Math.max(0, ahead))
}

function waitingOf(answer: LookAnswer, path: string): Result<State['waiting']> {
  if (answer.waiting_missing) {
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: `${path}: there is no such folder.` })
  }
  // By the clock that stamped the files.
  const oldest = answer.oldest === null ? null : Math.max(0, Math.round(answer.now - answer.oldest))
  return success({ count: answer.waiting ?? 0, oldest_seconds: oldest })
}

/** What earlier runs noted of today, and of the same weekday in the weeks before. */
async function recall(
  { history, store }: ModuleContext,
  series: string,
  { now, since, weeks }: { readonly now: number; readonly since: number; readonly weeks: number },
): Promise<{ readonly today: DayCurve; readonly past: { readonly day: PastDay; readonly curve: DayCurve }[] }> {
  const curve = async (begin: number, until: number): Promise<DayCurve> =>
    curveOf(begin, await history.samples(series, new Date(begin), new Date(until)))
  const days = pastDays(store, now, weeks)
  const [today, ...curves] = await Promise.all([
    curve(since, now),
    ...days.map(({ begin, until }) => curve(begin, until)),
  ])
  return { today, past: days.map((day, index) => ({ day, curve: curves[index] ?? [] })) }
}

function samplesOf(
  series: string,
  seen: {
    readonly verdict: Verdict
    readonly reading: ReceiptsReading
    readonly now: number
    readonly today: DayCurve
    readonly open: boolean
  },
): readonly NewSample[] {
  const { count, partial } = seen.reading
  const last = seen.today.at(-1)?.at ?? 0
  const isKnown = count !== undefined && !partial && seen.verdict.class !== 'unknown' && seen.verdict.class !== 'never'
  if (!isKnown || (seen.open && seen.today.length > 1 && seen.now - last < SAMPLE_EVERY_MS)) return []
  if (!seen.open && seen.today.at(-1)?.count === count) return []
  return [{ series, at: iso(seen.now), value: count }]
}

function diff({ waiting }: ReceiptsParams, state: State): readonly Change[] | { readonly unknown: string } {
  const { verdict } = state
  const most = waiting?.max_minutes
  const oldest = state.waiting?.oldest_seconds ?? 0
  const unsent: Change[] =
    most === undefined || oldest <= most * 60
      ? []
      : [
          {
            path: 'waiting',
            before: `${state.waiting?.count} to be sent, the oldest for ${Math.floor(oldest / 60)} min`,
            after: `at most ${most} min`,
          },
        ]
  if (['none-since', 'fewer-than-usual', 'late'].includes(verdict.class)) {
    return [
      { path: 'receipts', before: `${verdict.class}: ${verdict.why}${lastText(state)}`, after: 'as usual' },
      ...unsent,
    ]
  }
  if (unsent.length > 0) return unsent
  return verdict.class === 'unknown' || verdict.class === 'never' ? { unknown: `${verdict.class}: ${verdict.why}` } : []
}

function lastText({ reading, zone }: State): string {
  if (reading.last === undefined) return ''
  return ` The last was at ${new Date(wallTime(reading.last, zone)).toISOString().slice(0, 16).replace('T', ' ')}.`
}

function value({ verdict, reading, waiting, now, source }: State): JsonObject {
  const { last, count, as_of, skew_seconds, partial = false } = reading
  const { span } = verdict
  return {
    class: verdict.class,
    why: verdict.why,
    last_receipt_at: last === undefined ? null : iso(last),
    age_seconds: last === undefined ? null : Math.round((now - last) / 1000),
    silence_seconds: verdict.silence_seconds,
    count: count ?? null,
    since: iso(verdict.begin),
    expected: verdict.expected,
    deviation_percent: verdict.deviation_percent,
    weeks: verdict.weeks,
    span: span ? { from: iso(span.from), count: span.count, expected: Math.round(span.expected * 10) / 10 } : null,
    late_minutes: verdict.late_minutes ?? null,
    waiting: waiting && { count: waiting.count, oldest_seconds: waiting.oldest_seconds },
    evidence: {
      source,
      asked_at: iso(now),
      as_of: as_of === undefined ? null : iso(as_of),
      data_age_seconds: as_of === undefined ? 0 : Math.round((now - as_of) / 1000),
      clock_skew_seconds: skew_seconds ?? null,
      partial,
    },
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
