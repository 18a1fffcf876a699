import { createHash } from 'node:crypto'
import { MINUTE_MS } from '../../core/duration.ts'
import { isMap, type JsonObject } from '../../core/json.ts'
import { objectsOf } from '../payload.ts'
import { CREATOR, markOf, withMark } from './silence-mark.ts'
import type { SilenceAsk, Silenced, SilenceMark, Silencing } from './system.ts'
import type { ZabbixApi } from './zabbix-api.ts'

/** The tag by which a host says which device it is. */
export const DEVICE_TAG = 'till.device'
/** Times of maintenance are whole minutes, and a period of it has five of them at least. */
const SHORTEST_PERIOD_S = 300
const LONGEST_NAME = 128
const DIGEST_DIGITS = 12

/** Maintenance of the host of a device, with data collection: its problems are suppressed. */
export function zabbixMaintenance(api: ZabbixApi): Silencing {
  return {
    async open(ask) {
      const host = await hostOf(api, ask)
      if (!host.ok) return host
      const { mark, comment, until } = ask
      const name = nameOf(mark)
      const what = { description: withMark(comment, mark), hosts: [{ hostid: host.id }] }
      const asked = await api.call('maintenance.create', { name, ...what, ...lasting(new Date(), until) })
      if (!asked.ok) return (await adopted(api, name, { what, until })) ?? asked
      const [id] = listOf(asked.value, 'maintenanceids')
      return id === undefined ? { ok: false, why: 'it gives the maintenance no id' } : { ok: true, id }
    },
    async renew(maintenanceid, until) {
      const renewed = await putOff(api, { maintenanceids: [maintenanceid] }, { until })
      return renewed ?? { ok: false, why: 'somebody has ended the maintenance', over: 'by hand' }
    },
    async close(id) {
      const asked = await api.call('maintenance.delete', [id])
      if (asked.ok) return { ok: true }
      const known = await api.call('maintenance.get', { maintenanceids: [id], output: ['maintenanceid'] })
      return known.ok && Array.isArray(known.value) && known.value.length === 0 ? { ok: true } : asked
    },
    async left({ authority, fleet }) {
      const search = { name: `${CREATOR} ` }
      const output = ['maintenanceid', 'description', 'active_since']
      const asked = await api.call('maintenance.get', { search, startSearch: true, output })
      if (!asked.ok) return asked
      const silences = objectsOf(asked.value).flatMap(({ maintenanceid, description, active_since }) => {
        const mark = markOf(String(description))
        if (mark?.authority !== authority || mark.fleet !== fleet) return []
        // One that is over stays in the list until somebody deletes it.
        return [{ id: String(maintenanceid), mark, since: new Date(Number(active_since) * 1_000), isOver: false }]
      })
      return { ok: true, silences }
    },
  }
}

/** What the same run has made for the device before, where its name is taken: it was killed then, or the answer was lost. */
async function adopted(
  api: ZabbixApi,
  name: string,
  options: { readonly what: JsonObject; readonly until: Date },
): Promise<Silenced | undefined> {
  return putOff(api, { filter: { name: [name] } }, options)
}

/** Puts off the end of the maintenance that is found so, as `what` if it is given; undefined: there is none. */
async function putOff(
  api: ZabbixApi,
  which: JsonObject,
  { what, until }: { readonly what?: JsonObject; readonly until: Date },
): Promise<Silenced | undefined> {
  const known = await api.call('maintenance.get', { ...which, output: ['maintenanceid', 'active_since'] })
  if (!known.ok) return known
  const [found] = objectsOf(known.value)
  if (!found) return undefined
  const maintenanceid = String(found['maintenanceid'])
  const since = new Date(Number(found['active_since']) * 1_000)
  const asked = await api.call('maintenance.update', { maintenanceid, ...what, ...lasting(since, until) })
  return asked.ok ? { ok: true, id: maintenanceid } : asked
}

/** Whether all of these maintenances are Tillwright's own. */
export async function areOurMaintenances(api: ZabbixApi, ids: readonly string[]): Promise<boolean> {
  const asked = await api.call('maintenance.get', { maintenanceids: [...ids], output: ['name', 'description'] })
  if (!asked.ok || !Array.isArray(asked.value) || asked.value.length < ids.length) return false
  return asked.value.filter(isMap).every(({ name, description }) => {
    return String(name).startsWith(`${CREATOR} `) && markOf(String(description)) !== undefined
  })
}

/** The host of a device: by the names that it may have, or by the tag that names it. */
async function hostOf(
  api: ZabbixApi,
  { hosts, mark }: SilenceAsk,
): Promise<{ readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }> {
  const output = ['hostid', 'host']
  const tags = [{ tag: DEVICE_TAG, value: mark.device, operator: 1 }]
  for (const by of [{ tags }, { filter: { host: [...hosts] } }]) {
    const asked = await api.call('host.get', { output, ...by })
    if (!asked.ok) return asked
    const found = objectsOf(asked.value)
    const [host] = found
    if (found.length > 1) {
      const names = found.map((each) => `"${String(each['host'])}"`).join(', ')
      return { ok: false, why: `several of its hosts are ${mark.device}: ${names}` }
    }
    if (host) return { ok: true, id: String(host['hostid']) }
  }
  const names = hosts.map((name) => `"${name}"`).join(' or ')
  return {
    ok: false,
    why: `it shows this account no host ${names}, nor one whose tag ${DEVICE_TAG} is ${mark.device}`,
  }
}

function lasting(since: Date, until: Date): JsonObject {
  const active_since = Math.floor(since.getTime() / MINUTE_MS) * 60
  const active_till = Math.ceil(until.getTime() / MINUTE_MS) * 60
  const period = Math.max(SHORTEST_PERIOD_S, active_till - active_since)
  return { active_since, active_till, timeperiods: [{ timeperiod_type: 0, start_date: active_since, period }] }
}

/** Names are unique; what is too long is cut, and told from others by a digest. */
function nameOf(mark: SilenceMark): string {
  const name = `${CREATOR} ${mark.device}, run ${mark.run}`
  const digest = createHash('sha256').update(JSON.stringify(mark)).digest('hex').slice(0, DIGEST_DIGITS)
  return `${name.slice(0, LONGEST_NAME - DIGEST_DIGITS - 1)} ${digest}`
}

function listOf(value: unknown, key: string): readonly string[] {
  const list = (value as Record<string, unknown> | null)?.[key]
  return Array.isArray(list) ? list.map(String) : []
}
