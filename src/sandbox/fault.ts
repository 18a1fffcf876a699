import { createHash } from 'node:crypto'
import { globMatches } from '../pattern/glob.ts'
import { PRINTER_FAULTS, type PrinterFault } from './printers/imitated-printer.ts'

/** What can be wrong with a device, in the order in which a session meets it; what can be wrong with a printer comes last. */
export const FAULTS = {
  refused: 'nothing listens on the port',
  blackhole: 'packets of the handshake are dropped',
  'reset-connect': 'the connection is reset before the banner',
  'tarpit-banner': 'accepts, and never says who it is',
  'garbage-banner': 'says something that is neither SSH nor HTTP',
  'tarpit-kex': 'says who it is, and never exchanges keys',
  'wrong-host-key': 'another host key than the recorded one (SSH)',
  'tarpit-auth': 'never answers the login',
  'auth-refused': 'refuses every login',
  'shell-quota': 'has no room for another shell (WinRM)',
  'access-denied': 'the account may not open a shell (WinRM)',
  'tarpit-open': 'never opens a session',
  'tarpit-exec': 'never answers that a program was started',
  'slow-start': 'PowerShell takes 5 s to start, or as long as it says (slow-start:20s=…; Windows)',
  'wrong-shell': 'the login shell knows no POSIX commands, or PowerShell is too old',
  'garbage-output': 'noise in the output of every program',
  'endless-output': 'every program writes without end',
  'reply-lost': 'what was done is not answered, the first time of each kind (WinRM)',
  'reset-step': 'the connection is reset in the middle of an answer',
  'crash-after-change': 'the connection dies once something was changed, before the answer',
  hang: 'a program hangs: systemctl, rc-service and service, or the one named (hang:dpkg-query=…)',
  'disk-full': 'no space is left on the disk',
  'pending-reboot': 'waits for a restart (Windows)',
  slow: 'a line with the given round trip (slow:150ms=…)',
  ...PRINTER_FAULTS,
} as const

export type FaultName = keyof typeof FAULTS

/** What a fault can be wrong with: how a device is spoken to, and whether it is a Windows device. */
export interface FaultySystem {
  readonly windows: boolean
  readonly by: 'ssh' | 'winrm' | 'printer'
  /** What a printer can show of its own faults: not every protocol tells everything. */
  readonly shows?: readonly PrinterFault[]
}

const BY_WINRM: ReadonlySet<string> = new Set(['shell-quota', 'access-denied', 'reply-lost'])
/** What a printer can have of the faults of other devices. */
const ON_PRINTERS: ReadonlySet<string> = new Set(['none', 'refused', 'blackhole', 'reset-connect', 'slow'])
const ON_WINDOWS: ReadonlySet<string> = new Set(['slow-start', 'pending-reboot'])

/** Whether a device can have a fault. */
export function canHave(fault: FaultName | 'none', { windows, by, shows = [] }: FaultySystem): boolean {
  if (Object.hasOwn(PRINTER_FAULTS, fault)) return shows.some((shown) => shown === fault)
  if (by === 'printer') return ON_PRINTERS.has(fault)
  if (BY_WINRM.has(fault)) return by === 'winrm'
  if (ON_WINDOWS.has(fault)) return windows
  return fault !== 'wrong-host-key' || by === 'ssh'
}

/** What is wrong with one device. A slow line goes together with any other fault, those of a printer with one another. */
export interface DeviceFault {
  readonly name?: Exclude<FaultName, 'slow'>
  /** More faults of a printer. */
  readonly also?: readonly PrinterFault[]
  /** The program that hangs. */
  readonly program?: string
  /** How long PowerShell takes to start, in milliseconds. */
  readonly startMs?: number
  /** Round trip of the line, in milliseconds. */
  readonly roundTripMs?: number
}

/** One `--fault`. */
export interface FaultRule {
  readonly name: FaultName | 'none'
  readonly also?: readonly PrinterFault[]
  readonly program?: string
  readonly startMs?: number
  readonly roundTripMs?: number
  readonly who: { readonly share: number } | { readonly devices: readonly string[] }
}

