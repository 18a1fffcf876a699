import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ClientConfig } from 'pg'
import { stateUnusable } from '../state-unusable.ts'
import { DatabaseLogin } from './login.ts'

/** Where a database is, and how it is spoken to. */
export interface DatabaseAddress {
  readonly login: DatabaseLogin
  /** Of the tables; `schema` of the address. */
  readonly schema: string
  /** For people, without a password: `database "till" on db.example.com:5432 as "till"`. */
  readonly shown: string
}

const FORM = 'postgres://USER@HOST:5432/DATABASE'
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/** Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…&schema=…`. Throws InputError with STATE_UNUSABLE, which never shows it. `again` tells it anew. */
export function readAddress(text: string, again?: () => Promise<string>): DatabaseAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw stateUnusable('What names the PostgreSQL of the state is not an address', `Write it as ${FORM}.`)
  }
  const { searchParams: options } = url
  const unknown = [...options.keys()].filter((name) => !['sslmode', 'sslrootcert', 'schema', 'host'].includes(name))
  if (unknown.length > 0) {
    const known = 'sslmode, sslrootcert and schema are known there, and host for the folder of a socket.'
    throw stateUnusable(`The address of the PostgreSQL of the state has an option "${unknown[0]}"`, known)
  }
  const host = options.get('host') ?? (decodeURIComponent(url.hostname.replace(/^\[|\]$/g, '')) || '127.0.0.1')
  const port = Number(url.port || 5432)
  const user = decodeURIComponent(url.username) || userInfo().username
  const database = decodeURIComponent(url.pathname.slice(1)) || user
  const password = decodeURIComponent(url.password)
  const schema = options.get('schema') ?? 'tillwright'
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) {
    throw stateUnusable(
      `The address of the PostgreSQL of the state has a schema "${schema}"`,
      'Write small letters, digits and _ .',
    )
  }
  const ssl = tlsOf(host, options.get('sslmode'), options.get('sslrootcert'))
  const config = { host, port, user, database, ssl, password: password === '' ? undefined : password }
  return {
    schema,
    login: new DatabaseLogin(config, again && (async () => readAddress(await again()).login.config)),
    shown: `database "${database}" on ${host.startsWith('/') ? host : `${host}:${port}`} as "${user}"`,
  }
}

/** Certificates are always verified; without TLS is only spoken on this machine, or where that was asked for. */
function tlsOf(host: string, mode: string | null, rootFile: string | null): ClientConfig['ssl'] {
  if (mode !== null && !TLS_MODES.includes(mode)) {
    throw stateUnusable(
      `The address of the PostgreSQL of the state has sslmode "${mode}"`,
      `Write one of ${TLS_MODES.join(', ')}. With TLS the certificate is always verified, and so is the name in it.`,
    )
  }
  if (mode === 'disable' || (mode === null && rootFile === null && isHere(host))) return false
  return rootFile === null ? { rejectUnauthorized: true } : { rejectUnauthorized: true, ca: rootIn(rootFile) }
}

function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function rootIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw stateUnusable(
      `The certificates "${file}" of sslrootcert cannot be read (${code})`,
      'Name a file in PEM with the certificate of the authority that signed the one of the server.',
    )
  }
}
