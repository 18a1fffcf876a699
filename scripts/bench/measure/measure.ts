import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onEnd } from '../lab/undo.ts'
import type { Command } from '../tools/tool.ts'

/** What a command and everything that it started cost. */
export interface Cost {
  readonly exitCode: number
  /** It was ended because it took longer than it may. */
  readonly tooLong: boolean
  readonly values: {
    readonly cpu_ms: number
    readonly user_ms: number
    readonly system_ms: number
    readonly wall_ms: number
    /** Peak of the proportional set size of the whole tree. */
    readonly memory_mb: number
    readonly processes: number
  }
}

export interface Limits {
  readonly seconds: number
  /** How often memory is looked at; 0 is never. */
  readonly sampleMs: number
  /** Network namespace to run in. */
  readonly namespace?: string
}

/** Runs a command under the meter, its output in `out.log` of a folder. */
export async function measure(meter: string, command: Command, folder: string, limits: Limits): Promise<Cost> {
  const file = join(folder, 'cost')
  const log = openSync(join(folder, 'out.log'), 'w')
  const options = [file, String(limits.seconds), String(limits.sampleMs), limits.namespace ?? '-']
  const child = spawn(meter, [...options, ...command.argv], {
    cwd: command.cwd ?? folder,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: folder, ...command.env },
    stdio: ['ignore', log, log],
    // The meter ends what it started; a Ctrl-C goes to the benchmark first.
    detached: true,
  })
  closeSync(log)
  running.add(child)
  await new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve())
    child.once('error', reject)
  })
  running.delete(child)
  const [wall = 0, user = 0, system = 0, pss = 0, processes = 0, exitCode = 0, tooLong = 0] = readFileSync(file, 'utf8')
    .split(' ')
    .map(Number)
  const values = {
    cpu_ms: user + system,
    user_ms: user,
    system_ms: system,
    wall_ms: wall,
    memory_mb: pss / 1024,
    processes,
  }
  return { exitCode, tooLong: tooLong === 1, values }
}

const running = new Set<ChildProcess>()

/** Sees to it that nothing that is being measured outlives the benchmark. */
export function endMeasuredOnEnd(): void {
  onEnd(async () => {
    for (const child of running) {
      child.kill('SIGTERM')
      if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve))
    }
  })
}
