import {
  type ColumnNode,
  type CompiledQuery,
  createQueryId,
  type InsertQueryNode,
  PostgresQueryCompiler,
  type RootOperationNode,
} from 'kysely'
import type { Query } from '../steps.ts'

/** A query in the words of PostgreSQL. */
export interface PostgresQuery {
  readonly text: string
  readonly values: readonly unknown[]
}

/** A list of names as SQLite takes it. */
const LIST = /\(SELECT value FROM json_each\((\$\d+)\)\)/g

const compiler = new PostgresQueryCompiler()
/** Those that were compiled once and are asked many times. */
const known = new WeakMap<object, Known>()

interface Known extends PostgresQuery {
  readonly rows: RowShape | undefined
}

/** How an INSERT of one row becomes one of many. */
export interface RowShape {
  readonly before: string
  readonly after: string
  readonly columns: number
  /** Of which no two rows of a statement may have the same, by their place; absent: they may have what they like. */
  readonly key: readonly number[] | undefined
}

/** The same query, whoever it was compiled for. */
export function postgresQuery<Row>(query: Query<Row>): PostgresQuery {
  return 'sql' in query ? knownOf(query) : translated((query.compile() as CompiledQuery).query)
}

/** How more rows go into it; undefined for what is no INSERT of values alone. */
export function rowShape(query: Query<unknown>): RowShape | undefined {
  return 'sql' in query ? knownOf(query).rows : undefined
}

/** PostgreSQL has no text with a NUL in it. */
export function sendable(values: readonly unknown[]): unknown[] {
  return values.map((value) =>
    typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value,
  )
}

/** An INSERT of many rows. */
export function insertRows({ before, after, columns }: RowShape, rows: readonly (readonly unknown[])[]): PostgresQuery {
  let next = 0
  const places = rows.map(() => `(${Array.from({ length: columns }, () => `$${++next}`).join(', ')})`)
  return { text: `${before}${places.join(', ')}${after}`, values: rows.flat() }
}

function knownOf(query: CompiledQuery): Known {
  const found = known.get(query)
  if (found) return found
  const made = translated(query.query)
  const entry = { ...made, rows: shapeOf(query.query, made.text) }
  known.set(query, entry)
  return entry
}

function translated(node: RootOperationNode): PostgresQuery {
  const { sql, parameters } = compiler.compileQuery(node, createQueryId())
  return { text: sql.replaceAll(LIST, '(SELECT jsonb_array_elements_text($1::text::jsonb))'), values: parameters }
}

function shapeOf(node: RootOperationNode, text: string): RowShape | undefined {
  if (node.kind !== 'InsertQueryNode') return undefined
  const { columns = [], onConflict } = node as InsertQueryNode
  const match = /^(.* values )\([$\d, ]+\)(.*)$/s.exec(text)
  if (!match || /\$/.test(match[2] ?? '')) return undefined
  const names = columns.map(nameOf)
  const conflict = onConflict?.doNothing
    ? undefined
    : onConflict?.columns?.map((column) => names.indexOf(nameOf(column)))
  return { before: match[1] ?? '', after: match[2] ?? '', columns: names.length, key: conflict }
}

function nameOf({ column }: ColumnNode): string {
  return column.name
}
