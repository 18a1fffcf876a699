import type ssh2 from 'ssh2'
import type { Login, SshDevice } from '../device-connection.ts'
import type { WindowsSpec } from '../device-spec.ts'
import type { ProgramOutput } from './program.ts'
import type { WindowsDevice } from './windows-device.ts'
import type { WindowsPlaces } from './windows-places.ts'

/** A Windows device by its OpenSSH server, whose login shell is cmd.exe. It is in memory while somebody is logged in. */
export function windowsSshDevice(spec: WindowsSpec, places: WindowsPlaces): SshDevice {
  let device: WindowsDevice | undefined
  const logins = new Set<Login>()
  return {
    name: spec.name,
    run: (channel, command, login) => {
      if (!logins.has(login)) {
        logins.add(login)
        login.onClosed(() => {
          logins.delete(login)
          if (logins.size === 0) device = undefined
        })
      }
      device ??= places.device(spec)
      device.fault = login.fault
      device.onCrash = () => {
        for (const each of logins) each.reset()
      }
      return run(device, { channel, command, login })
    },
  }
}

const NO_CMD = 'The sandbox has no cmd.exe to type into.\r\n'

function run(
  device: WindowsDevice,
  what: { readonly channel: ssh2.ServerChannel; readonly command: string | undefined; readonly login: Login },
): Promise<void> {
  const { channel, command, login } = what
  return new Promise((resolve) => {
    const exit = (code: number): void => {
      if (channel.writable) {
        channel.exit(code)
        channel.end()
      }
      resolve()
    }
    if (command === undefined) {
      channel.stderr.write(NO_CMD)
      exit(1)
      return
    }
    const output: ProgramOutput = {
      stdout: login.fault?.name === 'reset-step' ? halved(channel, login.reset) : (bytes) => void channel.write(bytes),
      stderr: (bytes) => void channel.stderr.write(bytes),
      exit,
    }
    const program = device.start(command, new Map(), output)
    channel.on('data', (bytes: Buffer) => program.write(bytes))
    channel.on('end', () => program.end())
    channel.on('error', () => channel.destroy())
    channel.on('close', () => {
      program.kill()
      resolve()
    })
  })
}

/** Frames that are no longer than this pass: the greeting. */
const GREETING_BYTES = 160

/** Half of the first answer is written, then the connection is reset. */
function halved(channel: ssh2.ServerChannel, reset: () => void): (bytes: Buffer) => void {
  return (bytes) => {
    const isGreeting = bytes.length <= GREETING_BYTES
    channel.write(isGreeting ? bytes : bytes.subarray(0, bytes.length >> 1))
    // The half has to be on its way before the connection goes; what comes after it never arrives.
    if (!isGreeting) setTimeout(reset, 50)
  }
}
