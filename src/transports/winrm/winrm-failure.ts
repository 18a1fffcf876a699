import type { ErrorCode } from '../../core/error-catalog.ts'
import type { Failure, Phase } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { type FaultKind, kindOf, type WsmanFault } from './fault.ts'
import type { NoReply } from './http-connection.ts'

/** Where in a device's run something went wrong, and whether the program may have run all the same. */
export interface Moment {
  readonly target: Pick<Target, 'address' | 'port' | 'user' | 'winrm' | 'deadlines'>
  readonly phase: Phase
  /** The command was sent, and nothing says that it was not started. */
  readonly mayHaveRun?: boolean
}

/** `address:port` of a target. */
export function endpoint({ address, port }: Pick<Target, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const FAULTS: Readonly<
  Record<FaultKind, { readonly code: ErrorCode; readonly retryable: boolean; readonly says: string }>
> = {
  'timed-out': { code: 'OPEN_TIMEOUT', retryable: true, says: 'did not finish in time' },
  gone: { code: 'SHELL_GONE', retryable: true, says: 'no longer has the shell' },
  aborted: { code: 'SHELL_GONE', retryable: true, says: 'aborted the request' },
  exists: { code: 'WINRM_FAULT', retryable: false, says: 'has a shell or command of this id already' },
  shells: { code: 'QUOTA_SHELLS_EXCEEDED', retryable: true, says: 'allows this account no further shell' },
  operations: { code: 'QUOTA_OPERATIONS_EXCEEDED', retryable: true, says: 'allows this account no further operation' },
  users: { code: 'QUOTA_USERS_EXCEEDED', retryable: true, says: 'allows no further user' },
  load: { code: 'QUOTA_LOAD_EXCEEDED', retryable: true, says: 'takes no more requests' },
  busy: { code: 'INPUT_REFUSED', retryable: true, says: 'is busy' },
  denied: { code: 'ACCESS_DENIED', retryable: false, says: 'lets this account do no work' },
  missing: { code: 'OPEN_REFUSED', retryable: false, says: 'found no program of this name' },
  size: { code: 'ENVELOPE_TOO_LARGE', retryable: false, says: 'takes no message of this size' },
  other: { code: 'WINRM_FAULT', retryable: false, says: 'refused' },
}

/** A fault of the device as the end of what was tried. */
export function faultFailure(moment: Moment, fault: WsmanFault): Failure {
  const { code, retryable, says } = FAULTS[kindOf(fault)]
  const number = fault.code === undefined ? fault.subcode : `${fault.code} (0x${fault.code.toString(16).toUpperCase()})`
  const message = `"${endpoint(moment.target)}" ${says}: fault ${number}${fault.text === '' ? '.' : `, "${fault.text}"`}`
  const evidence = {
    ...(fault.code !== undefined && { wsman_code: fault.code }),
    ...(fault.text !== '' && { answer: fault.text }),
  }
  return failure(moment, { code, message, retryable, evidence })
}

/** A status of HTTP that comes without a fault. */
export function statusFailure(moment: Moment, status: number, offered: readonly string[] = []): Failure {
  const where = `"${endpoint(moment.target)}"`
  const evidence = { http_status: status }
  const common = { evidence, retryable: false }
  switch (status) {
    case 401:
      return refusedLogin(moment, offered)
    case 400:
      if (moment.target.winrm?.https) return notWinRm(moment, status)
      return failure(moment, {
        ...common,
        code: 'SEAL_INVALID',
        message: `${where} could not read what it was sent (HTTP 400).`,
      })
    case 413:
      return failure(moment, {
        ...common,
        code: 'ENVELOPE_TOO_LARGE',
        message: `${where} takes no message of this size (HTTP 413).`,
      })
    case 500:
      return failure(moment, {
        ...common,
        code: 'PLAINTEXT_REFUSED',
        message: `${where} refused the message without a word (HTTP 500).`,
      })
    case 503: {
      const message = `The WinRM service of ${where} does not take requests (HTTP 503).`
      return failure(moment, { code: 'SERVICE_UNAVAILABLE', message, retryable: true, evidence })
    }
    default:
      return notWinRm(moment, status)
  }
}

/** What it means when something answers in another way than WinRM does. */
const STRANGE: ReadonlyMap<number, string> = new Map([
  [400, 'it could not read the request, which something in between may have changed'],
  [404, 'it has no /wsman: another web server has this port, or the listener of WinRM another URLPrefix'],
  [405, 'its /wsman takes no messages: another web server has this port'],
  [407, 'a proxy in between wants a login of its own'],
  [411, 'it was not told the length of the message: something in between changed the request'],
  [415, 'it takes no SOAP: something else than WinRM has this port'],
])

function notWinRm(moment: Moment, status: number): Failure {
  const why = STRANGE.get(status)
  const message = `What answers at "${endpoint(moment.target)}" is not WinRM: ${why === undefined ? '' : `${why} `}(HTTP ${status}).`
  const end = { code: 'IDENTIFY_PROTOCOL_INVALID', message, retryable: false } as const
  return failure(early(moment, 'identify'), { ...end, evidence: { http_status: status } })
}

function refusedLogin(moment: Moment, offered: readonly string[]): Failure {
  const { user, winrm } = moment.target
  const auth = winrm?.auth ?? 'ntlm'
  const message = `"${endpoint(moment.target)}" refused the login of "${user}" by ${auth} (HTTP 401).`
  const evidence = { http_status: 401, user, tried: auth, accepts: offered.join(', ') }
  const end = { code: 'AUTHENTICATE_REFUSED', message, retryable: false, evidence } as const
  return { ...failure(early(moment, 'authenticate'), end), hint: LOGIN_HINTS[auth] }
}

/** What belongs to an earlier phase is said to, unless a program may have run by then. */
function early(moment: Moment, phase: Phase): Moment {
  return moment.mayHaveRun ? moment : { ...moment, phase }
}

const LOGIN_HINTS = {
  ntlm: 'Windows does not say why: check the name (`.\\user` for an account of the machine, `DOMAIN\\user` for one of the domain), the password, that the account is not locked or disabled, and that NTLM is allowed. Behind a proxy that opens TLS, a strict channel binding refuses every login.',
  basic:
    'Check the name and the password; Basic knows accounts of the machine only, and must be allowed in WinRM/Config/Service/Auth.',
  certificate:
    'Check that the certificate is mapped to an account of the machine (`winrm enumerate winrm/config/service/certmapping`), and that its password has not changed since.',
  kerberos:
    'Get a ticket with `kinit`, name the device as the domain does (not by its address), and compare the clocks.',
} as const

/** A login that the device does not offer. */
export function schemeFailure(moment: Moment, offered: readonly string[]): Failure {
  const auth = moment.target.winrm?.auth ?? 'ntlm'
  const list = offered.length === 0 ? 'nothing' : offered.join(', ')
  const message = `"${endpoint(moment.target)}" does not offer a login by ${auth}; it offers ${list}.`
  const evidence = { http_status: 401, tried: auth, accepts: offered.join(', ') }
  return failure(
    { ...moment, phase: 'authenticate' },
    { code: 'AUTHENTICATE_SCHEME_NONE', message, retryable: false, evidence },
  )
}

const EXPIRED = {
  authenticate: { code: 'AUTHENTICATE_TIMEOUT', says: 'did not answer the login' },
  open: { code: 'OPEN_TIMEOUT', says: 'did not start a program' },
} as const

/** Nothing came back, or nothing that can be relied on. */
export function noReplyFailure(moment: Moment, { why, said }: NoReply): Failure {
  const where = `"${endpoint(moment.target)}"`
  if (why === 'cancelled') return failure(moment, { code: 'RUN_CANCELLED', message: 'The run was stopped.' })
  if (why === 'expired') {
    const seconds = moment.target.deadlines[moment.phase] / 1000
    const known = moment.phase === 'authenticate' || moment.phase === 'open' ? EXPIRED[moment.phase] : undefined
    if (known)
      return failure(moment, {
        code: known.code,
        message: `${where} ${known.says} within ${seconds} s.`,
        retryable: true,
      })
    return failure(moment, { code: 'SESSION_LOST', message: `${where} does not answer any more.`, retryable: true })
  }
  if (why === 'garbled' && !moment.mayHaveRun) {
    const message = `What answers at ${where} does not speak WinRM: ${said}.`
    return failure({ ...moment, phase: 'identify' }, { code: 'IDENTIFY_PROTOCOL_INVALID', message })
  }
  return failure(moment, {
    code: 'SESSION_LOST',
    message: `The connection to ${where} broke: ${said}.`,
    retryable: true,
  })
}

/** An answer that was not under the seal of the session. */
export function sealFailure(moment: Moment, said: string): Failure {
  const message = `An answer of "${endpoint(moment.target)}" was refused: ${said}.`
  return failure(moment, { code: 'SEAL_INVALID', message, retryable: false })
}

function failure(
  moment: Moment,
  end: {
    readonly code: ErrorCode
    readonly message: string
    readonly retryable?: boolean
    readonly evidence?: NonNullable<Failure['evidence']>
  },
): Failure {
  const evidence = {
    ...end.evidence,
    ...(end.retryable !== undefined && { retryable: end.retryable }),
    ...(moment.mayHaveRun && { command_may_have_run: true }),
  }
  const isEmpty = Object.keys(evidence).length === 0
  return { code: end.code, phase: moment.phase, message: end.message, ...(!isEmpty && { evidence }) }
}
