import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { answersSignal } from '../files/answers-signal.ts'

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

/**
 * Milliseconds since the machine was booted, sleep included (CLOCK_BOOTTIME): nobody can set it, and all containers of the machine have
 * the same one.
 */
export function bootClockMs(): number {
  hiddenMs ??= hiddenUptimeMs()
  return Math.round(uptime() * 1000 + hiddenMs)
}

/** Whether its clock is this one: that of the same boot of the same machine, in whatever container. */
export function isSameClock({ host, process: remembered }: RememberedProcess): boolean {
  const here = thisProcess()
  if (remembered === null || here.process === null) return remembered === here.process && host === here.host
  return remembered.split(' ')[0] === here.process.split(' ')[0]
}

let selfOnce: RememberedProcess | undefined
let hiddenMs: number | undefined

/** Ticks of the start time in /proc/PID/stat: USER_HZ, 100 wherever Node.js runs. */
const TICK_MS = 10
/** The start is rounded to ticks, and this process may have slept since. */
const UPTIME_ROUNDING_MS = 1_000

/**
 * What a container hides of it: lxcfs shows its own time in /proc/uptime, which Node.js reads (uv_uptime of libuv); the start time of a
 * process is that of the machine there, too.
 */
function hiddenUptimeMs(): number {
  const started = Number(thisProcess().process?.split(' ')[2] ?? Number.NaN) * TICK_MS
  const hidden = started + process.uptime() * 1000 - uptime() * 1000
  return hidden > UPTIME_ROUNDING_MS ? hidden : 0
}

/** `elsewhere`: on another host, in another container, or hidden from this account, where this process cannot look. */
export type Whereabouts = 'alive' | 'dead' | 'elsewhere'

/** Of a process of a machine that has its name for itself: one of another boot is dead. */
export function whereabouts(remembered: RememberedProcess): Whereabouts {
  if (isThisProcess(remembered)) return 'alive'
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
