import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../sections/section.ts'
import { type Lab, startServer } from './lab.ts'
import { makeNamespace } from './namespace.ts'

/** A server that costs little, on every address of a network of its own. */
export interface LightFleet {
  readonly lab: Lab
  readonly namespace: string
  readonly port: number
  /** How many sessions it has open. */
  sessions(): number
  /** CPU that it and the shells that it started have spent so far. */
  serverCpuMs(): number
}

const PORT = 22

/** Starts it, or says why not. */
export async function startLightFleet(bench: Bench, section: string): Promise<LightFleet | null> {
  const lab = bench.lab()
  const program = bench.program('light-server')
  if (!lab || !program) {
    bench.skip(section, 'it needs the lab and the light server')
    return null
  }
  const folder = bench.folder(`light-${section}`)
  const namespace = makeNamespace()
  const count = join(folder, 'sessions')
  const command = [program, `0.0.0.0:${PORT}`, join(lab.folder, 'host_ed25519'), count]
  const { child } = await startServer(namespace, command, { log: join(folder, 'log'), address: '0.0.0.0', port: PORT })
  return {
    lab,
    namespace,
    port: PORT,
    sessions: () => Number(readFileSync(count, 'utf8')),
    serverCpuMs: () => cpuMsOf(child.pid ?? 0),
  }
}

/** Ticks of a clock of 100 Hz, which is what Linux counts in for programs. */
const TICK_MS = 10

/** utime, stime, cutime and cstime of a process: proc(5). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0)
}
