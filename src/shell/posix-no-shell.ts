import type { Failure } from '../core/failure.ts'
import { printable } from './posix-become.ts'

/** Exit code of shells for a program that is not there. */
const NOT_FOUND = 127

/** Why no interpreter was started, from how what was started in its place ended, and what that said. */
export function noShell(code: number | undefined, how: string, said: string): Failure {
  const answer = printable(said)
  const more = { phase: 'open', ...(answer !== '' && { evidence: { answer } }) } as const
  // sshd and PAM say so in place of starting anything.
  if (/password (has )?expired|required to change your password|password change required/i.test(said)) {
    const message = 'The password of the account has expired and must be changed.'
    return { code: 'PASSWORD_EXPIRED', message, ...more }
  }
  return { code: 'SHELL_UNUSABLE', message: wordsFor(code, how, said), ...more }
}

function wordsFor(code: number | undefined, how: string, said: string): string {
  if (/currently not available|nologin/i.test(said)) {
    return 'The account may log in to the device, but has no shell there (nologin).'
  }
  if (code === NOT_FOUND || /restricted/i.test(said)) {
    return 'The login shell of the device found no "sh": it is restricted, or its PATH has none.'
  }
  return `The device ran something else in place of "sh", which ended ${how}: a forced command, or a login shell that is none.`
}
