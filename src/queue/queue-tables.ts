import type { QueueDepth } from '../core/handed-work.ts'

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

interface DepthRow {
  readonly name: string
  readonly waiting: number
  readonly active: number
  readonly seconds: number
}

/** What waits in these queues, without the engine being started; nothing where it has no tables yet. */
export async function queueDepths(tables: QueueTables, queues: readonly string[]): Promise<readonly QueueDepth[]> {
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
  return queues.map((queue) => {
    const { waiting = 0, active = 0, seconds = 0 } = known.get(nameOf(queue)) ?? {}
    return { queue, waiting, active, oldest_seconds: Math.round(seconds) }
  })
}
