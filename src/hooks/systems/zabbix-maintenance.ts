import { createHash } from 'node:crypto'
import type { JsonObject } from '../../core/json.ts'
import { isObject } from '../payload.ts'
import { CREATOR, markOf, withMark } from './silence-mark.ts'
import type { SilenceAsk, SilenceMark, Silencing } from './system.ts'
import type { ZabbixApi } from './zabbix-api.ts'

/** The tag by which a host says which device it is. */
export const DEVICE_TAG = 'till.device'
/** Times of maintenance are whole minutes, and a period of it has five of them at least. */
const MINUTE_MS = 60_000
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
      const body = {
        name: nameOf(mark),
        description: withMark(comment, mark),
        hosts: [{ hostid: host.id }],
        ...lasting(new Date(), until),
      }
      const asked = await api.call('maintenance.create', body)
      if (!asked.ok) return asked
      const [id] = listOf(asked.value, 'maintenanceids')
      return id === undefined ? { ok: false, why: 'it gives the maintenance no id' } : { ok: true, id }
    },
    async renew(maintenanceid, until) {
      const output = ['active_since']
      const known = await api.call('maintenance.get', { maintenanceids: [maintenanceid], output })
      if (!known.ok) return known
      const [maintenance] = Array.isArray(known.value) ? known.value.filter(isObject) : []
      if (!maintenance) return { ok: false, why: 'somebody has ended the maintenance' }
      const since = new Date(Number(maintenance['active_since']) * 1_000)
      const asked = await api.call('maintenance.update', { maintenanceid, ...lasting(since, until) })
      return asked.ok ? { ok: true } : asked
    },
    async close(id) {
      const asked = await api.call('maintenance.delete', [id])
      if (asked.ok) return { ok: true }
      const known = await api.call('maintenance.get', { maintenanceids: [id], output: ['maintenanceid'] })
      return known.ok && Array.isArray(known.value) && known.value.length === 0 ? { ok: true } : asked
    },
    async left(authority, fleet) {
      const search = { name: `${CREATOR} ` }
      const output = ['maintenanceid', 'description', 'active_since']
      const asked = await api.call('maintenance.get', { search, startSearch: true, output })
      if (!asked.ok) return asked
      const all = Array.isArray(asked.value) ? asked.value.filter(isObject) : []
      const silences = all.flatMap(({ maintenanceid, description, active_since }) => {
        const mark = markOf(String(description))
        if (mark?.authority !== authority || mark.fleet !== fleet) return []
        // One that is over stays in the list until somebody deletes it.
        return [{ id: String(maintenanceid), mark, since: new Date(Number(active_since) * 1_000), isOver: false }]
      })
      return { ok: true, silences }
    },
  }
}

/** Whether all of these maintenances are Tillwright's own. */
export async function areOurMaintenances(api: ZabbixApi, ids: readonly string[]): Promise<boolean> {
  const asked = await api.call('maintenance.get', { maintenanceids: [...ids], output: ['name', 'description'] })
  if (!asked.ok || !Array.isArray(asked.value) || asked.value.length < ids.length) return false
  return asked.value.filter(isObject).every(({ name, description }) => {
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
    const found = Array.isArray(asked.value) ? asked.value.filter(isObject) : []
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
