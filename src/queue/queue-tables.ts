import type { QueueDepth, RunJob } from '../core/handed-work.ts'

/** Where the engine has its tables. */
export interface QueueTables {
  readonly schema: string
  // biome-ignore lint/suspicious/noExplicitAny: rows are what the engine makes of them.
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>
  close(): Promise<void>
}

/** The engine takes no colons and commas in names of queues. */
export function nameOf(queue: string): string {
  return queue.replaceAll(/[^\w.-]/gu, (letter) => (letter === ':' ? '.' : `/${letter.codePointAt(0)?.toString(16)}/`))
}

/** A queue by the name that the engine has for it: the first dot of each term stands for a colon. */
function queueNamed(name: string): string {
  const decoded = (text: string): string =>
    text.replaceAll(/\/([\da-f]+)\//g, (_whole, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
  return name
    .split('/2c/')
    .map((term) => decoded(term.replace('.', ':')))
    .join(',')
}

interface DepthRow {
  readonly name: string
  readonly waiting: number
  readonly active: number
  readonly seconds: number
}

/** What waits in these queues, or in all, without the engine being started; nothing where it has no tables yet. */
export async function queueDepths(tables: QueueTables, queues?: readonly string[]): Promise<readonly QueueDepth[]> {
  const table = `${tables.schema}.job`
  const { rows: found } = await tables.executeSql('SELECT to_regclass($1) IS NOT NULL AS is_there', [table])
  if (found[0]?.is_there !== true) return []
  const { rows } = await tables.executeSql(
    `SELECT name, count(*) FILTER (WHERE state < 'active')::int AS waiting,
       count(*) FILTER (WHERE state = 'active')::int AS active,
       coalesce(extract(epoch FROM now() - min(created_on) FILTER (WHERE state < 'active')), 0)::float AS seconds
     FROM ${table} WHERE state <= 'active' GROUP BY name`,
  )
  const known = new Map((rows as DepthRow[]).map((row) => [row.name, row]))
  return (queues ?? (await allQueues(tables))).map((queue) => {
    const { waiting = 0, active = 0, seconds = 0 } = known.get(nameOf(queue)) ?? {}
    return { queue, waiting, active, oldest_seconds: Math.round(seconds) }
  })
}

async function allQueues(tables: QueueTables): Promise<readonly string[]> {
  const { rows } = await tables.executeSql(
    `SELECT name FROM ${tables.schema}.queue WHERE name NOT LIKE '\\_\\_%' ORDER BY name`,
  )
  return (rows as { readonly name: string }[]).map(({ name }) => queueNamed(name))
}

interface JobRow {
  readonly state: string
  readonly devices: readonly string[]
  readonly why: string | null
}

/** Jobs of a run in a queue, without their data. */
export async function jobsOfRun(tables: QueueTables, queue: string, run: string): Promise<readonly RunJob[]> {
  const { rows } = await tables.executeSql(
    `SELECT state::text AS state, coalesce(output->>'message', output->'value'->>'message') AS why,
       (SELECT json_agg(handed->'device'->>'name') FROM jsonb_array_elements(data->'devices') AS handed) AS devices
     FROM ${tables.schema}.job WHERE name = $1 AND data->>'run' = $2 AND state <> 'completed'`,
    [nameOf(queue), run],
  )
  return (rows as JobRow[]).map(({ state, devices, why }) => ({
    devices,
    isOpen: OPEN.has(state),
    ...(why !== null && { why }),
  }))
}

/** States of a job that somebody does or will do. */
const OPEN: ReadonlySet<string> = new Set(['created', 'retry', 'active'])
