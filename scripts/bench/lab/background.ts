import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { onEnd } from './undo.ts'

/** A program of the lab that runs until it is stopped. */
export interface Background {
  readonly child: ChildProcess
  /** What it has printed so far. */
  output(): string
  stop(): Promise<void>
}

interface Start {
  readonly command: readonly string[]
  /** Where its stderr goes. */
  readonly log: string
  /** Wait until it has printed this. */
  readonly ready?: string
  readonly cwd?: string
}

/** Starts a program, out of the way of the terminal's Ctrl-C, and sees to it that it ends with the benchmark. */
export async function startBackground({ command, log, ready, cwd }: Start): Promise<Background> {
  const [program = ''] = command
  // Even after kill -9 nothing stays behind.
  const args = ['--pdeathsig', 'TERM', ...command]
  const options = { stdio: ['ignore', 'pipe', openSync(log, 'a')] as const, detached: true, ...(cwd && { cwd }) }
  const child = spawn('setpriv', args, { ...options, stdio: [...options.stdio] })
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
    await ended
    clearTimeout(timer)
  }
  onEnd(stop)
  for (let tries = 0; ready !== undefined && !said.includes(ready); tries += 1) {
    if (failure || child.exitCode !== null || tries > 500) throw new Error(`${program} did not start; see ${log}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { child, output: () => said, stop }
}
