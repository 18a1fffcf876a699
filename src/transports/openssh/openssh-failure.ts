import type { ErrorCode } from '../../core/error-catalog.ts'
import type { Failure, Phase } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { exhausted, wantHere, wantInWords } from '../../files/want-here.ts'
import { headOf } from '../../shell/tool-answer.ts'

/** What is known when a client ends before it is logged in. */
export interface OpensshTrouble {
  readonly target: Target
  readonly phase: Phase
  /** What it said, with the lines of `-v`. */
  readonly said: string
  readonly code?: number | undefined
  /** Why it could not be started. */
  readonly error?: Error | undefined
  /** The deadline of the phase passed. */
  readonly expired?: boolean
}

interface Saying {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly phase: Phase
  readonly words: string
}

function saying(pattern: RegExp, code: ErrorCode, phase: Phase, words: string): Saying {
  return { pattern, code, phase, words }
}

/** What OpenSSH says in the C locale, the more certain first. Its words are the only thing that tells its failures apart. */
const SAYINGS: readonly Saying[] = [
  saying(/Could not resolve hostname/, 'RESOLVE_FAILED', 'resolve', 'does not resolve'),
  saying(
    /Bad configuration option|terminating, \d+ bad configuration|Bad owner or permissions on|Can't open user config file|ControlPath too long|unix_listener/,
    'OPENSSH_UNUSABLE',
    'resolve',
    'could not be tried: ssh of this machine refuses its configuration',
  ),
  saying(/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'HOST_KEY_MISMATCH', 'identify', 'presents another host key'),
  saying(/No .* host key is known for/, 'HOST_KEY_UNKNOWN', 'identify', 'presents a host key that is not known'),
  saying(/REVOKED HOST KEY|is revoked/, 'HOST_KEY_MISMATCH', 'identify', 'presents a host key that is revoked'),
  saying(/Host key verification failed/, 'HOST_KEY_UNKNOWN', 'identify', 'could not prove who it is'),
  saying(
    /Unable to negotiate|no matching .* found/,
    'IDENTIFY_ALGORITHM_NONE',
    'identify',
    'has no algorithm in common',
  ),
  saying(
    /password (has )?expired|required to change your password/i,
    'PASSWORD_EXPIRED',
    'authenticate',
    'wants a new password',
  ),
  saying(
    /Permission denied|Too many authentication failures|No more authentication methods/,
    'AUTHENTICATE_REFUSED',
    'authenticate',
    'refused the login',
  ),
  saying(
    /Protocol mismatch|invalid format|Bad remote protocol version|Bad packet length|major versions differ|banner line contains invalid/,
    'IDENTIFY_PROTOCOL_INVALID',
    'identify',
    'does not speak SSH 2',
  ),
  // So quickly that the client takes it for the answer to its connecting.
  saying(/connect to .*: Connection reset/, 'CONNECT_RESET', 'connect', 'hung up before it said who it is'),
  saying(/Connection refused/, 'CONNECT_REFUSED', 'connect', 'refused the connection'),
  saying(/banner exchange: .*timed out/, 'IDENTIFY_TIMEOUT', 'identify', 'did not say who it is in time'),
  saying(/timed out/, 'CONNECT_TIMEOUT', 'connect', 'did not answer'),
  saying(/No route to host|Network is unreachable|Host is down/, 'CONNECT_UNREACHABLE', 'connect', 'cannot be reached'),
]

const EXPIRED: Readonly<Partial<Record<Phase, ErrorCode>>> = {
  resolve: 'RESOLVE_FAILED',
  connect: 'CONNECT_TIMEOUT',
  identify: 'IDENTIFY_TIMEOUT',
  authenticate: 'AUTHENTICATE_TIMEOUT',
}

/** Until then it is the client of this machine that speaks, and no device. */
const BEFORE_THE_DEVICE: ReadonlySet<Phase> = new Set(['resolve', 'connect'])

