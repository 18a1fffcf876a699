import { InputError, NotNow } from '../../core/diagnostic.ts'
import { stateUnusable } from '../state-unusable.ts'

/** Codes of PostgreSQL (appendix A of its manual) and of Node, and words of the driver. */
const AWAY_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '25P03',
  '25P04',
  '57P05',
  '25006',
  '53300',
])
const AWAY_WORDS =
  /^(Connection terminated|Query read timeout|timeout exp|Client has encountered a connection error|Client was closed|Client network socket disconnected)/

/** The server is there, and is answered what is read, but has no room for more: disk, memory, files; or may not write any more. */
const NO_ROOM_CODES: ReadonlySet<string> = new Set(['53000', '53100', '53200', '58030', '25006'])

/** Others were in the way; the same goes through when it is done again. */
const AGAIN_CODES: ReadonlySet<string> = new Set(['40001', '40P01', '55P03'])

/** What a server before PostgreSQL 16 says of a disk on which it cannot write what a new connection needs: as a fault of its own, and in English always. */
const NO_INIT_FILE = /^could not (write|close) init file/
const IO_ERROR = '58030'

/** PgBouncer's word for a pool that gives a connection to others behind each statement. Its code stands for all that it refuses. */
const STATEMENT_MODE = /^transaction blocks not allowed in statement pooling mode/

type Fault = Error & { readonly code?: string; readonly mayPass?: boolean }

function codeOf(error: unknown): string | undefined {
  const { code, message = '' } = error as Fault
  return code === 'XX000' && NO_INIT_FILE.test(message) ? IO_ERROR : code
}

/** The server lets nobody in like this. A pooler has one code for all that it refuses. */
export function isRefused(error: unknown): boolean {
  const { code = '' } = error as Fault
  return code.startsWith('28') || code === '08P01' || CAUSES[code] === UNTRUSTED || code === 'CERT_HAS_EXPIRED'
}

/** The same of one that let in before: whoever changes a password does it there first, or here. */
export function maybePassing(error: unknown): unknown {
  return error instanceof Error ? Object.assign(error, { mayPass: true }) : error
}

/** The server cannot be reached, or takes no work now; that may pass by itself. */
export function isAway(error: unknown): boolean {
  const { code = '', message = '', mayPass = false } = error as Fault
  if (STATEMENT_MODE.test(message)) return false
  return mayPass || AWAY_CODES.has(code) || code.startsWith('08') || AWAY_WORDS.test(message)
}

/** Nothing was written, and nothing can be now; that may pass by itself, or once somebody has made room. What is read is answered. */
export function hasNoRoom(error: unknown): boolean {
  return NO_ROOM_CODES.has(codeOf(error) ?? '')
}

/** It may go through later, as it is. */
export function isPassing(error: unknown): boolean {
  return isAway(error) || hasNoRoom(error)
}

/** The server ended a question that took too long: it is there. */
export function isTooSlow(error: unknown): boolean {
  return (error as Fault).code === '57014'
}

/** Whether the transaction was only in the way of others (serialization, deadlock, a lock not had in time). */
export function isWorthAgain(error: unknown): boolean {
  return AGAIN_CODES.has((error as Fault).code ?? '')
}

type Cause = readonly [problem: string, advice: string]

const AWAY: Cause = [
  'does not answer',
  'See that PostgreSQL runs there and can be reached from this machine; `pg_isready` of its client tells.',
]
const UNTRUSTED: Cause = [
  'shows a certificate that is not trusted here',
  'Name the certificate of its authority: …?sslrootcert=/path/ca.pem.',
]

const CAUSES: Readonly<Record<string, Cause>> = {
  '28P01': [
    'refuses the user or the password',
    'Correct them in the address (`state` of tillwright.yaml, or TILL_STATE), or set this password there: `ALTER ROLE … PASSWORD`.',
  ],
  '28000': [
    'refuses this user',
    'Correct the user in the address, or create it with LOGIN; pg_hba.conf of the server has to take it from this machine, by TLS where that is asked for.',
  ],
  '3D000': [
    'does not exist',
    'Correct its name in the address, or create it: `createdb --owner=USER DATABASE`. Tillwright makes its tables in it by itself.',
  ],
  '42501': [
    'does not let this user do what is needed',
    'Let it make a schema, `GRANT CREATE ON DATABASE …`, or make it the owner of the schema "tillwright".',
  ],
  '53300': ['has no connection left', 'Raise max_connections there, or put PgBouncer before it.'],
  '57014': [
    'has ended a question that took too long, several times',
    'See what it is busy with (pg_stat_activity), and whether `till state vacuum` is overdue.',
  ],
  '53000': ['has run out of something', 'See its log: of files that it may have open, for example.'],
  '53100': ['cannot grow, its disk is full', 'Make room on the disk of the server.'],
  '53200': ['has no memory left', 'See its log: of the machine, or of max_locks_per_transaction.'],
  '58030': ['cannot read or write its disk', 'See to the disk of the server, and to its log.'],
  '57P03': ['is starting or stopping', 'Wait until the server is ready.'],
  '25006': [
    'is read-only: a standby, or one that was told so',
    'Name the primary server, or take back default_transaction_read_only there.',
  ],
  ENOTFOUND: ['is on a host that no name server knows', 'See to the name of the host, or to DNS.'],
  EAI_AGAIN: ['is on a host whose name cannot be looked up now', 'See to DNS on this machine.'],
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: ['shows a certificate that has expired', 'Give the server a new certificate.'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'shows a certificate of another host',
    'Write the host as its certificate names it, or give it one with this name.',
  ],
}

/** In a few words, for people: the code, and what it says of the server where that is known. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const cause = CAUSES[code ?? '']
  return cause ? `${code}: it ${cause[0]}` : (code ?? 'no answer')
}

/** What to throw for what the database at `shown` has said; bugs of ours stay as they are. */
export function explained(shown: string, error: unknown): unknown {
  if (error instanceof InputError) return error
  const code = codeOf(error)
  const { message = '' } = error as Fault
  if (message.includes('does not support SSL')) {
    return stateUnusable(
      `The state store, ${shown}, does not speak TLS`,
      'Switch TLS on there (ssl = on), or write sslmode=disable where the way to it is safe.',
    )
  }
  if (STATEMENT_MODE.test(message)) {
    return stateUnusable(
      `The state store, ${shown}, is behind PgBouncer with pool_mode = statement, which refuses transactions`,
      'Set pool_mode = transaction (or session) for this database in pgbouncer.ini, and reload it.',
    )
  }
  const away = isPassing(error)
  const cause = CAUSES[code ?? ''] ?? (away ? AWAY : undefined)
  if (cause === undefined) return error
  const { diagnostics } = stateUnusable(`The state store, ${shown}, ${cause[0]} (${code ?? 'no answer'})`, cause[1])
  return away ? new NotNow(diagnostics) : new InputError(diagnostics)
}
