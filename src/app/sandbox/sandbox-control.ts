import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError, inputError } from '../../core/diagnostic.ts'
import { makePrivateFolder } from '../../files/private.ts'
import { didYouMean } from '../../lang/suggest.ts'
import {
  askSandbox,
  clearFolder,
  FAULTS,
  holderOf,
  readFaults,
  readOverlay,
  type SandboxOverlay,
  type SandboxStatus,
} from '../../sandbox/index.ts'

export type { SandboxStatus }

const LOOK_MS = 50
/** Thousands of devices have hundreds of thousands of files to take away. */
const DOWN_MS = 120_000

/**
 * Starts this very command again, apart from this process and its terminal, and resolves when its sandbox is up. When
 * it ends before that, resolves with its exit code and what it said.
 */
export async function startDetached(
  folder: string,
  args: readonly string[],
): Promise<{ readonly up: true } | { readonly up: false; readonly exitCode: number; readonly said: string }> {
  const log = `${folder}.log`
  makePrivateFolder(dirname(folder))
  const output = openSync(log, 'w', 0o600)
  const [till = ''] = process.argv.slice(1)
  const child = spawn(process.execPath, [till, ...args], { detached: true, stdio: ['ignore', 'ignore', output] })
  closeSync(output)
  let exitCode: number | undefined
  child.once('error', () => {
    exitCode = 1
  })
  child.once('exit', (code) => {
    exitCode = code ?? 1
  })
  while (exitCode === undefined) {
    if (readOverlay(folder)?.pid === child.pid) {
      child.unref()
      return { up: true }
    }
    await sleep(LOOK_MS)
  }
  const said = readFileSync(log, 'utf8')
  rmSync(log)
  return { up: false, exitCode, said }
}

/** What a sandbox says of itself. Throws InputError (SANDBOX_MISSING) when none is running. */
export async function sandboxStatus(folder: string): Promise<SandboxStatus> {
  return answerOf(folder, { ask: 'status' })
}

/** Adds faults to a running sandbox. Throws InputError for faults that are none, and when none is running. */
export async function addFaults(folder: string, faults: readonly string[]): Promise<SandboxStatus> {
  checkFaults(faults)
  return answerOf(folder, { ask: 'fault', faults })
}

/** Throws InputError for faults that are none, each with the one that was probably meant. */
export function checkFaults(faults: readonly string[]): void {
  for (const fault of faults) {
    try {
      readFaults([fault])
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      const [name = ''] = fault.split(/[=:+]/)
      const hint = Object.hasOwn(FAULTS, name) ? {} : didYouMean(name, [...Object.keys(FAULTS), 'none'])
      throw new InputError(error.diagnostics.map((one) => ({ ...one, ...hint })))
    }
  }
}

async function answerOf(folder: string, request: Parameters<typeof askSandbox>[1]): Promise<SandboxStatus> {
  const answer = await askSandbox(folder, request)
  if (answer?.ok) return answer.status
  if (answer) throw new InputError([{ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary: answer.problem }])
  throw missing(folder)
}

/** Where a running sandbox has its devices. Throws InputError (SANDBOX_MISSING) when none is running. */
export function runningOverlay(folder: string): SandboxOverlay {
  const overlay = readOverlay(folder)
  if (overlay === undefined || !holderOf(folder)?.alive) throw missing(folder)
  return overlay
}

function missing(folder: string): InputError {
  const dead = holderOf(folder)?.alive === false
  return inputError(
    'SANDBOX_MISSING',
    'No sandbox is running for this repository',
    dead
      ? 'The last one ended without cleaning up; `till sandbox down` does it, and so does the next `till sandbox up`.'
      : 'Start one with `till sandbox up --detach`.',
  )
}

/** Ends a sandbox and takes away what it left; also what one left that was killed. */
export async function endSandbox(folder: string): Promise<'ended' | 'cleared' | 'none'> {
  const holder = holderOf(folder)
  rmSync(`${folder}.log`, { force: true })
  if (holder === undefined) return 'none'
  if (holder.alive) {
    process.kill(holder.pid, 'SIGTERM')
    for (const end = Date.now() + DOWN_MS; holderOf(folder)?.alive && Date.now() < end; ) await sleep(LOOK_MS)
    const stubborn = holderOf(folder)
    if (stubborn?.alive) process.kill(stubborn.pid, 'SIGKILL')
  }
  if (holderOf(folder)) await clearFolder(folder, holder)
  return holder.alive ? 'ended' : 'cleared'
}
