import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { alertmanagerSilences, areOurSilences, fingerprintOf, listAlerts } from './alertmanager-silences.ts'
import type { Asked } from './ask-json.ts'
import type { Hush, MonitoringSystem } from './system.ts'

/** Its list is that of all alerts: what asks for several of them within a moment asks once. */
const FRESH_MS = 1_000

/** Prometheus Alertmanager, API version 2. */
export function alertmanagerSystem(api: { readonly url: string; readonly token?: string }): MonitoringSystem {
  let last: { readonly at: number; readonly asked: Promise<Asked> } | undefined
  const list = (): Promise<Asked> => {
    const now = performance.now()
    if (!last || now - last.at > FRESH_MS) last = { at: now, asked: listAlerts(api) }
    return last.asked
  }
  return {
    source: 'alertmanager',
    silencing: alertmanagerSilences(api),
    hush: async (ids) => hushOf(await list(), ids, (silences) => areOurSilences(api, silences)),
  }
}

async function hushOf(
  asked: Asked,
  ids: readonly string[],
  areOurs: (silences: readonly string[]) => Promise<boolean>,
): Promise<Hush> {
  if (!asked.ok) return { state: 'unknown', why: `Alertmanager was asked about silences: ${asked.why}.` }
  if (!Array.isArray(asked.value)) return { state: 'unknown', why: 'Alertmanager answers with no list of alerts.' }
  const alerts = new Map(asked.value.filter(isMap).map((alert) => [String(alert['fingerprint']), alert]))
  for (const id of ids) {
    const alert = alerts.get(fingerprintOf(id))
    if (!alert) return { state: 'unknown', why: 'Alertmanager does not know of the alert any more.' }
    const hush = await hushOfOne(isMap(alert['status']) ? alert['status'] : {}, areOurs)
    if (hush.state !== 'open') return hush
  }
  return { state: 'open' }
}

async function hushOfOne(
  status: JsonObject,
  areOurs: (silences: readonly string[]) => Promise<boolean>,
): Promise<Hush> {
  const { state } = status
  if (state === 'active') return { state: 'open' }
  if (state !== 'suppressed') return { state: 'unknown', why: 'Alertmanager has not judged the alert yet.' }
  const silences = textsOf(status['silencedBy'])
  const isSilenced = silences.length > 0 && textsOf(status['inhibitedBy']).length === 0
  // A silence of our own says that a device is worked on, which leases know better.
  if (isSilenced && (await areOurs(silences))) return { state: 'open' }
  return { state: 'hushed', why: `The alert is silenced${by(silences)}.` }
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function by(silences: readonly string[]): string {
  return silences.length > 0 ? ` (silence ${silences[0]})` : ' by another alert of Alertmanager'
}
