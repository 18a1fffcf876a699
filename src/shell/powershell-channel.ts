import { setTimeout as pause } from 'node:timers/promises'
import type { DeviceShell } from '../core/chain.ts'
import type { Failure } from '../core/failure.ts'
import type { Connection, PhaseDeadlines, PowerShellProgram } from '../core/transport.ts'
import { startPowerShell } from './encoded-command.ts'
import { powerShellBootstrap } from './powershell.ts'
import { PowerShellSession } from './powershell-session.ts'
import type { ScriptForm } from './script-form.ts'

export interface PowerShellOptions {
  readonly connection: Pick<Connection, 'exec' | 'startPowerShell'>
  readonly deadlines: Pick<PhaseDeadlines, 'open' | 'observe' | 'converge'>
  /** Bytes of each stream of an ask to keep unless it says otherwise; 1 MiB when not given. */
  readonly maxOutputBytes?: number
  /** How what is run travels: `packed` when not given. */
  readonly scripts?: ScriptForm
  /** The device's full name: by it others that work on this device are known; absent: nobody looks for them. */
  readonly lockName?: string
  /** Ends the session with RUN_CANCELLED. */
  readonly signal?: AbortSignal
}

/** A device's PowerShell, and what ends it. */
export interface PowerShell extends DeviceShell {
  /** Lets go of the interpreter; what is asked after it is rejected. Leaves the connection alone. */
  close(): void
}

const DEFAULT_OUTPUT_BYTES = 1024 * 1024

/**
 * One Windows PowerShell on a device, over whatever transport, started with the first exchange and kept. Rejects with
 * `SessionLost`: SHELL_UNUSABLE, OPEN_TIMEOUT (both in phase observe where the program was delivered and nothing says
 * that it did not run, since the first exchange travels with it), OBSERVE_TIMEOUT, OUTPUT_FLOODED, SESSION_GARBLED,
 * SESSION_LOST, RUN_CANCELLED, and what the connection fails with.
 */
export function openPowerShell(options: PowerShellOptions): PowerShell {
  const { connection, deadlines, signal, scripts: form = 'packed' } = options
  const bootstrap: PowerShellProgram['bootstrap'] = (scriptIn) => powerShellBootstrap(scriptIn, form)
  const session = new PowerShellSession({
    start: (script) => startPowerShell(connection, { bootstrap, script, form, repeatableInput: true }),
    answers: () => stillAnswers(connection),
    run: (command) =>
      void connection.exec(command).then(
        (ran) => ran.ok && ran.value.end(),
        () => undefined,
      ),
    inTurns: connection.startPowerShell !== undefined,
    form,
    openMs: deadlines.open,
    askMs: deadlines.observe,
    uploadMs: deadlines.converge,
    maxOutputBytes: options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES,
    lockName: options.lockName,
  })
  const end = (failure: Failure): void => {
    session.lose(failure)
    signal?.removeEventListener('abort', cancel)
  }
  const cancel = (): void => end(CANCELLED)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  return {
    kind: 'shell',
    dialect: 'powershell',
    ask: (request) => session.ask(request),
    chain: (links) => session.chain(links),
    leftovers: () => session.leftovers,
    breakChain: () => session.breakChain(),
    upload: (path, content, more) => session.upload(path, content, more),
    close: () => end(CLOSED),
  }
}

/** What a device may take to say that it is there. */
const ANSWER_MS = 25_000

async function stillAnswers(connection: PowerShellOptions['connection']): Promise<boolean> {
  const over = new AbortController()
  const late = pause(ANSWER_MS, undefined, { signal: over.signal, ref: false }).then(
    () => false,
    () => false,
  )
  const asked = connection.exec('exit').then(
    (ran) => {
      if (ran.ok) ran.value.destroy()
      return ran.ok
    },
    () => false,
  )
  const answers = await Promise.race([asked, late])
  over.abort()
  return answers
}

const CLOSED: Failure = { code: 'SESSION_LOST', phase: 'observe', message: 'The session was closed.' }
const CANCELLED: Failure = { code: 'RUN_CANCELLED', phase: 'observe', message: 'The run was stopped.' }
