import type { Failure } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { exhausted, wantHere } from '../../files/want-here.ts'
import { headOf } from '../../shell/tool-answer.ts'
import { isNewPassword, isOneTimeCode } from './prompts.ts'

/** Everything that is known when a connection attempt ends badly. */
export interface Trouble {
  readonly target: Target
  readonly phase: 'resolve' | 'connect' | 'identify' | 'authenticate' | 'open'
  readonly cancelled?: boolean
  /** A verdict that was reached by ourselves and needs no interpretation, such as that of the host key. */
  readonly verdict?: Failure | undefined
  /** The deadline of the phase passed. */
  readonly expired?: boolean
  readonly error?: SshError | undefined
  /** What came before the device's banner. */
  readonly heard?: string
  /** Its banner was seen. */
  readonly identified?: boolean
  readonly tried?: readonly string[]
  readonly accepts?: readonly string[]
  /** What it asked that nobody had an answer for. */
  readonly unanswered?: string | undefined
  /** Its password has to be changed before anything else. */
  readonly expiredPassword?: boolean
  /** What it told the user who logs in (RFC 4252, 5.4), its last word. */
  readonly toldUser?: string
  /** It ended the connection itself, in order: no line that broke does so. */
  readonly hungUp?: boolean
  /** What it took and was not content with. */
  readonly accepted?: readonly string[]
}

/** What ssh2 and sockets throw about. */
export type SshError = Error & { readonly level?: string | undefined; readonly code?: string | number | undefined }

/** What failed on this side, in our own code or in a library, and could not be taken back. */
export class OwnFault extends Error {
  constructor(cause: unknown) {
    super(reason(cause instanceof Error ? cause : new Error(String(cause))), { cause })
  }
}

/** What ssh2 says of a device or a line is a plain error, or has a level; anything else that is thrown is a fault in here. */
function isOwnFault(error: SshError | undefined): boolean {
  if (!error || error.level !== undefined || error instanceof AggregateError) return false
  return error instanceof OwnFault || error.name !== 'Error' || /^ERR_/.test(String(error.code))
}