/** The one place where the words of ssh become a failure. */
export function opensshFailure(trouble: OpensshTrouble): Failure {
  const { target, phase, said, code, expired } = trouble
  const where = `"${nameOf(target)}"`
  if (expired) {
    const seconds = target.deadlines[phase] / 1000
    const message = `${where} did not get through the phase ${phase} within ${seconds} s.`
    return { code: EXPIRED[phase] ?? 'OPEN_TIMEOUT', phase, message, ...evidenceOf(said) }
  }
  const want = wantHere(trouble.error)
  if (want !== undefined) return exhausted(phase, { where, want })
  if (code === 127) return opensshMissing()
  const words = said
    .split('\n')
    .filter((line) => !/^debug\d:|^OpenSSH_/.test(line))
    .join('\n')
  const short = BEFORE_THE_DEVICE.has(phase) ? wantInWords(words) : undefined
  if (short !== undefined) return exhausted(phase, { where, want: short })
  const known = SAYINGS.find(({ pattern }) => pattern.test(words))
  if (known) return knownFailure(known, { target, where, said })
  if (phase === 'authenticate' && CLOSED.test(words)) return closed(words, where)
  const greeting = /banner line \d+: (?!Exceeded MaxStartups|Not allowed at this time)(.*)/.exec(said)?.[1]
  if (greeting !== undefined && !/Remote protocol version/.test(said)) {
    const message = `What answers at ${where} is not an SSH server.`
    return {
      code: 'IDENTIFY_PROTOCOL_INVALID',
      phase: 'identify',
      message,
      evidence: { answer: headOf(greeting, 200) },
    }
  }
  if (phase === 'identify' && !/Remote protocol version/.test(said)) {
    const message = `${where} hung up before it said who it is.`
    return { code: 'CONNECT_RESET', phase: 'connect', message, ...evidenceOf(said) }
  }
  const message = `ssh to ${where} ended with ${code ?? 'a signal'}.`
  return { code: 'SESSION_LOST', phase, message, ...evidenceOf(said) }
}

/** What the client says of a server that ends the connection in order; of one that broke it says another thing. */
const CLOSED = /^Connection closed by .* port \d+\s*$/m

/** Where PAM lets an account in no longer or not yet, OpenSSH says why in words for the user, if at all, and hangs up. */
function closed(words: string, where: string): Failure {
  const lines = words.slice(0, words.search(CLOSED)).trim().split('\n')
  const last = headOf((lines.at(-1) ?? '').replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim(), 200)
  const message = `${where} hung up in the middle of the login${last === '' ? '' : `; its last word: "${last}"`}.`
  return { code: 'AUTHENTICATE_CLOSED', phase: 'authenticate', message, ...evidenceOf(words) }
}

/** What a refusal says of several ways to log in: it wants another one besides, or takes no more tries. */
function moreWanted(said: string): string {
  if (/Too many authentication failures/.test(said))
    return '; it takes no more tries: offer fewer keys (IdentitiesOnly)'
  const taken = /^Authenticated using "([^"]+)" with partial success/m.exec(said)?.[1]
  const wanted = /Permission denied \(([^)]+)\)/.exec(said)?.[1]
  return taken && wanted ? `; it took ${taken}, and wants besides: ${wanted.replaceAll(',', ' or ')}` : ''
}

function knownFailure(
  { code, phase, words }: Saying,
  { target, where, said }: { readonly target: Target; readonly where: string; readonly said: string },
): Failure {
  // Of a device whose keys are recorded, one of another type is another one, too.
  const mismatch = code === 'HOST_KEY_UNKNOWN' && target.hostKeys.length > 0
  const shown = /^debug1: Server host key: (\S+ \S+)/m.exec(said)?.[1]
  const presented = phase === 'identify' && shown !== undefined ? `: ${shown}` : ''
  const more = code === 'AUTHENTICATE_REFUSED' ? moreWanted(said) : ''
  const message = `${where} ${words}${presented}${more}.`
  return { code: mismatch ? 'HOST_KEY_MISMATCH' : code, phase, message, ...evidenceOf(said) }
}

export function opensshMissing(): Failure {
  const message = 'The program "ssh" is not on this machine; `type: openssh` needs it.'
  return { code: 'OPENSSH_UNUSABLE', phase: 'resolve', message }
}

export function runCancelled(phase: Phase): Failure {
  return { code: 'RUN_CANCELLED', phase, message: 'The run was stopped.' }
}

/** `address`, and the port where it is not that of ssh_config. */
export function nameOf({ address, port }: Target): string {
  return port === 22 ? address : `${address}:${port}`
}

/** The words of ssh without those of `-v`; what it cannot be blamed on is found there. */
function evidenceOf(said: string): Pick<Failure, 'evidence'> {
  const lines = said
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^debug\d:|^OpenSSH_|^@|^Warning: Perm/.test(line))
  const text = lines
    .slice(-4)
    .join('; ')
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
  return text === '' ? {} : { evidence: { ssh: headOf(text, 300) } }
}
