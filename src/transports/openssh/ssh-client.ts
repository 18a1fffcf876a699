import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { $, type ProcessPromise } from 'zx'
import { startProgram } from '../../files/start-program.ts'
import { afterEnd } from '../../load/after-end.ts'

/** What the client may know of its surroundings: what ssh, its agents and Kerberos go by. The rest may hold secrets. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|TZ|TMPDIR|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|SSH_SK_PROVIDER|KRB5.*|DISPLAY)$/

/** After a program ended, how long its streams may stay open: something it started may hold them for good. */
const LINGER_MS = 250

/** A client of the system that runs. */
export interface SshClient {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, unless a signal ended it. */
  readonly ended: Promise<number | undefined>
  /** Why it could not be started, once it has ended without. */
  readonly notStarted: () => Error | undefined
  /** Ends it, and what it started. */
  kill(): void
}

/** Starts `ssh` with these arguments; 127 is the exit code where there is none. */
export function startSsh(args: readonly string[]): SshClient {
  return clientOf(shell()`exec ssh ${args}`)
}

/**
 * As `startSsh`, for a connection that others share: it ends when its stdin does, so also when this process is killed, and
 * its folder goes with it.
 */
export function startMaster(args: readonly string[], folder: string): SshClient {
  return clientOf(
    shell()`exec 3<&0 </dev/null
ssh ${args} 3<&- & ssh=$!
{ cat <&3; kill $ssh; } >/dev/null 2>&1 & watch=$!
exec 3<&-
wait $ssh; code=$?
kill $watch 2>/dev/null
rm -rf ${folder}
exit $code`,
  )
}

function shell(): typeof $ {
  const known = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name))
  // A bash that is the first one and reads a socket takes itself for a child of rshd, and runs ~/.bashrc; SHLVL tells it that it is not.
  const env = { ...Object.fromEntries(known), LC_ALL: 'C', SHLVL: '1' }
  // What it says is handed on, not gathered: `store` takes it and drops it.
  const store = { stdout: new Dropped(), stderr: new Dropped(), stdall: new Dropped() }
  const spawn = startProgram as typeof $.spawn
  return $({ env, store, spawn, stdio: 'pipe', quiet: true, nothrow: true, detached: true, prefix: '' }) as typeof $
}

class Dropped extends Array<string | Buffer> {
  override push(): number {
    return 0
  }
}

function clientOf(running: ProcessPromise): SshClient {
  const { stdin, stdout, stderr } = running
  const child = running.child as ChildProcess
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined)
  let failure: Error | undefined
  const ended = new Promise<number | undefined>((resolve) => {
    child.once('error', (error) => {
      failure = error
      resolve(127)
    })
    afterEnd(child, LINGER_MS, (code) => resolve(code ?? undefined))
  })
  return { stdin, stdout, stderr, ended, notStarted: () => failure, kill: () => endGroup(child) }
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}