/** `address:port` of a target. */
export function endpoint(target: Pick<Target, 'address' | 'port'>): string {
  return target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`
}

/** Said by OpenSSH in clear text in place of a banner when it is full (MaxStartups, PerSourcePenalties). */
const FULL = /^(Exceeded MaxStartups|Not allowed at this time)/

/** The device hung up before it said who it is: it is busy, and worth another try. */
export function isBusy(trouble: Trouble): boolean {
  if (trouble.cancelled || trouble.verdict || trouble.expired || trouble.identified) return false
  if (isOwnFault(trouble.error)) return false
  if (trouble.phase !== 'identify') return false
  return (trouble.heard ?? '') === '' || FULL.test(trouble.heard ?? '')
}

/**
 * The one place where the end of an attempt becomes a failure. What we did ourselves comes first, then what we know
 * for certain, then what the library and the system say.
 */
export function sshFailure(trouble: Trouble): Failure {
  const { target, phase, error } = trouble
  const where = `"${endpoint(target)}"`
  if (trouble.cancelled) return { code: 'RUN_CANCELLED', phase, message: 'The run was stopped.' }
  if (trouble.verdict) return trouble.verdict
  if (trouble.expired) return expiry(trouble, where)
  const want = phase === 'resolve' || phase === 'connect' ? wantHere(error) : undefined
  if (want !== undefined) return exhausted(phase, { where, want })
  if (phase === 'resolve') {
    return { code: 'RESOLVE_FAILED', phase, message: `"${target.address}" does not resolve: ${reason(error)}.` }
  }
  if (phase === 'connect') return connectFailure(error, where)
  if (isOwnFault(error)) return ownFault(trouble, where)
  if (isBusy(trouble)) {
    const message = `${where} hung up before it said who it is.`
    return { code: 'CONNECT_RESET', phase: 'connect', message, ...heardEvidence(trouble) }
  }
  if (phase === 'identify') return identifyFailure(trouble, where)
  if (phase === 'authenticate') return authenticateFailure(trouble, where)
  return lost(trouble, where)
}

function ownFault({ phase, error }: Trouble, where: string): Failure {
  const want = wantHere(error?.cause ?? error)
  if (want !== undefined) return exhausted(phase, { where, want })
  const message = `The SSH code of this machine failed while it talked to ${where}: ${reason(error)}. Nothing is known of the device.`
  return { code: 'SSH_CLIENT_FAULT', phase, message, evidence: { node: process.version } }
}

function expiry({ target, phase, heard, tried }: Trouble, where: string): Failure {
  const seconds = target.deadlines[phase] / 1000
  switch (phase) {
    case 'resolve':
      return { code: 'RESOLVE_FAILED', phase, message: `"${target.address}" did not resolve within ${seconds} s.` }
    case 'connect':
      return { code: 'CONNECT_TIMEOUT', phase, message: `${where} did not answer within ${seconds} s.` }
    case 'identify': {
      const message = `${where} did not finish the key exchange within ${seconds} s.`
      return { code: 'IDENTIFY_TIMEOUT', phase, message, ...heardEvidence({ heard }) }
    }
    case 'authenticate': {
      const message = `${where} did not answer the login of "${target.user}" within ${seconds} s.`
      return { code: 'AUTHENTICATE_TIMEOUT', phase, message, evidence: { tried: (tried ?? []).join(', ') } }
    }
    case 'open':
      return { code: 'OPEN_TIMEOUT', phase, message: `${where} did not start a program within ${seconds} s.` }
  }
}

const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EACCES'])
const RESET = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])

function connectFailure(error: SshError | undefined, where: string): Failure {
  const all: readonly (SshError | undefined)[] = error instanceof AggregateError ? error.errors : [error]
  // Of several addresses, one that answered says more than one that there is no way to.
  const first = all.find((one) => one?.code !== undefined && !UNREACHABLE.has(String(one.code))) ?? all[0]
  const code = String(first?.code ?? '')
  const said = all.length > 1 ? reason(error) : code || (first?.message ?? '')
  const common = { phase: 'connect', evidence: { error: said } } as const
  if (code === 'ECONNREFUSED')
    return { ...common, code: 'CONNECT_REFUSED', message: `${where} refused the connection.` }
  if (code === 'ETIMEDOUT') return { ...common, code: 'CONNECT_TIMEOUT', message: `${where} did not answer.` }
  if (RESET.has(code)) return { ...common, code: 'CONNECT_RESET', message: `${where} reset the connection.` }
  if (UNREACHABLE.has(code)) {
    return { ...common, code: 'CONNECT_UNREACHABLE', message: `There is no way to ${where}: ${code}.` }
  }
  return {
    ...common,
    code: 'CONNECT_UNREACHABLE',
    message: `No connection to ${where} could be made: ${reason(first)}.`,
  }
}

function identifyFailure(trouble: Trouble, where: string): Failure {
  const { error } = trouble
  const phase = 'identify'
  const said = error?.message ?? ''
  if (/no matching/i.test(said)) {
    const what = said.replace(/^.*no matching /i, '')
    const message = `${where} and this program have no ${what} in common.`
    return { code: 'IDENTIFY_ALGORITHM_NONE', phase, message }
  }
  if (!trouble.identified) {
    const message = `What answers at ${where} is not an SSH server.`
    return { code: 'IDENTIFY_PROTOCOL_INVALID', phase, message, ...heardEvidence(trouble) }
  }
  if (error && (error.level === 'handshake' || error.level === 'protocol' || error.level === undefined)) {
    const message = `${where} broke the SSH protocol: ${reason(error)}.`
    return { code: 'IDENTIFY_PROTOCOL_INVALID', phase, message }
  }
  return lost(trouble, where)
}

function authenticateFailure(trouble: Trouble, where: string): Failure {
  const { target, error } = trouble
  const refused = error?.level === 'client-authentication' || /authentication failures/i.test(error?.message ?? '')
  if (!refused) return error === undefined && trouble.hungUp ? closed(trouble, where) : lost(trouble, where)
  const tried = (trouble.tried ?? []).join(', ')
  const accepts = (trouble.accepts ?? []).join(', ')
  const asked = trouble.unanswered
  if (trouble.expiredPassword || (asked !== undefined && isNewPassword(asked))) {
    const message = `The password of "${target.user}" on ${where} has expired and must be changed.`
    return { code: 'PASSWORD_EXPIRED', phase: 'authenticate', message }
  }
  if (asked !== undefined) return unanswered(asked, where)
  const attempts = tried === '' ? 'nothing that it accepts could be offered' : `tried: ${tried}`
  const message = `${where} refused the login of "${target.user}"; ${moreWanted(trouble) ?? attempts}.`
  const evidence = { user: target.user, tried, accepts }
  return { code: 'AUTHENTICATE_REFUSED', phase: 'authenticate', message, evidence }
}

/** What a refusal says of several ways to log in: it wants another one besides, or takes no more tries. */
function moreWanted({ accepted = [], accepts = [], tried = [], error }: Trouble): string | undefined {
  if (/too many authentication failures/i.test(error?.message ?? '')) {
    return `it takes no more tries than ${tried.length}: ${tried.join(', ')}`
  }
  return accepted.length > 0 ? `it took ${accepted.join(', ')}, and wants besides: ${accepts.join(' or ')}` : undefined
}

/** Where PAM lets an account in no longer or not yet, OpenSSH says why as a banner, if at all, and hangs up. */
function closed({ target, toldUser = '', tried }: Trouble, where: string): Failure {
  const said = oneLine(toldUser)
  const words = said === '' ? '' : `; its last word: "${said}"`
  const message = `${where} hung up while "${target.user}" was logging in${words}.`
  return { code: 'AUTHENTICATE_CLOSED', phase: 'authenticate', message, evidence: { tried: (tried ?? []).join(', ') } }
}

function unanswered(asked: string, where: string): Failure {
  const what = isOneTimeCode(asked)
    ? 'asks for a one-time code, which only a person has'
    : 'asks what has no answer here'
  const message = `${where} ${what}: "${oneLine(asked)}".`
  return {
    code: 'AUTHENTICATE_PROMPT_UNANSWERED',
    phase: 'authenticate',
    message,
    evidence: { prompt: oneLine(asked) },
  }
}

function lost(trouble: Trouble, where: string): Failure {
  const { phase, error } = trouble
  const message = `The connection to ${where} broke${error ? `: ${reason(error)}` : ''}.`
  return { code: 'SESSION_LOST', phase, message }
}

function heardEvidence({ heard }: { readonly heard?: string | undefined }): Pick<Failure, 'evidence'> {
  const text = oneLine(heard ?? '')
  return text === '' ? {} : { evidence: { answer: text } }
}

/** What went wrong in the words of the library or the system, on one line without a full stop. */
export function reason(error: SshError | undefined): string {
  if (!error) return 'it was closed'
  return oneLine(error.message || String(error.code ?? error.name)).replace(/\.$/, '')
}

function oneLine(text: string): string {
  return headOf(text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim(), 200)
}
