import type ssh2 from 'ssh2'
import type { Login, SshDevice } from './device-connection.ts'
import type { DevicePlaces } from './device-places.ts'
import type { FlavourName, PlacedDevice } from './device-spec.ts'
import { cutShort, endless, garbled, lostAfterChange } from './output-fault.ts'
import { carryStreams, type OutputFault } from './program-streams.ts'

const DEVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const LOGIN_SHELL: Readonly<Record<FlavourName, string>> = {
  debian: '/bin/sh',
  redhat: '/bin/bash',
  alpine: '/bin/sh',
  router: '/bin/sh',
}

/** A Linux device: programs are run in its place. */
export function posixDevice(device: PlacedDevice, places: DevicePlaces): SshDevice {
  return { name: device.name, run: (channel, command, login) => run({ device, places, channel, command, login }) }
}

async function run(what: {
  readonly device: PlacedDevice
  readonly places: DevicePlaces
  readonly channel: ssh2.ServerChannel
  readonly command: string | undefined
  readonly login: Login
}): Promise<void> {
  const { device, places, channel, command, login } = what
  const hold = places.hold(device, login.fault)
  login.onClosed(hold.release)
  const ended = hold.started()
  try {
    const place = await hold.place
    const shell = login.fault?.name === 'wrong-shell' ? '/usr/.sandbox/restricted-shell' : LOGIN_SHELL[device.flavour]
    const args = command === undefined ? [] : ['-c', command]
    const program = place.run([shell, ...args], environmentOf(device, shell))
    await carryStreams(channel, program, outputFault(login, places.rootOf(device.name)))
  } finally {
    ended()
  }
}

/** What its output goes through on the way to the line. */
function outputFault({ fault, reset }: Login, root: string): OutputFault | undefined {
  switch (fault?.name) {
    case 'garbage-output':
      return { through: garbled() }
    case 'endless-output':
      return { instead: endless() }
    case 'reset-step':
      return { through: cutShort(reset) }
    case 'crash-after-change':
      return { through: lostAfterChange(root, reset) }
    default:
      return undefined
  }
}

/** What sshd gives a login; nothing of the host. */
function environmentOf(device: PlacedDevice, shell: string): Readonly<Record<string, string>> {
  return {
    ...{ PATH: DEVICE_PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: shell },
    SSH_CONNECTION: `127.0.0.1 50000 ${device.address} ${device.port}`,
    SSH_CLIENT: `127.0.0.1 50000 ${device.port}`,
  }
}
