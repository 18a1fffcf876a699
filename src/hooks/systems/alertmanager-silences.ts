import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { objectsOf } from '../payload.ts'
import { type Asked, askJson } from './ask-json.ts'
import { CREATOR, markOf, withMark } from './silence-mark.ts'
import type { SilencedAlert, Silencing } from './system.ts'

/** It keeps no alerts on disk; Prometheus sends those that fire again within a minute or two. */
const KNOWS_ALL_AFTER_MS = 300_000

interface Api {
  readonly url: string
  readonly token?: string | undefined
}

/** A call of Alertmanager's API, version 2. */
export function callAlertmanager(
  { url, token }: Api,
  path: string,
  options: { readonly body?: object; readonly method?: 'DELETE' } = {},
): Promise<Asked> {
  const { body, method } = options
  return askJson(`${url.replace(/\/$/, '')}/api/v2/${path}`, {
    token,
    ...(method && { method }),
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** Its list of all alerts, silenced or not. */
export function listAlerts(api: Api): Promise<Asked> {
  return callAlertmanager(api, 'alerts?active=true&silenced=true&inhibited=true')
}

/** By which its list knows an occurrence, whose id is fingerprint and beginning. */
export function fingerprintOf(id: string): string {
  return id.split(' ')[0] ?? ''
}

/** Silences of Alertmanager: one a device, with the labels by which its alerts name the device. */
export function alertmanagerSilences(api: Api): Silencing {
  return {
    async open({ mark, matchers, comment, until }) {
      const body = {
        matchers: Object.entries(matchers).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
        startsAt: new Date().toISOString(),
        endsAt: until.toISOString(),
        createdBy: CREATOR,
        comment: withMark(comment, mark),
      }
      const asked = await callAlertmanager(api, 'silences', { body })
      if (!asked.ok) return failed(asked.why)
      const id = idOf(asked.value)
      return id === undefined ? failed('it gives the silence no id') : { ok: true, id }
    },
    async renew(id, until) {
      const known = await silenceOf(api, id)
      // One that was killed has forgotten silences of the last minutes.
      if (!known.ok && known.status === 404) return { ...failed('it knows the silence no more'), over: 'by itself' }
      if (!known.ok) return failed(known.why)
      if (known.state === 'expired')
        return hasRunOut(known.silence)
          ? { ...failed('the silence has run out'), over: 'by itself' }
          : { ...failed('somebody has ended the silence'), over: 'by hand' }
      const { matchers, startsAt, createdBy, comment } = known.silence
      const body = { id, matchers, startsAt, createdBy, comment, endsAt: until.toISOString() }
      const asked = await callAlertmanager(api, 'silences', { body })
      // What it cannot put off it ends, and makes another one.
      return asked.ok ? { ok: true, id: idOf(asked.value) ?? id } : failed(asked.why)
    },
    async close(id) {
      const asked = await callAlertmanager(api, `silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
      if (asked.ok || asked.status === 404) return { ok: true }
      if (asked.status === undefined) return failed(asked.why)
      // Alertmanager 0.25 answers 500 for one that has ended already.
      const known = await silenceOf(api, id)
      return known.ok && known.state === 'expired' ? { ok: true } : failed(asked.why)
    },
    async left({ authority, fleet, lastsMs }) {
      const asked = await callAlertmanager(api, 'silences')
      if (!asked.ok) return failed(asked.why)
      const silences = objectsOf(asked.value).flatMap((silence) => {
        const mark = markOf(String(silence['comment']))
        const isOurs = mark?.authority === authority && mark.fleet === fleet && silence['createdBy'] === CREATOR
        if (!isOurs) return []
        const isOver = stateOf(silence) === 'expired'
        // It goes on listing what is over for days, most of which was ended in order.
        const isOld = Date.now() - timeOf(silence, 'endsAt') > lastsMs
        if (isOver && (isOld || !hasRunOut(silence))) return []
        return [{ id: String(silence['id']), mark, since: new Date(timeOf(silence, 'startsAt')), isOver }]
      })
      return { ok: true, silences }
    },
    gone: (silenced) => gone(api, silenced),
  }
}

/** Whether all of these silences are Tillwright's own. */
export async function areOurSilences(api: Api, ids: readonly string[]): Promise<boolean> {
  const all = await Promise.all(ids.map((id) => silenceOf(api, id)))
  return all.every((one) => one.ok && one.silence['createdBy'] === CREATOR && markOf(String(one.silence['comment'])))
}

/**
 * What ends while it is silenced is told to nobody, ever: its list is asked. One that was started since knows nothing of the
 * alerts of before, one that was started just now not all that fire, and one that cannot be asked says nothing.
 */
async function gone(api: Api, silenced: readonly SilencedAlert[]): Promise<readonly string[]> {
  const status = await callAlertmanager(api, 'status')
  const startedAt = status.ok && isMap(status.value) ? Date.parse(String(status.value['uptime'])) : Number.NaN
  if (!(startedAt < Date.now() - KNOWS_ALL_AFTER_MS)) return []
  const ids = silenced.filter(({ since }) => startedAt < since.getTime()).map(({ id }) => id)
  if (ids.length === 0) return []
  const asked = await listAlerts(api)
  if (!asked.ok || !Array.isArray(asked.value)) return []
  const firing = new Set(asked.value.filter(isMap).map(({ fingerprint }) => String(fingerprint)))
  return ids.filter((id) => !firing.has(fingerprintOf(id)))
}

async function silenceOf(
  api: Api,
  id: string,
): Promise<
  { readonly ok: true; readonly silence: JsonObject; readonly state: string } | Extract<Asked, { readonly ok: false }>
> {
  const asked = await callAlertmanager(api, `silence/${encodeURIComponent(id)}`)
  if (!asked.ok) return asked
  if (!isMap(asked.value)) return { ok: false, why: 'it answers with no silence' }
  return { ok: true, silence: asked.value, state: stateOf(asked.value) }
}

/** The end of one that somebody has ended is the time of the change that ended it. */
function hasRunOut(silence: JsonObject): boolean {
  return timeOf(silence, 'endsAt') > timeOf(silence, 'updatedAt')
}

function timeOf(silence: JsonObject, key: 'startsAt' | 'endsAt' | 'updatedAt'): number {
  return Date.parse(String(silence[key]))
}

function idOf(answer: JsonValue): string | undefined {
  const id = isMap(answer) ? answer['silenceID'] : undefined
  return typeof id === 'string' ? id : undefined
}

function stateOf({ status }: JsonObject): string {
  return isMap(status) ? String(status['state']) : ''
}

function failed(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
