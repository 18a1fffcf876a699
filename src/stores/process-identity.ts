import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime } from 'node:os'

/** A process as it is remembered in the store. */
export interface RememberedProcess {
  readonly host: string
  readonly pid: number
  readonly process: string | null
}

/**
 * What tells a process from a later one with the same number: boot, pid namespace and start time, as Linux gives
 * them (proc(5)). Null where there is no /proc, or no such process.
 */
export function processIdentity(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in brackets and may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    if (state === 'Z' || state === 'X') return null
    return `${place()} ${fields[19]}`
  } catch {
    return null
  }
}

/** This process, as it is to be remembered. */
export function thisProcess(): RememberedProcess {
  selfOnce ??= { host: hostname(), pid: process.pid, process: processIdentity(process.pid) }
  return selfOnce
}

/** Whether it is this process that is remembered; nobody is where there is no host. */
export function isThisProcess({
  host,
  pid,
  process: remembered,
}: { readonly [K in keyof RememberedProcess]: RememberedProcess[K] | null }): boolean {
  const own = thisProcess()
  return host === own.host && pid === own.pid && remembered === own.process
}

/** Milliseconds since the machine was booted, sleep included (CLOCK_BOOTTIME): nobody can set it. */
export function bootClockMs(): number {
  return Math.round(uptime() * 1000)
}

/** Whether its clock is this one: the same boot of the same machine, seen in the same way. */
export function isSameClock({ process: remembered }: RememberedProcess): boolean {
  const here = thisProcess().process
  if (remembered === null || here === null) return remembered === here
  const [there, mine] = [remembered.split(' '), here.split(' ')]
  return there[0] === mine[0] && there[1] === mine[1]
}

let selfOnce: RememberedProcess | undefined

/** `elsewhere`: on another host, in another container, or hidden from this account, where this process cannot look. */
export type Whereabouts = 'alive' | 'dead' | 'elsewhere'

/** Of a process of a machine that has its name for itself: one of another boot is dead. */
export function whereabouts(remembered: RememberedProcess): Whereabouts {
  if (remembered.host !== hostname()) return 'elsewhere'
  if (remembered.process === null) return answersSignal(remembered.pid) ? 'alive' : 'dead'
  const [boot, namespace] = remembered.process.split(' ')
  const [bootHere, namespaceHere] = place().split(' ')
  if (boot === bootHere && namespace !== namespaceHere) return 'elsewhere'
  if (processIdentity(remembered.pid) === remembered.process) return 'alive'
  return isHidden(remembered.pid) ? 'elsewhere' : 'dead'
}

/** Where machines of one name may meet, as copies of one image do: one of another boot may be of another machine. */
export function whereaboutsAmongMachines(remembered: RememberedProcess): Whereabouts {
  const where = whereabouts(remembered)
  if (where !== 'dead' || remembered.process === null) return where
  return remembered.process.split(' ')[0] === place().split(' ')[0] ? 'dead' : 'elsewhere'
}

/** Where /proc is mounted with hidepid, others' processes are not seen there, but a signal would find them. */
function isHidden(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) && answersSignal(pid)
}

let placeOnce: string | undefined

function place(): string {
  placeOnce ??= `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  return placeOnce
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
