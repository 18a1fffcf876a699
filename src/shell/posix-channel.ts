import { randomBytes } from 'node:crypto'
import type { DeviceShell } from '../core/chain.ts'
import type { ProcessStream, ShellAnswer, ShellRequest } from '../core/channel.ts'
import { type Failure, type Result, SessionLost } from '../core/failure.ts'
import type { PhaseDeadlines } from '../core/transport.ts'
import { type Become, type StartProcess, startAs } from './posix-become.ts'
import { END_TREE } from './posix-end-tree.ts'
import { PosixSession } from './posix-session.ts'
import { uploadFile } from './posix-upload.ts'

export interface PosixShellOptions {
  /** Starts a program on the device by a command line for its login shell. */
  readonly start: StartProcess
  readonly become?: Become | undefined
  readonly deadlines: Pick<PhaseDeadlines, 'open' | 'observe' | 'converge'>
  /** Bytes of each stream of an ask to keep unless it says otherwise; 1 MiB when not given. */
  readonly maxOutputBytes?: number
  /** By which others that work on this device are known; absent: nobody looks for them. */
  readonly lockName?: string
  /** Ends the session with RUN_CANCELLED. */
  readonly signal?: AbortSignal
}

/** A device's POSIX shell, and what ends it. */
export interface PosixShell extends DeviceShell {
  /** Lets go of the interpreter; what is asked after it is rejected. Leaves the connection alone. */
  close(): void
}

const DEFAULT_OUTPUT_BYTES = 1024 * 1024

/** How long the program that ends a hanging ask may take. */
const END_TREE_MS = 5_000

/**
 * One `sh` on a device, started at the first question and kept. Works for dash, busybox ash, bash and ksh, whatever
 * the login shell is. Rejects with `SessionLost`: SHELL_UNUSABLE, OPEN_TIMEOUT, BECOME_REFUSED (phase open),
 * OBSERVE_TIMEOUT, OUTPUT_FLOODED, SESSION_GARBLED, SESSION_LOST, RUN_CANCELLED, and what `start` fails with.
 */
export function openPosixShell(options: PosixShellOptions): PosixShell {
  const { start, become, deadlines, signal } = options
  const maxOutputBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  const common = {
    start: (token: string, input: string): Promise<Result<ProcessStream>> => startAs(start, { become, token, input }),
    openMs: deadlines.open,
    elevatedBy: become?.method,
    maxOutputBytes,
  }
  const helpers = new Set<PosixSession>()
  const beside = async (script: string, pids: Readonly<Record<string, number>>): Promise<void> => {
    const helper = new PosixSession({ ...common, askMs: END_TREE_MS })
    helpers.add(helper)
    // Whether it worked shows in the answers of the session that it is about.
    await helper.ask({ script, values: pids }).catch(() => undefined)
    helper.lose(CLOSED)
    helpers.delete(helper)
  }
  const endTree = (pids: { readonly root: number; readonly interpreter: number }): Promise<void> =>
    beside(END_TREE, pids)
  const session = new PosixSession({ ...common, askMs: deadlines.observe, lockName: options.lockName, endTree })
  const uploads = new Set<AbortController>()
  let ended: Failure | undefined
  const end = (failure: Failure): void => {
    ended ??= failure
    for (const upload of uploads) upload.abort(new SessionLost(failure))
    session.lose(failure)
    for (const helper of helpers) helper.lose(failure)
    signal?.removeEventListener('abort', cancel)
  }
  const cancel = (): void => end(CANCELLED)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  return {
    kind: 'shell',
    dialect: 'posix',
    ask: (request: ShellRequest): Promise<ShellAnswer> => session.ask(request),
    chain: (links) => session.chain(links),
    leftovers: () => session.leftovers,
    breakChain: () => {
      const { interpreter } = session
      if (interpreter !== undefined) void beside('kill -USR1 "$interpreter"', { interpreter })
    },
    async upload(path, content, more) {
      if (ended) throw new SessionLost(ended)
      const closing = new AbortController()
      uploads.add(closing)
      try {
        return await uploadFile(path, content, {
          start: (script) => startAs(start, { become, token: randomBytes(16).toString('hex'), script }),
          timeoutMs: more?.timeoutMs ?? deadlines.converge,
          waitedMs: more?.waitedMs,
          signal: closing.signal,
          from: more?.from,
        })
      } finally {
        uploads.delete(closing)
      }
    },
    close: () => end(CLOSED),
  }
}

const CLOSED: Failure = { code: 'SESSION_LOST', phase: 'observe', message: 'The session was closed.' }
const CANCELLED: Failure = { code: 'RUN_CANCELLED', phase: 'observe', message: 'The run was stopped.' }
