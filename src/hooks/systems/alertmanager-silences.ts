import type { JsonObject } from '../../core/json.ts'
import { isObject } from '../payload.ts'
import { type Asked, askJson } from './ask-json.ts'
import { CREATOR, markOf, withMark } from './silence-mark.ts'
import type { Silencing } from './system.ts'

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
      const id = isObject(asked.value) ? asked.value['silenceID'] : undefined
      return typeof id === 'string' ? { ok: true, id } : failed('it gives the silence no id')
    },
    async renew(id, until) {
      const known = await silenceOf(api, id)
      if (!known.ok) return failed(known.why)
      if (known.state === 'expired') return failed('somebody has ended the silence')
      const { matchers, startsAt, createdBy, comment } = known.silence
      const body = { id, matchers, startsAt, createdBy, comment, endsAt: until.toISOString() }
      const asked = await callAlertmanager(api, 'silences', { body })
      return asked.ok ? { ok: true } : failed(asked.why)
    },
    async close(id) {
      const asked = await callAlertmanager(api, `silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
      if (asked.ok) return { ok: true }
      // Alertmanager 0.25 answers 500 for one that has ended already.
      const known = await silenceOf(api, id)
      return (known.ok && known.state === 'expired') || asked.status === 404 ? { ok: true } : failed(asked.why)
    },
    async left(authority, fleet) {
      const asked = await callAlertmanager(api, 'silences')
      if (!asked.ok) return failed(asked.why)
      const all = Array.isArray(asked.value) ? asked.value.filter(isObject) : []
      const silences = all.flatMap((silence) => {
        const mark = markOf(String(silence['comment']))
        const isOurs = mark?.authority === authority && mark.fleet === fleet && silence['createdBy'] === CREATOR
        if (!isOurs) return []
        const since = new Date(String(silence['startsAt']))
        return [{ id: String(silence['id']), mark, since, isOver: stateOf(silence) === 'expired' }]
      })
      return { ok: true, silences }
    },
    gone: (ids, since) => gone(api, ids, since),
  }
}

/** Whether all of these silences are Tillwright's own. */
export async function areOurSilences(api: Api, ids: readonly string[]): Promise<boolean> {
  const all = await Promise.all(ids.map((id) => silenceOf(api, id)))
  return all.every((one) => one.ok && one.silence['createdBy'] === CREATOR && markOf(String(one.silence['comment'])))
}

/**
 * What ends while it is silenced is told to nobody, ever: its list is asked. One that was started since knows nothing of the
 * alerts of before, and one that cannot be asked says nothing.
 */
async function gone(api: Api, ids: readonly string[], since: Date): Promise<readonly string[]> {
  const status = await callAlertmanager(api, 'status')
  const startedAt = status.ok && isObject(status.value) ? Date.parse(String(status.value['uptime'])) : Number.NaN
  if (!(startedAt < since.getTime())) return []
  const asked = await callAlertmanager(api, 'alerts?active=true&silenced=true&inhibited=true')
  if (!asked.ok || !Array.isArray(asked.value)) return []
  const firing = new Set(asked.value.filter(isObject).map(({ fingerprint }) => String(fingerprint)))
  // The id of an occurrence is fingerprint and beginning.
  return ids.filter((id) => !firing.has(id.split(' ')[0] ?? ''))
}

async function silenceOf(
  api: Api,
  id: string,
): Promise<
  | { readonly ok: true; readonly silence: JsonObject; readonly state: string }
  | { readonly ok: false; readonly why: string }
> {
  const asked = await callAlertmanager(api, `silence/${encodeURIComponent(id)}`)
  if (!asked.ok) return asked
  if (!isObject(asked.value)) return { ok: false, why: 'it answers with no silence' }
  return { ok: true, silence: asked.value, state: stateOf(asked.value) }
}

function stateOf({ status }: JsonObject): string {
  return isObject(status) ? String(status['state']) : ''
}

function failed(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
