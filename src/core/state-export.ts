/** What an export of the state holds, by table: one sentence about its rows. What is left out, and why, is in `LEFT_OUT_OF_EXPORT`. */
export const EXPORTED_TABLES = {
  audit_log: 'who has decided and done what; `json` is the text that `hash` covers, with the hash of the row before',
  availability_devices: 'devices of availability, by number',
  availability_months: 'closed months of contracts; `json` is the text that `hash` covers',
  availability_runs: 'up to which event a run counts in availability',
  availability_spans: 'times in which a device answered, or was found as it was; milliseconds since 1970',
  availability_words: 'tracks, causes and runs of availability, by number',
  change_times: 'how long changes took, by runbooks and class of devices',
  device_status: 'the last known state of each device',
  episode_events: 'what happened to episodes',
  episodes: 'faults that monitoring told of, folded',
  events: 'the journal of runs',
  handed_runs: 'runs that workers work for',
  hook_alerts: 'occurrences that monitoring told of',
  hook_attempts: 'repairs by hooks',
  hook_inbox: 'signals from monitoring and what came of them, without their text',
  incident_episodes: 'which episodes are part of an incident',
  incident_events: 'what happened to incidents',
  incidents: 'incidents, folded',
  kept_files: 'texts of runs that can be carried on, by name',
  kept_runs: 'what a run needs to be carried on',
  kept_texts: 'those texts, by their sha256',
  leave_questions: 'what workers have asked leave for',
  lease_keys: 'devices and runs, with the epoch of their last lease',
  marks: 'by what a device is known again; the last of each name',
  messages: 'messages of incidents, and what became of them',
  outbox: 'events that wait for sinks, by their place in the journal',
  outbox_refused: 'events that a sink refused',
  run_devices: 'how each device of a run ended',
  runbook_status: 'the last look of each set of runbooks at a device',
  runs: 'runs, with what they came to',
  sample_series: 'series of samples, by number',
  samples: 'numbers that modules have noted; milliseconds since 1970',
  sinks: 'how far each sink is',
  source_devices: 'when a device was last heard of by a source',
  source_places: 'how far each source is',
  source_seen: 'events that would be known again, by their digest',
  source_tallies: 'what sources have counted',
  source_troubles: 'sources that are in trouble',
  source_unknown: 'names that sources told and nobody knows',
  state_facts: 'what is true of the whole store',
} as const satisfies Readonly<Record<string, string>>

export type ExportedTable = keyof typeof EXPORTED_TABLES

/** Tables, and columns as `table.column`, that no export has. */
export const LEFT_OUT_OF_EXPORT = {
  controllers: 'who is there now',
  hook_workers: 'who is there now',
  workers: 'who is there now',
  sessions: 'keys of the dashboard',
  state_schema: 'its version is in the first line',
  'hook_inbox.body': 'what others have sent, before anything masks it',
} as const satisfies Readonly<Record<string, string>>

/** A row as it is exported: columns of text that hold JSON are values, those that a hash covers are text. */
export interface ExportedRow {
  readonly table: ExportedTable
  readonly row: Readonly<Record<string, unknown>>
}

/** Rows of one moment, however long the reading takes. */
export interface StateSnapshot {
  readonly kind: 'sqlite' | 'postgres'
  readonly where: string
  /** Of the tables. */
  readonly version: number
  rows(): AsyncIterable<readonly ExportedRow[]>
  close(): Promise<void>
}
