import type { JsonObject, JsonValue } from '../../core/json.ts'
import { isObject } from '../payload.ts'
import { type Asked, askJson } from './ask-json.ts'
import type { Hush, MonitoringSystem } from './system.ts'

/** Bits of event.acknowledge. */
const ACKNOWLEDGE = 2
const MESSAGE = 4

interface Api {
  /** Its api_jsonrpc.php. */
  readonly url: string
  readonly token?: string
}

/** Zabbix 6.0 and later, by its JSON-RPC. */
export function zabbixSystem(api: Api): MonitoringSystem {
  let version: Promise<Asked> | undefined
  const call = async (method: string, params: JsonObject): Promise<Asked> => {
    version ??= rpc(api.url, 'apiinfo.version', {}, {})
    const known = await version
    if (!known.ok) {
      version = undefined
      return known
    }
    // Before 6.4 a token stands in the body, from 7.2 on it must not.
    const [major = 0, minor = 0] = String(known.value).split('.').map(Number)
    const isOld = major < 6 || (major === 6 && minor < 4)
    const { token } = api
    return rpc(api.url, method, params, isOld ? { auth: token } : { token })
  }
  return {
    source: 'zabbix',
    async hush(ids) {
      return hushOf(await call('event.get', { eventids: [...ids], output: ['eventid', 'suppressed'] }), ids)
    },
    async tell(ids, { isRepaired, message }) {
      const action = isRepaired ? ACKNOWLEDGE + MESSAGE : MESSAGE
      const told = await call('event.acknowledge', { eventids: [...ids], action, message })
      return told.ok ? { ok: true } : { ok: false, why: `Zabbix: ${told.why}.` }
    },
  }
}

async function rpc(
  url: string,
  method: string,
  params: JsonObject,
  { auth, token }: { readonly auth?: string | undefined; readonly token?: string | undefined },
): Promise<Asked> {
  const body = JSON.stringify({ jsonrpc: '2.0', method, params, id: 1, ...(auth !== undefined && { auth }) })
  const asked = await askJson(url, { body, type: 'application/json-rpc', token })
  if (!asked.ok) return asked
  const { result, error } = (isObject(asked.value) ? asked.value : {}) as { result?: JsonValue; error?: JsonValue }
  if (result !== undefined) return { ok: true, value: result }
  const detail = isObject(error) ? String(error['data'] ?? error['message'] ?? '') : ''
  return { ok: false, why: `${method} is refused: ${detail.replace(/\.$/, '')}` }
}

function hushOf(asked: Asked, ids: readonly string[]): Hush {
  if (!asked.ok) return { state: 'unknown', why: `Zabbix was asked about maintenance: ${asked.why}.` }
  const events = Array.isArray(asked.value) ? asked.value.filter(isObject) : []
  for (const id of ids) {
    const event = events.find(({ eventid }) => eventid === id)
    if (!event) return { state: 'unknown', why: `Zabbix does not show its event ${id} to this account.` }
    if (event['suppressed'] === '1')
      return { state: 'hushed', why: `The problem is suppressed in Zabbix: maintenance.` }
    if (event['suppressed'] !== '0') return { state: 'unknown', why: `Zabbix does not say whether it is suppressed.` }
  }
  return { state: 'open' }
}
