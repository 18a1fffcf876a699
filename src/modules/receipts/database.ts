import { asSecret, type Hidden, type Secret } from '../../core/secret.ts'
import { wallTime } from '../../core/zoned-time.ts'

export interface DatabaseSource {
  readonly engine: 'postgresql' | 'mysql' | 'mariadb' | 'sqlserver' | 'sqlite'
  readonly query: string
  readonly name?: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: Hidden
  readonly since?: 'local' | 'utc' | 'epoch'
}

/** A client program and how it is called. */
export interface ClientCall {
  readonly program: string
  readonly args: readonly string[]
  /** Where a password travels: neither on the command line nor in a file. */
  readonly secret?: { readonly variable: string; readonly value: Secret }
  /** Beside it; nothing of it is secret. */
  readonly environment: Readonly<Record<string, string>>
}

const SEPARATOR = '|'
const TIMEOUT_S = 15
/** What would change something, or make the server do so. */
const WRITING =
  /\b(insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|exec|execute|call|into|copy|attach|pragma|load_file|load_extension|pg_read_file|lo_import)\b/i

/** Why a query is not one that only reads, as a sentence; undefined when it is. */
export function whyNotReadOnly(query: string): string | undefined {
  if (query.includes('${{')) return 'The query is constant text: nothing is put into it but {since}.'
  const bare = query
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/"[^"]*"|`[^`]*`|\[[^\]]*\]/g, 'name')
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .trim()
    .replace(/;$/, '')
  if (!/^(select|with)\b/i.test(bare)) return 'The query has to begin with SELECT or WITH: it only reads.'
  if (bare.includes(';')) return 'The query has to be one statement.'
  if (/\\/.test(bare))
    return 'The query must hold no backslash outside of texts: clients take it for a command of theirs.'
  const word = WRITING.exec(bare)?.[0]
  return word === undefined ? undefined : `The query only reads: "${word}" has no place in it.`
}

/** How the client of an engine is called for a query, with `since` (milliseconds since 1970) in its place. */
export function clientCall(source: DatabaseSource, since: number, zone: string): ClientCall {
  const query = source.query
    .trim()
    .replace(/;$/, '')
    .replaceAll('{since}', sinceText(source, since, zone))
  return CLIENTS[source.engine](source, query, zone)
}

type Client = (source: DatabaseSource, query: string, zone: string) => ClientCall

const CLIENTS: Readonly<Record<DatabaseSource['engine'], Client>> = {
  postgresql: postgres,
  mysql,
  mariadb: mysql,
  sqlserver: sqlServer,
  sqlite: ({ name = '' }, query) => ({
    program: 'sqlite3',
    args: [
      '-readonly',
      '-batch',
      '-noheader',
      '-separator',
      SEPARATOR,
      '-cmd',
      `.timeout ${TIMEOUT_S * 1000}`,
      name,
      query,
    ],
    environment: {},
  }),
}

function postgres(source: DatabaseSource, query: string, zone: string): ClientCall {
  const { host, port, user, name } = source
  const plain = ['-X', '-A', '-t', '-w', '-q', '-F', SEPARATOR, '-v', 'ON_ERROR_STOP=1']
  return {
    program: 'psql',
    args: [
      ...plain,
      ...option('-h', host),
      ...option('-p', port),
      ...option('-U', user),
      ...option('-d', name),
      '-c',
      query,
    ],
    ...passwordIn('PGPASSWORD', source),
    environment: {
      PGCONNECT_TIMEOUT: String(TIMEOUT_S),
      // What {since} means to a column with a time zone, and how such a column is shown.
      PGTZ: source.since === 'utc' ? 'UTC' : zone,
      PGOPTIONS: `-c default_transaction_read_only=on -c statement_timeout=${TIMEOUT_S * 1000}`,
    },
  }
}

function mysql(source: DatabaseSource, query: string): ClientCall {
  const { engine, host, port, user, name } = source
  const readOnly = '--init-command=SET SESSION TRANSACTION READ ONLY'
  const plain = ['--no-defaults', '--batch', '--skip-column-names', `--connect-timeout=${TIMEOUT_S}`, readOnly]
  return {
    program: engine,
    args: [
      ...plain,
      ...option('-h', host),
      ...option('-P', port),
      ...option('-u', user),
      ...option('-D', name),
      '-e',
      query,
    ],
    ...passwordIn('MYSQL_PWD', source),
    environment: {},
  }
}

function sqlServer(source: DatabaseSource, query: string): ClientCall {
  const { host, port, user, name } = source
  const plain = [
    '-b',
    '-h',
    '-1',
    '-W',
    '-s',
    SEPARATOR,
    '-l',
    String(TIMEOUT_S),
    '-t',
    String(TIMEOUT_S),
    '-K',
    'ReadOnly',
    '-x',
  ]
  const server = host === undefined || port === undefined ? host : `${host},${port}`
  const login = user === undefined ? ['-E'] : ['-U', user]
  return {
    program: 'sqlcmd',
    args: [...plain, ...option('-S', server), ...login, ...option('-d', name), '-Q', `SET NOCOUNT ON; ${query}`],
    ...passwordIn('SQLCMDPASSWORD', source),
    environment: {},
  }
}

function option(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)]
}

function passwordIn(variable: string, { password }: DatabaseSource): Pick<ClientCall, 'secret'> {
  if (password === undefined) return {}
  return { secret: { variable, value: asSecret(password) } }
}

/** A literal of digits of ours: nothing that could be code. */
function sinceText({ since = 'local' }: DatabaseSource, at: number, zone: string): string {
  if (since === 'epoch') return String(Math.floor(at / 1000))
  const wall = since === 'utc' ? at : wallTime(at, zone)
  return `'${new Date(wall).toISOString().slice(0, 19).replace('T', ' ')}'`
}

/** The fields of the one row that a client printed; a string says what it is instead. */
export function readRow(output: string): readonly (string | undefined)[] | string {
  const rows = output.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (rows.length !== 1) return `the query gave ${rows.length} rows instead of one`
  const fields = (rows[0] ?? '').split(rows[0]?.includes('\t') ? '\t' : SEPARATOR).map((field) => field.trim())
  if (fields.length < 2 || fields.length > 3) {
    return `the row has ${fields.length} fields instead of the last time, the number, and perhaps a time as of which they are`
  }
  return fields.map((field) => (field === '' || field.toUpperCase() === 'NULL' ? undefined : field))
}
