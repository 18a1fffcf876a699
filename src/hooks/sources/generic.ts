import type { Alert } from '../../core/alert.ts'
import type { GenericSource } from '../../core/hook-rule.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Expression, Scope } from '../../core/runbook.ts'
import { type HookSource, hostNames, labelsOf, placeNamed, type ReadPayload, textOf } from '../payload.ts'

/** A source that the project describes by expressions over `payload` and `item`. */
export function genericSource(source: GenericSource): HookSource {
  return { name: source.name, idsReturn: true, read: (payload) => read(source, payload) }
}

const NOTHING: Scope = { store: {}, device: {}, params: {}, vars: {}, steps: {} }

function read(source: GenericSource, payload: JsonValue): ReadPayload {
  const listed = source.alerts ? source.alerts.evaluate({ ...NOTHING, payload, item: null }) : undefined
  if (listed && !listed.ok) return { ok: false, problem: `alerts: ${listed.error}` }
  const items = listed ? listed.value : [payload]
  if (!Array.isArray(items)) return { ok: false, problem: '"alerts" of the source does not give a list.' }
  const alerts: Alert[] = []
  for (const [index, item] of (items as readonly JsonValue[]).entries()) {
    const made = readItem(source, { ...NOTHING, payload, item })
    if (typeof made === 'string') return { ok: false, problem: `Alert ${index + 1}: ${made}` }
    alerts.push(made)
  }
  return { ok: true, alerts }
}

function readItem(source: GenericSource, scope: Scope): Alert | string {
  const wrong: string[] = []
  const value = (expression: Expression | undefined): JsonValue | undefined => {
    const answer = expression?.evaluate(scope)
    if (answer && !answer.ok) wrong.push(answer.error)
    return answer?.ok ? answer.value : undefined
  }
  const firing = value(source.firing)
  const id = textOf(value(source.id))
  const since = source.since ? timeOf(value(source.since)) : ''
  const device = textOf(value(source.device))
  const store = textOf(value(source.store))
  const alert: Alert = {
    source: source.name,
    // The form that ids with a series have.
    id: since === '' || since === undefined ? id : `${id} ${since}`,
    ...(since !== undefined && since !== '' && { series: id }),
    state: firing === true ? 'firing' : 'resolved',
    name: textOf(value(source.alert)),
    severity: textOf(value(source.severity)),
    text: textOf(value(source.text)),
    labels: labelsOf(value(source.labels)),
    started_at: since ?? '',
    ...placeNamed({ device, store }),
    hosts: hostNames(textOf(value(source.host))),
  }
  if (wrong.length === 0 && since === undefined) wrong.push('Its "since" gives no time.')
  // What is neither is no all-clear: that somebody acknowledged a problem ends nothing.
  if (wrong.length === 0 && typeof firing !== 'boolean') wrong.push('Its "firing" gives neither true nor false.')
  if (wrong.length > 0) return wrong.join(' ')
  return id === '' ? 'Its id is empty.' : alert
}

/** From here on a number counts milliseconds: as seconds it would be the year 5138. */
const FIRST_MS = 1e11

/** A time in ISO 8601; undefined where it is none. One without a zone is UTC, as Uptime Kuma writes it. */
function timeOf(value: JsonValue | undefined): string | undefined {
  const text = textOf(value).trim()
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
  if (number === undefined && !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return undefined
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`
  const ms = number === undefined ? Date.parse(zoned) : number < FIRST_MS ? number * 1000 : number
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
