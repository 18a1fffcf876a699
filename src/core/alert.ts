import type { JsonObject } from './json.ts'

/** One alert of a monitoring system, whatever it came from. All texts are data: none is ever read as anything else. */
export interface Alert {
  /** Name of the source that told it. */
  readonly source: string
  /** Which occurrence of the fault: the same in every repeat and in the all-clear, another one the next time. */
  readonly id: string
  readonly state: 'firing' | 'resolved'
  readonly name: string
  /** As the source writes it; empty where it says none. */
  readonly severity: string
  readonly text: string
  readonly labels: Readonly<Record<string, string>>
  /** As the source writes it; empty where it says none. */
  readonly started_at: string
  /** Full name of the device, where the source names one: then nothing else is looked at. */
  readonly device?: string
  /** Id of a store, for what is about a whole store. */
  readonly store?: string
  /** Names and addresses of the host, as monitoring knows them. */
  readonly hosts: readonly string[]
}

/** An alert as expressions see it. */
export function alertFields(alert: Alert): JsonObject {
  const { source, id, state, name, severity, text, labels, started_at } = alert
  return { source, id, state, name, severity, text, labels, started_at }
}

/** What tells an occurrence from those of other sources. */
export function alertKey(alert: Pick<Alert, 'source' | 'id'>): string {
  return JSON.stringify([alert.source, alert.id])
}
