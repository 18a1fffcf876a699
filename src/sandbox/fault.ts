import { createHash } from 'node:crypto'

/** What can be wrong with a device, in the order in which a session meets it. */
export const FAULTS = {
  refused: 'nothing listens on the port',
  blackhole: 'packets of the handshake are dropped',
  'reset-connect': 'the connection is reset before the banner',
  'tarpit-banner': 'accepts, and never says who it is',
  'garbage-banner': 'says something that is not SSH',
  'tarpit-kex': 'says who it is, and never exchanges keys',
  'wrong-host-key': 'another host key than the recorded one',
  'tarpit-auth': 'never answers the login',
  'auth-refused': 'refuses every login',
  'tarpit-open': 'never opens a session',
  'tarpit-exec': 'never answers that a program was started',
  'wrong-shell': 'the login shell knows no POSIX commands',
  'garbage-output': 'noise in the output of every program',
  'endless-output': 'every program writes without end',
  'reset-step': 'the connection is reset in the middle of an answer',
  'crash-after-change': 'the connection dies once something was changed, before the answer',
  hang: 'a program hangs: systemctl, rc-service and service, or the one named (hang:dpkg-query=…)',
  'disk-full': 'no space is left on the disk',
  slow: 'a line with the given round trip (slow:150ms=…)',
} as const

export type FaultName = keyof typeof FAULTS

/** What is wrong with one device. A slow line goes together with any other fault. */
export interface DeviceFault {
  readonly name?: Exclude<FaultName, 'slow'>
  /** The program that hangs. */
  readonly program?: string
  /** Round trip of the line, in milliseconds. */
  readonly roundTripMs?: number
}

/** One `--fault`. */
export interface FaultRule {
  readonly name: FaultName | 'none'
  readonly program?: string
  readonly roundTripMs?: number
  readonly who: { readonly share: number } | { readonly devices: readonly string[] }
}

const DURATION = /^(\d+)(ms|s)$/

/**
 * Reads `NAME=WHO` or `NAME:ARGUMENT=WHO`, where WHO is a share (`3%`), `all`, or names of devices with `*` for any
 * text (`PL-0001/pos1,PL-0002/*`). `slow=150ms` is short for `slow:150ms=all`, `none=WHO` takes faults away.
 */
export function parseFault(text: string): { readonly rule: FaultRule } | { readonly problem: string } {
  const at = text.indexOf('=')
  const [name = '', argument] = (at < 0 ? text : text.slice(0, at)).split(':')
  const who = at < 0 ? 'all' : text.slice(at + 1)
  if (name !== 'none' && !Object.hasOwn(FAULTS, name)) {
    return { problem: `"${name}" is no fault. There are: ${[...Object.keys(FAULTS), 'none'].join(', ')}.` }
  }
  if (name === 'slow') return parseSlow(argument ?? who, argument === undefined ? 'all' : who)
  if (argument !== undefined && name !== 'hang') return { problem: `The fault "${name}" takes nothing after a colon.` }
  if (argument !== undefined && !/^[\w.+-]+$/.test(argument)) {
    return { problem: `"${argument}" is no name of a program; write the fault as hang:dpkg-query=3%.` }
  }
  const chosen = parseWho(who)
  if ('problem' in chosen) return chosen
  const more = argument === undefined ? {} : { program: argument }
  return { rule: { name: name as FaultName | 'none', who: chosen.who, ...more } }
}

function parseSlow(duration: string, who: string): ReturnType<typeof parseFault> {
  const [, amount, unit] = DURATION.exec(duration) ?? []
  if (amount === undefined) return { problem: `"${duration}" is no round trip; write the fault as slow:150ms=10%.` }
  const chosen = parseWho(who)
  if ('problem' in chosen) return chosen
  return { rule: { name: 'slow', roundTripMs: Number(amount) * (unit === 's' ? 1000 : 1), who: chosen.who } }
}

function parseWho(text: string): { readonly who: FaultRule['who'] } | { readonly problem: string } {
  if (text === 'all') return { who: { share: 1 } }
  if (text.endsWith('%')) {
    const share = /^\d+(\.\d+)?%$/.test(text) ? Number.parseFloat(text) : Number.NaN
    return share <= 100 ? { who: { share: share / 100 } } : { problem: `"${text}" is no share from 0% to 100%.` }
  }
  const devices = text.split(',').filter((name) => name !== '')
  if (devices.length === 0) {
    return { problem: `"${text}" does not say which devices; write 3%, all, or names such as PL-0001/pos1.` }
  }
  return { who: { devices } }
}

/**
 * Which device has which fault: the same devices for the same seed. Later rules go over earlier ones where they name
 * devices; shares never meet, so that `refused=3%` and `tarpit-kex=3%` hit different devices.
 */
export function assignFaults(
  devices: readonly string[],
  rules: readonly FaultRule[],
  seed: number,
): { readonly faults: ReadonlyMap<string, DeviceFault>; readonly unmatched: readonly string[] } {
  const faults = new Map<string, DeviceFault>()
  const shares = new Shares(devices, seed)
  const unmatched: string[] = []
  for (const rule of rules) {
    const hits = 'share' in rule.who ? shares.take(rule.who.share, rule.name) : named(devices, rule.who.devices)
    for (const device of hits) apply(faults, device, rule)
    if ('devices' in rule.who) unmatched.push(...rule.who.devices.filter((name) => !devices.some(matcher(name))))
  }
  return { faults, unmatched }
}

function named(devices: readonly string[], patterns: readonly string[]): readonly string[] {
  const matchers = patterns.map(matcher)
  return devices.filter((device) => matchers.some((matches) => matches(device)))
}

/** Deals devices out in a shuffled order, so that nobody gets two faults; slow lines are dealt apart. */
class Shares {
  readonly #shuffled: readonly string[]
  readonly #slow: readonly string[]
  #taken = 0

  constructor(devices: readonly string[], seed: number) {
    this.#shuffled = shuffle(devices, seed)
    this.#slow = shuffle(devices, seed + 1)
  }

  take(share: number, fault: FaultRule['name']): readonly string[] {
    const count = Math.round(this.#shuffled.length * share)
    if (fault === 'slow') return this.#slow.slice(0, count)
    if (share === 1) {
      if (fault === 'none') this.#taken = 0
      return this.#shuffled
    }
    const start = this.#taken
    this.#taken += count
    return this.#shuffled.slice(start, this.#taken)
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
  else faults.set(device, { name: rule.name, ...(rule.program !== undefined && { program: rule.program }), ...line })
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
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('.*')}$`)
  return (name) => expression.test(name)
}
