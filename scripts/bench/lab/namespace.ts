import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { onEnd } from './undo.ts'

/** Runs a program of the system and returns what it printed. */
export function system(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

let made = 0

/** Makes a network of its own, with only a loopback: every 127.x.y.z is there, and nothing can be reached from outside. */
export function makeNamespace(): string {
  made += 1
  const name = `tillbench-${process.pid}-${made}`
  system('ip', 'netns', 'add', name)
  onEnd(() => void system('ip', 'netns', 'delete', name))
  system('ip', '-n', name, 'link', 'set', 'lo', 'up')
  return name
}

export interface Line {
  /** The network of the one who asks, and the interface that the line hangs on. */
  readonly controller: string
  readonly interface: string
  /** The network of the devices. */
  readonly devices: string
  /** Sets the round trip of the whole line. */
  setRoundTrip(ms: number): void
}

const CONTROLLER_ADDRESS = '10.77.0.1'

/** Two networks joined by a line whose round trip can be set while it is up. */
export async function makeLine(tapdelay: string, folder: string, addresses: readonly string[]): Promise<Line> {
  const [controller, devices] = [makeNamespace(), makeNamespace()]
  const profile = join(folder, 'line.profile')
  const write = (roundTripMs: number): void => writeFileSync(profile, `default ${roundTripMs / 2} 0 0 0\n`)
  write(0)
  const command = [tapdelay, controller, 'ctl0', devices, 'dev0', profile]
  const { child } = await startBackground({ command, log: join(folder, 'tapdelay.log'), ready: 'ready' })
  system('ip', '-n', controller, 'addr', 'add', `${CONTROLLER_ADDRESS}/16`, 'dev', 'ctl0')
  for (const address of addresses) system('ip', '-n', devices, 'addr', 'add', `${address}/16`, 'dev', 'dev0')
  system('ip', '-n', controller, 'link', 'set', 'ctl0', 'txqueuelen', '10000', 'up')
  system('ip', '-n', devices, 'link', 'set', 'dev0', 'txqueuelen', '10000', 'up')
  // The first packet of a run would wait for ARP: a round trip that no tool can help.
  const mac = (namespace: string, device: string): string =>
    /link\/ether (\S+)/.exec(system('ip', '-n', namespace, 'link', 'show', device))?.[1] ?? ''
  for (const address of addresses) {
    const neighbour = ['lladdr', mac(devices, 'dev0'), 'dev', 'ctl0', 'nud', 'permanent']
    system('ip', '-n', controller, 'neigh', 'replace', address, ...neighbour)
  }
  const back = ['lladdr', mac(controller, 'ctl0'), 'dev', 'dev0', 'nud', 'permanent']
  system('ip', '-n', devices, 'neigh', 'replace', CONTROLLER_ADDRESS, ...back)
  return {
    controller,
    interface: 'ctl0',
    devices,
    setRoundTrip(ms) {
      write(ms)
      child.kill('SIGHUP')
    },
  }
}
