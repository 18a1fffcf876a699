import { EXPORTED_TABLES, type ExportedRow, type ExportedTable, LEFT_OUT_OF_EXPORT } from '../core/state-export.ts'

const RUNS = "run IN (SELECT run FROM runs WHERE coalesce(finished_at, '9999') >= :iso)"
const EPISODES = "episode IN (SELECT episode FROM episodes WHERE coalesce(closed_at, '9999') >= :iso)"
const INCIDENTS = "incident IN (SELECT incident FROM incidents WHERE coalesce(closed_at, '9999') >= :iso)"

/** Which rows are of the time since then; null: all of them are of now, or prove something only together. */
const SINCE: Readonly<Record<ExportedTable, string | null>> = {
  audit_log: null,
  availability_devices: null,
  availability_months: null,
  availability_runs: RUNS,
  availability_spans: 'last >= :ms',
  availability_words: null,
  change_times: null,
  device_status: null,
  episode_events: EPISODES,
  episodes: EPISODES,
  events: RUNS,
  handed_runs: RUNS,
  hook_alerts: 'at >= :iso',
  hook_attempts: EPISODES,
  hook_inbox: 'at >= :iso',
  incident_episodes: INCIDENTS,
  incident_events: INCIDENTS,
  incidents: INCIDENTS,
  kept_files: RUNS,
  kept_runs: RUNS,
  kept_texts: `digest IN (SELECT digest FROM kept_files WHERE ${RUNS})`,
  leave_questions: RUNS,
  lease_keys: null,
  marks: null,
  messages: INCIDENTS,
  outbox: null,
  outbox_refused: null,
  run_devices: RUNS,
  runbook_status: null,
  runs: RUNS,
  sample_series: null,
  samples: 'at >= :ms',
  sinks: null,
  source_devices: null,
  source_places: null,
  source_seen: 'at >= :ms',
  source_tallies: null,
  source_troubles: null,
  source_unknown: null,
  state_facts: null,
}

/** Columns whose text is JSON that nothing else depends on. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['json', 'counts', 'runbooks', 'answers', 'changes', 'rollbacks'])
/** Here a hash covers the text itself. */
const EXACT: ReadonlySet<string> = new Set(['audit_log', 'availability_months'])

/** A table as it is read. */
export interface ReadTable {
  readonly table: ExportedTable
  readonly columns: readonly string[]
  /** SELECT of its rows in the order of its key. */
  readonly query: string
}

/** `known`: columns of each table that is there, and those of its key, in order. Throws on a table that no list names. */
export function tablesToRead(
  known: ReadonlyMap<string, { readonly columns: readonly string[]; readonly key: readonly string[] }>,
  since: Date | undefined,
): readonly ReadTable[] {
  const found: ReadTable[] = []
  for (const [name, { columns, key }] of [...known].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name in LEFT_OUT_OF_EXPORT) continue
    // A newer Tillwright that shares the store may have brought it.
    if (!(name in EXPORTED_TABLES)) continue
    const table = name as ExportedTable
    const read = columns.filter((column) => !(`${name}.${column}` in LEFT_OUT_OF_EXPORT))
    const condition = since && SINCE[table]
    const where = condition ? ` WHERE ${inPlace(condition, since)}` : ''
    found.push({ table, columns: read, query: `SELECT ${named(read)} FROM ${name}${where} ORDER BY ${named(key)}` })
  }
  return found
}

/** A row as it leaves, from what the database gave by column. */
export function exportedRow({ table, columns }: ReadTable, values: readonly unknown[]): ExportedRow {
  const row: Record<string, unknown> = {}
  for (const [index, column] of columns.entries()) {
    const value = values[index]
    const holdsJson = typeof value === 'string' && JSON_COLUMNS.has(column) && !EXACT.has(table)
    row[column] = holdsJson ? read(value) : value
  }
  return { table, row }
}

/** Text that is no JSON stays as it is: a damaged row must not end an export. */
function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The instant is one that a Date wrote, so that nothing of it needs to be quoted. */
function inPlace(condition: string, since: Date): string {
  return condition.replaceAll(':iso', `'${since.toISOString()}'`).replaceAll(':ms', String(since.getTime()))
}

function named(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ')
}
