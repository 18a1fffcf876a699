import type { JsonObject, JsonValue } from '../../core/json.ts'
import { type HookSource, hostNames, isObject, type ReadPayload, textOf } from '../payload.ts'

/**
 * Zabbix: the parameters of the media type that is shipped, all texts. A macro that has no value comes as it is
 * written (`{EVENT.RECOVERY.ID}`).
 */
export const zabbix: HookSource = { name: 'zabbix', read }

function read(payload: JsonValue): ReadPayload {
  if (!isObject(payload)) return { ok: false, problem: 'It is no map of parameters, as the media type sends it.' }
  const value = macro(payload, 'event_value')
  const id = macro(payload, 'event_id')
  if (!/^\d+$/.test(id)) return { ok: false, problem: 'Its event_id is not the number of an event ({EVENT.ID}).' }
  if (value !== '0' && value !== '1')
    return { ok: false, problem: 'Its event_value is neither 1 (problem) nor 0 (resolved) ({EVENT.VALUE}).' }
  const labels = tagsOf(macro(payload, 'event_tags'))
  const trigger = macro(payload, 'trigger_id')
  return {
    ok: true,
    alerts: [
      {
        source: 'zabbix',
        id,
        state: value === '1' ? 'firing' : 'resolved',
        name: macro(payload, 'event_name'),
        severity: macro(payload, 'event_severity'),
        text: macro(payload, 'event_opdata'),
        labels: { ...labels, ...(trigger !== '' && { trigger_id: trigger }) },
        started_at: '',
        ...(labels['device'] !== undefined && { device: labels['device'] }),
        ...(labels['store'] !== undefined && { store: labels['store'] }),
        hosts: hostNames(macro(payload, 'host'), macro(payload, 'host_ip'), macro(payload, 'host_dns')),
      },
    ],
  }
}

function macro(payload: JsonObject, name: string): string {
  const text = textOf(payload[name])
  return /^\{[A-Z.0-9]+\}$/.test(text) || text === '*UNKNOWN*' ? '' : text
}

/** {EVENT.TAGSJSON}: a list of `{tag, value}` as a text. */
function tagsOf(text: string): Readonly<Record<string, string>> {
  let tags: JsonValue
  try {
    tags = JSON.parse(text === '' ? '[]' : text) as JsonValue
  } catch {
    return {}
  }
  if (!Array.isArray(tags)) return {}
  return Object.fromEntries(tags.filter(isObject).map(({ tag, value }) => [textOf(tag), textOf(value)]))
}