const DURATION = /^(\d+)(ms|s)$/

/**
 * Reads `NAME=WHO` or `NAME:ARGUMENT=WHO`, where WHO is a share (`3%`), `all`, or names of devices with `*` for any
 * text (`PL-0001/pos1,PL-0002/*`). `slow=150ms` is short for `slow:150ms=all`, `none=WHO` takes faults away. Faults of a
 * printer may be several: `paper-low+receipt-open=WHO`.
 */
export function parseFault(text: string): { readonly rule: FaultRule } | { readonly problem: string } {
  const at = text.indexOf('=')
  const [names = '', argument] = (at < 0 ? text : text.slice(0, at)).split(':')
  const [name = '', ...also] = names.split('+')
  const who = at < 0 ? '' : text.slice(at + 1)
  if (name !== 'none' && !Object.hasOwn(FAULTS, name)) {
    return { problem: `"${name}" is no fault. There are: ${[...Object.keys(FAULTS), 'none'].join(', ')}.` }
  }
  if (also.length > 0 && ![name, ...also].every(isPrinterFault)) {
    return { problem: `"${names}": only faults of printers go together. These are: ${PRINTERS_OWN.join(', ')}.` }
  }
  if (name === 'slow') return parseSlow(argument ?? who, argument === undefined ? 'all' : who)
  const fault = name as FaultName | 'none'
  const more =
    argument === undefined ? { ...(also.length > 0 && { also: also as PrinterFault[] }) } : argumentOf(fault, argument)
  if ('problem' in more) return more
  const chosen = parseWho(who)
  return 'problem' in chosen ? chosen : { rule: { name: fault, who: chosen.who, ...more } }
}

const PRINTERS_OWN = Object.keys(PRINTER_FAULTS)

function isPrinterFault(name: string): boolean {
  return Object.hasOwn(PRINTER_FAULTS, name)
}

/** What stands behind the colon. */
function argumentOf(
  fault: FaultName | 'none',
  argument: string,
): Pick<FaultRule, 'program' | 'startMs'> | { readonly problem: string } {
  if (fault === 'slow-start') {
    const startMs = milliseconds(argument)
    if (startMs !== undefined) return { startMs }
    return { problem: `"${argument}" is no time; write the fault as slow-start:20s=10%.` }
  }
  if (fault !== 'hang') return { problem: `The fault "${fault}" takes nothing after a colon.` }
  if (/^[\w.+-]+$/.test(argument)) return { program: argument }
  return { problem: `"${argument}" is no name of a program; write the fault as hang:dpkg-query=3%.` }
}

function parseSlow(duration: string, who: string): ReturnType<typeof parseFault> {
  const roundTripMs = milliseconds(duration)
  if (roundTripMs === undefined)
    return { problem: `"${duration}" is no round trip; write the fault as slow:150ms=10%.` }
  const chosen = parseWho(who)
  return 'problem' in chosen ? chosen : { rule: { name: 'slow', roundTripMs, who: chosen.who } }
}

function milliseconds(duration: string): number | undefined {
  const [, amount, unit] = DURATION.exec(duration) ?? []
  return amount === undefined ? undefined : Number(amount) * (unit === 's' ? 1000 : 1)
}

function parseWho(text: string): { readonly who: FaultRule['who'] } | { readonly problem: string } {
  if (text === 'all') return { who: { share: 1 } }
  if (text.endsWith('%')) {
    const share = /^\d+(\.\d+)?%$/.test(text) ? Number.parseFloat(text) : Number.NaN
    return share <= 100 ? { who: { share: share / 100 } } : { problem: `"${text}" is no share from 0% to 100%.` }
  }
  const devices = text.split(',').filter((name) => name !== '')
  if (devices.length === 0) {
    return { problem: `It does not say which devices: write NAME=3%, NAME=all, or NAME=PL-0001/pos1.` }
  }
  return { who: { devices } }
}

