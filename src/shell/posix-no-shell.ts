import type { Failure } from '../core/failure.ts'
import { printable } from './tool-answer.ts'

/** Exit code of shells for a program that is not there. */
const NOT_FOUND = 127

/** Why no interpreter was started, from how what was started in its place ended, and what that said. */
export function noShell(code: number | undefined, how: string, said: string): Failure {
  return closedAccount(said) ?? { code: 'SHELL_UNUSABLE', message: wordsFor(code, how, said), ...moreOf(said) }
}

/** Where ssh, sshd or PAM says that nothing is started, or not for the account as it is; undefined where it says no such thing. */
export function closedAccount(said: string): Failure | undefined {
  // sshd and PAM say so in place of starting anything.
  if (/password (has )?expired|required to change your password|password change required/i.test(said)) {
    const message = 'The password of the account has expired and must be changed.'
    return { code: 'PASSWORD_EXPIRED', message, ...moreOf(said) }
  }
  const refused = NO_SESSION.exec(said)?.[1]
  if (refused !== undefined) {
    return { code: 'OPEN_REFUSED', message: `The device did not start a program: ${refused}.`, ...moreOf(said) }
  }
  if (!NO_LOGIN.test(said)) return undefined
  const message = 'The account may log in to the device, but has no shell there (nologin).'
  return { code: 'SHELL_UNUSABLE', message, ...moreOf(said) }
}

/** The ssh of this machine, of a device that lets nobody have another session on a connection (MaxSessions). */
const NO_SESSION = /^mux_client_request_session: session request failed: ([^\r\n]+)/m

const NO_LOGIN = /currently not available|nologin/i

function moreOf(said: string): Pick<Failure, 'phase' | 'evidence'> {
  const answer = printable(said)
  return { phase: 'open', ...(answer !== '' && { evidence: { answer } }) }
}

function wordsFor(code: number | undefined, how: string, said: string): string {
  if (code === NOT_FOUND || /restricted/i.test(said)) {
    return 'The login shell of the device found no "sh": it is restricted, or its PATH has none.'
  }
  return `The device ran something else in place of "sh", which ended ${how}: a forced command, or a login shell that is none.`
}
