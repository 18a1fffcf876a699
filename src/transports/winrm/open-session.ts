import type { Duplex } from 'node:stream'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { Target, WinRmTarget } from '../../core/transport.ts'
import { pause } from '../pause.ts'
import type { HandshakeGate } from '../ssh/handshake-gate.ts'
import { HttpConnection } from './http-connection.ts'
import { login } from './login.ts'
import { WinRmSession } from './session.ts'
import { openTls } from './tls-socket.ts'
import { endpoint } from './winrm-failure.ts'

export type WinRmDevice = Target & { readonly winrm: WinRmTarget }

/** What is needed to reach a device, again and again if need be. */
export interface SessionDependencies {
  readonly target: WinRmDevice
  /** A stream to the device's port, within a number of milliseconds. */
  readonly reach: (timeoutMs: number) => Promise<Result<Duplex>>
  readonly gate: HandshakeGate
}

/** Attempts after the first one when a device hangs up before the login is done, and the pause before, in milliseconds. */
const RETRY_PAUSES_MS = [300, 600]

/** How a session is logged in on, once there is a socket. */
export type LogIn = typeof login

/** A new socket, logged in on. What hangs up on the way is tried again; what is refused is not, or accounts get locked. */
export async function openSession(
  dependencies: SessionDependencies,
  signal: AbortSignal,
  logIn: LogIn = login,
): Promise<Result<WinRmSession>> {
  for (let attempt = 0; ; attempt += 1) {
    const end = await attemptSession(dependencies, signal, logIn)
    const pauseMs = RETRY_PAUSES_MS[attempt]
    if (end.ok || signal.aborted || pauseMs === undefined || !hungUp(end.failure)) return end
    await pause(pauseMs * (0.5 + Math.random()), signal)
  }
}

function hungUp({ code }: Failure): boolean {
  return code === 'CONNECT_RESET' || code === 'SESSION_LOST'
}

async function attemptSession(
  dependencies: SessionDependencies,
  signal: AbortSignal,
  logIn: LogIn,
): Promise<Result<WinRmSession>> {
  const { target } = dependencies
  const admitted = await dependencies.gate.enter(signal)
  if (!admitted) return fail({ code: 'RUN_CANCELLED', phase: 'connect', message: 'The run was stopped.' })
  try {
    const reached = await unlessAborted(dependencies.reach(target.deadlines.connect), signal)
    if (!reached.ok) return reached
    admitted.extend()
    const secured = await secure(reached.value, target, signal)
    if (!secured.ok) return secured
    const session = new WinRmSession(new HttpConnection(secured.value.socket), endpoint(target))
    const end = await logIn(session, { target, certificate: secured.value.certificate, signal })
    if (!end.ok) {
      session.destroy()
      return end
    }
    session.loggedIn(end.value)
    return success(session)
  } finally {
    admitted.release()
  }
}

/** A stream that comes when nobody waits for it any more is closed. */
function unlessAborted(reaching: Promise<Result<Duplex>>, signal: AbortSignal): Promise<Result<Duplex>> {
  return new Promise((resolve) => {
    const cancel = (): void => {
      resolve(fail({ code: 'RUN_CANCELLED', phase: 'connect', message: 'The run was stopped.' }))
      void reaching.then((late) => late.ok && late.value.destroy())
    }
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
    void reaching.then((reached) => {
      signal.removeEventListener('abort', cancel)
      resolve(reached)
    })
  })
}

async function secure(
  stream: Duplex,
  target: WinRmDevice,
  signal: AbortSignal,
): Promise<Result<{ readonly socket: Duplex; readonly certificate?: Buffer }>> {
  if (target.winrm.https) return openTls(stream, target, signal)
  if (target.winrm.auth === 'ntlm') return success({ socket: stream })
  stream.destroy()
  const message = `A login by ${target.winrm.auth} is made over HTTPS only; nothing was sent to "${endpoint(target)}".`
  return fail({ code: 'PLAINTEXT_REFUSED', phase: 'connect', message })
}
