import { HOUR_MS } from '../../core/duration.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { readTime, type TimeStyle } from '../../core/written-time.ts'
import { askHttp, httpQuestion } from '../../devices/probe/ask-http.ts'
import { type HttpAnswer, httpSentence } from '../../devices/probe/http-answer.ts'
import type { ReceiptsReading } from '../../devices/sales/verdict.ts'
import { patternOf } from '../../pattern/pattern.ts'
import { readRow } from './database.ts'
import { type Look, type LookAnswer, MOST } from './look.ts'
import type { ApiSource, FiscalSource, LogSource, StreamSource } from './params.ts'

const HTTP = { method: 'GET', timeoutMs: 10_000, maxBytes: 256 * 1024, insecure: false } as const

/** What the answer of a device says of receipts, `since` the begin of the trading day. */
export function readLook(
  look: Look,
  answer: LookAnswer,
  how: { readonly style: TimeStyle; readonly since: number; readonly log?: LogSource | undefined },
): Result<ReceiptsReading> {
  if (look.source === 'database') return readDatabase(answer, how.style)
  const times = look.source === 'log' ? timesOf(answer.matches, how) : answer.times.map((time) => time * 1000)
  if (look.source === 'log' && times.length === 0 && answer.matches.length > 0) {
    const message = `The pattern matches, but what is in its group is no time: "${groupOf(answer.matches[0] ?? '', how.log)}".`
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message })
  }
  const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)
  const isCut = answer.cut || times.length >= MOST
  return success({
    ...(times.length > 0 && { last: times.reduce((most, time) => Math.max(most, time), 0) }),
    times,
    count: times.filter((time) => time >= how.since).length,
    partial: isCut && first > how.since,
  })
}

function timesOf(
  matches: readonly string[],
  { style, log }: { readonly style: TimeStyle; readonly log?: LogSource | undefined },
): number[] {
  return matches.flatMap((match) => readTime(groupOf(match, log), style) ?? [])
}

function groupOf(match: string, log: LogSource | undefined): string {
  return patternOf(log?.pattern ?? '(.*)').exec(match)?.[1] ?? ''
}

function readDatabase({ rows }: LookAnswer, style: TimeStyle): Result<ReceiptsReading> {
  const row = readRow(rows.join('\n'))
  if (typeof row === 'string') return wrong(`The database: ${row}.`)
  return readFields(row, style, 'The database')
}

/** The last time, a number, and as of when: texts, or undefined where there is none. */
function readFields(
  [last, count, asOf]: readonly (string | undefined)[],
  style: TimeStyle,
  who: string,
): Result<ReceiptsReading> {
  const read = {
    last: last === undefined ? undefined : readTime(last, style),
    as_of: asOf === undefined ? undefined : readTime(asOf, style),
  }
  if (last !== undefined && read.last === undefined)
    return wrong(`${who} tells "${last}" as the time of the last receipt.`)
  if (asOf !== undefined && read.as_of === undefined) return wrong(`${who} tells "${asOf}" as the time of its data.`)
  if (count !== undefined && !/^\d+(\.0+)?$/.test(count))
    return wrong(`${who} tells "${count}" as the number of receipts.`)
  return success({ ...read, count: count === undefined ? undefined : Number(count) })
}

function wrong(message: string): { readonly ok: false; readonly failure: Parameters<typeof fail>[0] } {
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message })
}

/** Asks an API that answers JSON. */
export async function readHttp(
  context: ModuleContext,
  source: ApiSource,
  style: TimeStyle,
): Promise<Result<ReceiptsReading>> {
  const answer = await askHttp(context, source.from, httpQuestion(source, HTTP))
  return answer.ok ? readJson(answer.value, source, style) : answer
}

function readJson(answer: HttpAnswer, source: ApiSource, style: TimeStyle): Result<ReceiptsReading> {
  const shown = String(source.url)
  if (answer.state !== 'answered' || answer.status !== 200) return wrong(httpSentence(answer, shown))
  let body: JsonValue
  try {
    if (answer.truncated) return wrong(`What "${shown}" answers is longer than 256 KiB.`)
    body = JSON.parse(Buffer.from(answer.body ?? []).toString('utf8')) as JsonValue
  } catch {
    return wrong(`What "${shown}" answers is no JSON.`)
  }
  const paths = [source.last, source.count, source.as_of]
  const fields = paths.map((path) => (path === undefined ? undefined : memberAt(body, path)))
  const missing = paths.find((path, index) => path !== undefined && fields[index] === undefined)
  if (missing !== undefined) return wrong(`What "${shown}" answers has nothing at ${missing}.`)
  return readFields(
    fields.map((field) => (field === null || field === undefined ? undefined : String(field))),
    style,
    `"${shown}"`,
  )
}

function memberAt(value: JsonValue, path: string): JsonValue | undefined {
  let here: JsonValue | undefined = value
  for (const key of path.split('.')) {
    if (here === null || typeof here !== 'object') return undefined
    here = Object.hasOwn(here, key) ? (here as Readonly<Record<string, JsonValue>>)[key] : undefined
  }
  return here
}

/** The mark of the last receipt. */
export const LAST_RECEIPT = 'last_receipt_at'

/** What events of the device told: counts by the hour, and as of when that is. */
export async function readStream(
  { history }: Pick<ModuleContext, 'history'>,
  { source, series = 'receipts', mark = LAST_RECEIPT }: StreamSource,
  { since, now }: { readonly since: number; readonly now: number },
): Promise<Result<ReceiptsReading>> {
  const fact = await history.fact(mark, source)
  const last = fact ? Date.parse(fact.value) : undefined
  if (last !== undefined && Number.isNaN(last)) return wrong(`The mark "${mark}" of events is no time.`)
  // A count stands at the begin of its hour, in which the store may have opened.
  const begin = Math.floor(since / HOUR_MS) * HOUR_MS
  const counts = await history.samples(series, new Date(begin), new Date(now))
  return success({
    ...(last !== undefined && { last }),
    count: counts.reduce((sum, { value }) => sum + value, 0),
    // Without a time that can be believed it is as of its last event at best.
    ...(fact && { as_of: Date.parse(fact.as_of ?? fact.at) }),
  })
}

/** What a fiscal printer said, by its own clock. */
export function readFiscal(source: FiscalSource, style: TimeStyle): Result<ReceiptsReading> {
  const { last_receipt_at: last, count, clock, clock_read_at: readAt } = source
  const asked = readAt ? Date.parse(readAt) : undefined
  const shows = clock ? readTime(clock, style) : undefined
  const said = readFields(
    [last ?? undefined, count === undefined || count === null ? undefined : String(count)],
    style,
    'The fiscal printer',
  )
  if (!said.ok) return said
  return success({
    ...said.value,
    ...(asked !== undefined && { as_of: asked }),
    ...(asked !== undefined && shows !== undefined && { skew_seconds: (shows - asked) / 1000 }),
  })
}