/**
 * Which device has which fault: the same devices for the same seed. Later rules go over earlier ones where they name
 * devices; shares never meet, so that `refused=3%` and `tarpit-kex=3%` hit different devices. A share is one of the
 * devices that can have the fault. `unfit`: named, and none of them can.
 */
export function assignFaults(
  devices: readonly string[],
  rules: readonly FaultRule[],
  seed: number,
  can: (device: string, fault: FaultRule['name']) => boolean = () => true,
): {
  readonly faults: ReadonlyMap<string, DeviceFault>
  readonly unmatched: readonly string[]
  readonly unfit: readonly { readonly fault: string; readonly devices: string }[]
} {
  const faults = new Map<string, DeviceFault>()
  const shares = new Shares(devices, seed)
  const unmatched: string[] = []
  const unfit: { readonly fault: string; readonly devices: string }[] = []
  for (const rule of rules) {
    const fits = (device: string): boolean => [rule.name, ...(rule.also ?? [])].every((fault) => can(device, fault))
    const named = 'devices' in rule.who ? namedBy(devices, rule.who.devices) : []
    const hits = 'share' in rule.who ? shares.take(rule.who.share, rule.name, fits) : named.filter(fits)
    for (const device of hits) apply(faults, device, rule)
    if (!('devices' in rule.who)) continue
    unmatched.push(...rule.who.devices.filter((name) => !devices.some(matcher(name))))
    const fault = [rule.name, ...(rule.also ?? [])].join('+')
    if (named.length > 0 && hits.length === 0) unfit.push({ fault, devices: rule.who.devices.join(',') })
  }
  return { faults, unmatched, unfit }
}

function namedBy(devices: readonly string[], patterns: readonly string[]): readonly string[] {
  const matchers = patterns.map(matcher)
  return devices.filter((device) => matchers.some((matches) => matches(device)))
}

/** Deals devices out in a shuffled order, so that nobody gets two faults; slow lines are dealt apart. */
class Shares {
  readonly #shuffled: readonly string[]
  readonly #slow: readonly string[]
  readonly #taken = new Set<string>()

  constructor(devices: readonly string[], seed: number) {
    this.#shuffled = shuffle(devices, seed)
    this.#slow = shuffle(devices, seed + 1)
  }

  take(share: number, fault: FaultRule['name'], fits: (device: string) => boolean): readonly string[] {
    if (fault === 'slow') return this.#slow.slice(0, Math.round(this.#slow.length * share))
    const able = this.#shuffled.filter(fits)
    if (share === 1) {
      if (fault === 'none') this.#taken.clear()
      return able
    }
    const hits = able.filter((device) => !this.#taken.has(device)).slice(0, Math.round(able.length * share))
    for (const device of hits) this.#taken.add(device)
    return hits
  }
}

function apply(faults: Map<string, DeviceFault>, device: string, rule: FaultRule): void {
  if (rule.name === 'none') {
    faults.delete(device)
    return
  }
  const { roundTripMs } = faults.get(device) ?? {}
  const slow = rule.roundTripMs ?? roundTripMs
  const line = slow === undefined ? {} : { roundTripMs: slow }
  if (rule.name === 'slow') faults.set(device, { ...faults.get(device), ...line })
  else {
    const { name, also, program, startMs } = rule
    const more = {
      ...(also && { also }),
      ...(program !== undefined && { program }),
      ...(startMs !== undefined && { startMs }),
    }
    faults.set(device, { name, ...more, ...line })
  }
}

/** A number in [0, 1) that is the device's own for this seed. */
export function chance(seed: number | string, device: string): number {
  return Number.parseInt(rank(seed, device).slice(0, 12), 16) / 2 ** 48
}

function shuffle(devices: readonly string[], seed: number): readonly string[] {
  const ranked = devices.map((device) => ({ device, rank: rank(seed, device) }))
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ device }) => device)
}

function rank(seed: number | string, device: string): string {
  return createHash('sha256').update(`${seed} ${device}`).digest('hex')
}

function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern
  return (name) => globMatches(pattern, name)
}
