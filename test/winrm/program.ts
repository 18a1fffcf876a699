import { setMaxListeners } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessEnd, ProcessStream } from '../../src/core/channel.ts'
import type { Failure, Result } from '../../src/core/failure.ts'
import type { Connection, PowerShellProgram, Target } from '../../src/core/transport.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import type { Pace } from '../../src/transports/winrm/pace.ts'
import { winrmTransport } from '../../src/transports/winrm/winrm-transport.ts'

/** As real, but with waits that a test can wait for. */
export const FAST: Partial<Pace> = {
  operationTimeoutS: 1,
  answerGraceMs: 1_000,
  repeatPausesMs: [0, 10, 10],
  quotaPausesMs: [10, 10, 10, 10],
  busyPausesMs: [10, 10, 10],
  cleanUpMs: 3_000,
}

export const never = new AbortController().signal
setMaxListeners(0, never)

export function newTransport(pace: Partial<Pace> = FAST, handshakes = 16): ReturnType<typeof winrmTransport> {
  const gate = createHandshakeGate(handshakes)
  return winrmTransport({ gate, wayTo: sshTransport(gate).wayTo, pace })
}

/** Programs that the peer runs with `--exec sh`: their bootstrap finds the script as PowerShell would. */
export function shProgram(script: string, more: Partial<PowerShellProgram> = {}): PowerShellProgram {
  const unpack = '| base64 -d | gunzip'
  return {
    bootstrap: (scriptIn) =>
      scriptIn === 'environment'
        ? `#!sh\neval "$(printf %s "$TILL_1$TILL_2$TILL_3" ${unpack})"`
        : `#!sh\nread -r packed; eval "$(printf %s "$packed" ${unpack})"`,
    script,
    ...more,
  }
}

export function value<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.failure.code}: ${result.failure.message}`)
}

export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('It went well.')
  return result.failure
}

export interface Collected extends ProcessEnd {
  readonly stdout: string
  readonly stderr: string
}

/** Everything that a program says until it ends. */
export function collect(stream: ProcessStream): Promise<Collected> {
  const stdout: Uint8Array[] = []
  const stderr: Uint8Array[] = []
  stream.onStdout((chunk) => stdout.push(chunk))
  stream.onStderr((chunk) => stderr.push(chunk))
  return new Promise((resolve) => {
    stream.onExit((end) =>
      resolve({ ...end, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}

/** A program that leaves a trace each time it is run, reads a line and answers it. */
export class Traced {
  readonly #folder = mkdtempSync(join(tmpdir(), 'till-winrm-run-'))
  readonly #file = join(this.#folder, 'trace')

  get program(): PowerShellProgram {
    return shProgram(`echo ran >> '${this.#file}'; read -r n line; echo "heard $line"; exit 7`, {
      repeatableInput: true,
    })
  }

  /** How often it was run. */
  get times(): number {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').length - 1 : 0
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What came of a whole conversation: the code of its failure, or `done`. */
export interface Conversation {
  readonly end: string
  readonly phase: string
  readonly mayHaveRun: boolean
  readonly times: number
  readonly failure?: Failure
}

/** Connects, runs a traced program with a line of input, and leaves; never throws. */
export async function converse(transport: ReturnType<typeof winrmTransport>, target: Target): Promise<Conversation> {
  const traced = new Traced()
  try {
    const connected = await transport.connect(target, never)
    if (!connected.ok) return judged(connected.failure, traced)
    const failure = await runTraced(connected.value, traced)
    await connected.value.close()
    await transport.drained()
    return judged(failure, traced)
  } finally {
    traced.remove()
  }
}

async function runTraced(connection: Connection, traced: Traced): Promise<Failure | undefined> {
  const started = await connection.startPowerShell?.(traced.program)
  if (!started?.ok) return started?.failure
  started.value.write('1 hello\n')
  const end = await collect(started.value)
  if (end.code === 7 && end.stdout === 'heard hello\n') return undefined
  return end.failure ?? { code: 'SESSION_GARBLED', phase: 'observe', message: JSON.stringify(end) }
}

function judged(failure: Failure | undefined, { times }: Traced): Conversation {
  if (!failure) return { end: 'done', phase: '', mayHaveRun: true, times }
  const mayHaveRun = failure.evidence?.['command_may_have_run'] === true
  return { end: failure.code, phase: failure.phase, mayHaveRun, times, failure }
}
