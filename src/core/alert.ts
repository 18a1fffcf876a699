import type { JsonObject } from './json.ts'

/** One alert of a monitoring system, whatever it came from. All texts are data: none is ever read as anything else. */
export interface Alert {
  /** Name of the source that told it. */
  readonly source: string
  /** Which occurrence of the fault: the same in every repeat and in the all-clear, another one the next time. */
  readonly id: string
  /** What begins the ids of all its occurrences, with a blank and its beginning behind it; absent: ids have no such parts. */
  readonly series?: string
  readonly state: 'firing' | 'resolved'
  readonly name: string
  /** As the source writes it; empty where it says none. */
  readonly severity: string
  readonly text: string
  readonly labels: Readonly<Record<string, string>>
  /** As the source writes it; empty where it says none. */
  readonly started_at: string
  /** Of one that is resolved: when it ended, as the source writes it; absent: it does not say. */
  readonly ended_at?: string
  /** Of one that is resolved: why monitoring does not see it any more, which says nothing about the fault. */
  readonly lost?: string
  /** Full name of the device, where the source names one: then nothing else is looked at. */
  readonly device?: string
  /** Id of a store, for what is about a whole store. */
  readonly store?: string
  /** Why it is about no device, whatever else it says; absent: it is to be looked for. */
  readonly unplaced?: string
  /** It says that monitoring could not judge its rule of that name, and nothing about what the rule is about. */
  readonly noDataOf?: string
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

/** What is the same in the keys of all occurrences of an alert whose ids have parts. */
export function seriesKey({ source, series }: Pick<Alert, 'source' | 'series'>): string | undefined {
  return series === undefined ? undefined : seriesOf(alertKey({ source, id: `${series} ` }))
}

/** The part of the key of an occurrence that stands before its beginning. */
export function seriesOf(key: string): string {
  return key.slice(0, key.lastIndexOf(' '))
}

/**
 * Whether an alert that is resolved ends an occurrence of its series. Grafana 12 tells the end of an alert with another beginning
 * than its own (grafana/grafana#106065), and of two Alertmanagers the one that tells the end may know of an earlier beginning than
 * the one that told of it (each keeps the earliest it has heard of): what began no later than it says, or than its end, is over.
 */
export function isOver(key: string, { started_at, ended_at = '' }: Pick<Alert, 'started_at' | 'ended_at'>): boolean {
  const [, id = ''] = JSON.parse(key) as string[]
  const begun = Date.parse(id.slice(id.lastIndexOf(' ') + 1))
  return begun <= Date.parse(started_at) || begun <= Date.parse(ended_at)
}
