import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import {
  type HookSource,
  hasNoValue,
  hostNames,
  MOST_LABELS,
  placeNamed,
  type ReadPayload,
  textOf,
} from '../payload.ts'

/**
 * Zabbix: the parameters of the media type that is shipped, all texts. A macro that has no value comes as it is
 * written (`{EVENT.RECOVERY.ID}`).
 */
export const zabbix: HookSource = { name: 'zabbix', read }

function read(payload: JsonValue): ReadPayload {
  if (!isMap(payload)) return { ok: false, problem: 'It is no map of parameters, as the media type sends it.' }
  const value = macro(payload, 'event_value')
  const id = macro(payload, 'event_id')
  if (!/^\d+$/.test(id)) return { ok: false, problem: 'Its event_id is not the number of an event ({EVENT.ID}).' }
  if (value !== '0' && value !== '1')
    return { ok: false, problem: 'Its event_value is neither 1 (problem) nor 0 (resolved) ({EVENT.VALUE}).' }
  const tags = tagsOf(payload['event_tags'])
  if (tags === undefined) return { ok: false, problem: 'Its event_tags is no list of tags as JSON ({EVENT.TAGSJSON}).' }
  const labels = Object.fromEntries([...tags].map(([tag, values]) => [tag, textOf(values.join(','))]))
  const unplaced = twoPlaces(tags)
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
        ...(unplaced !== undefined && { unplaced }),
        ...placeNamed({ device: placesIn(tags, 'device')[0], store: placesIn(tags, 'store')[0] }),
        hosts: hostNames(macro(payload, 'host'), macro(payload, 'host_ip'), macro(payload, 'host_dns')),
      },
    ],
  }
}

function macro(payload: JsonObject, name: string): string {
  const text = textOf(payload[name])
  return hasNoValue(text) ? '' : text
}

type Tags = ReadonlyMap<string, readonly string[]>

/**
 * {EVENT.TAGSJSON}: a list of `{tag, value}` as a text, however long. A tag may come several times with different values (Zabbix manual,
 * "Tagging"), as those of template, host, item and trigger are put together; undefined where it is no such list.
 */
function tagsOf(text: JsonValue | undefined): Tags | undefined {
  if (typeof text !== 'string' || hasNoValue(text)) return new Map()
  let list: JsonValue
  try {
    list = JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  const tags = new Map<string, readonly string[]>()
  for (const { tag, value } of list.filter(isMap).slice(0, MOST_LABELS)) {
    const [name, said] = [textOf(tag), textOf(value)]
    const before = tags.get(name) ?? []
    if (!before.includes(said)) tags.set(name, [...before, said])
  }
  return tags
}

/** The devices or stores that its tags name. */
function placesIn(tags: Tags, what: 'device' | 'store'): readonly string[] {
  return (tags.get(what) ?? []).filter((name) => !hasNoValue(name))
}

/** Why it is about no device where its tags name two: which one is meant is not guessed. */
function twoPlaces(tags: Tags): string | undefined {
  const what = (['device', 'store'] as const).find((name) => placesIn(tags, name).length > 1)
  if (what === undefined) return undefined
  const names = placesIn(tags, what).map((name) => `"${name}"`)
  return `Its tag "${what}" names ${names.join(' and ')}; which one is meant cannot be said.`
}
