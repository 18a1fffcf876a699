import { type Failure, fail, type Phase, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { deadline } from '../../load/deadline.ts'
import { opensshFailure, runCancelled } from './openssh-failure.ts'
import type { SshClient } from './ssh-client.ts'

type LoginPhase = Extract<Phase, 'resolve' | 'connect' | 'identify' | 'authenticate'>

/** What the client says on its way (`ssh -v`), and the phase that begins with it. */
const MILESTONES: readonly (readonly [RegExp, LoginPhase])[] = [
  [/^debug1: Connecting to /, 'connect'],
  [/^debug1: (Connection established|Executing proxy command)/, 'identify'],
  [
    /^debug1: (SSH2_MSG_NEWKEYS received|SSH2_MSG_SERVICE_ACCEPT received|Authentications that can continue)/,
    'authenticate',
  ],
]

/** Put out by the client when it is logged in, as its LocalCommand. */
export const READY = 'till-logged-in'

/** More than this of what the client says is not kept. */
const KEPT_CHARACTERS = 64 * 1024

/** Follows a client until it is logged in, each phase within its deadline from when it begins. */
export function followLogin(client: SshClient, target: Target, signal: AbortSignal): Promise<Result<void>> {
  return new Promise((resolve) => {
    let phase: LoginPhase = 'resolve'
    let said = ''
    let line = ''
    let over = false
    let callOff = (): void => undefined
    const finish = (result: Result<void>): void => {
      if (over) return
      over = true
      callOff()
      signal.removeEventListener('abort', cancel)
      if (!result.ok) client.kill()
      resolve(result)
    }
    const failed = (failure: Failure): void => finish(fail(failure))
    const arm = (): void => {
      callOff()
      callOff = deadline(target.deadlines[phase], () => failed(opensshFailure({ target, phase, said, expired: true })))
    }
    const cancel = (): void => failed(runCancelled(phase))
    signal.addEventListener('abort', cancel, { once: true })
    client.stdout.on('data', (chunk: Buffer) => {
      line += chunk.toString('latin1')
      if (line.includes(READY)) finish(success(undefined))
    })
    client.stderr.on('data', (chunk: Buffer) => {
      if (over) return
      said = (said + chunk.toString('utf8')).slice(-KEPT_CHARACTERS)
      const reached = phaseOf(said)
      if (reached === phase) return
      phase = reached
      arm()
    })
    void client.ended.then((code) => failed(opensshFailure({ target, phase, said, code, error: client.notStarted() })))
    arm()
    if (signal.aborted) cancel()
  })
}

function phaseOf(said: string): LoginPhase {
  let phase: LoginPhase = 'resolve'
  for (const text of said.split('\n')) {
    for (const [pattern, reached] of MILESTONES) if (pattern.test(text)) phase = reached
  }
  return phase
}
