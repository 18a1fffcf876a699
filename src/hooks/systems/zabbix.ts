import type { JsonObject, JsonValue } from '../../core/json.ts'
import { objectsOf } from '../payload.ts'
import type { Asked } from './ask-json.ts'
import type { Hush, MonitoringSystem } from './system.ts'
import { type ZabbixApi, zabbixApi } from './zabbix-api.ts'
import { areOurMaintenances, zabbixMaintenance } from './zabbix-maintenance.ts'

/** Bits of event.acknowledge. */
const ACKNOWLEDGE = 2
const MESSAGE = 4

/** Zabbix 6.0 and later, by its JSON-RPC. */
export function zabbixSystem(api: { readonly url: string; readonly token?: string }): MonitoringSystem {
  const zabbix = zabbixApi(api)
  return {
    source: 'zabbix',
    silencing: zabbixMaintenance(zabbix),
    async hush(ids) {
      const output = ['eventid', 'suppressed', 'r_eventid']
      const asked = await zabbix.call('event.get', { eventids: [...ids], output, selectSuppressionData: 'extend' })
      return hushOf(asked, ids, zabbix)
    },
    async tell(ids, { isRepaired, message }) {
      const action = isRepaired ? ACKNOWLEDGE + MESSAGE : MESSAGE
      const told = await zabbix.call('event.acknowledge', { eventids: [...ids], action, message })
      return told.ok ? { ok: true } : { ok: false, why: `Zabbix: ${told.why}.` }
    },
  }
}

async function hushOf(asked: Asked, ids: readonly string[], zabbix: ZabbixApi): Promise<Hush> {
  if (!asked.ok) return { state: 'unknown', why: `Zabbix was asked about maintenance: ${asked.why}.` }
  const events = new Map(objectsOf(asked.value).map((event) => [event['eventid'], event]))
  const lasting = ids.filter((id) => !isOver(events.get(id)))
  if (lasting.length === 0)
    return { state: 'hushed', why: 'Its problem is over in Zabbix, and the all-clear has not come.' }
  for (const id of lasting) {
    const event = events.get(id)
    if (!event) return { state: 'unknown', why: `Zabbix does not show its event ${id} to this account.` }
    if (event['suppressed'] === '1') {
      if (await isOurs(event['suppression_data'], zabbix)) continue
      return { state: 'hushed', why: `The problem is suppressed in Zabbix: maintenance.` }
    }
    if (event['suppressed'] !== '0') return { state: 'unknown', why: `Zabbix does not say whether it is suppressed.` }
  }
  return { state: 'open' }
}

/** Whether a problem has the event that ended it, as Zabbix says it of problems. */
function isOver(event: JsonObject | undefined): boolean {
  const end = event?.['r_eventid']
  return typeof end === 'string' && end !== '' && end !== '0'
}

/** A maintenance of our own says that a device is worked on, which leases know better; by hand nothing of ours is suppressed. */
async function isOurs(suppression: JsonValue | undefined, zabbix: ZabbixApi): Promise<boolean> {
  const ids = objectsOf(suppression).map((each) => String(each['maintenanceid']))
  return ids.length > 0 && !ids.includes('0') && (await areOurMaintenances(zabbix, ids))
}
