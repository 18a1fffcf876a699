import { isObject } from '../payload.ts'
import { type Asked, askJson } from './ask-json.ts'
import type { Hush, MonitoringSystem } from './system.ts'

/** Its list is that of all alerts: what asks for several of them within a moment asks once. */
const FRESH_MS = 1_000

/** Prometheus Alertmanager, API version 2. */
export function alertmanagerSystem({
  url,
  token,
}: {
  readonly url: string
  readonly token?: string
}): MonitoringSystem {
  let last: { readonly at: number; readonly asked: Promise<Asked> } | undefined
  const list = (): Promise<Asked> => {
    const now = performance.now()
    if (!last || now - last.at > FRESH_MS) {
      const path = 'api/v2/alerts?active=true&silenced=true&inhibited=true'
      last = { at: now, asked: askJson(`${url.replace(/\/$/, '')}/${path}`, { token }) }
    }
    return last.asked
  }
  return { source: 'alertmanager', hush: async (ids) => hushOf(await list(), ids) }
}

function hushOf(asked: Asked, ids: readonly string[]): Hush {
  if (!asked.ok) return { state: 'unknown', why: `Alertmanager was asked about silences: ${asked.why}.` }
  if (!Array.isArray(asked.value)) return { state: 'unknown', why: 'Alertmanager answers with no list of alerts.' }
  const alerts = new Map(asked.value.filter(isObject).map((alert) => [String(alert['fingerprint']), alert]))
  for (const id of ids) {
    // The id of an occurrence is fingerprint and beginning.
    const alert = alerts.get(id.split(' ')[0] ?? '')
    if (!alert) return { state: 'unknown', why: 'Alertmanager does not know of the alert any more.' }
    const status = isObject(alert['status']) ? alert['status'] : {}
    if (status['state'] === 'suppressed')
      return { state: 'hushed', why: `The alert is silenced${by(status['silencedBy'])}.` }
    if (status['state'] !== 'active') return { state: 'unknown', why: 'Alertmanager has not judged the alert yet.' }
  }
  return { state: 'open' }
}

function by(silences: unknown): string {
  return Array.isArray(silences) && silences.length > 0
    ? ` (silence ${String(silences[0])})`
    : ' by another alert of Alertmanager'
}
