import { createServer, type Server, type Socket } from 'node:net'
import type { WindowsDevice } from '../../../src/sandbox/windows/windows-device.ts'

interface Started {
  readonly port: number
  readonly line: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Runs what a WinRM peer cannot run, there being no PowerShell: the sandbox's stand-in for it, over the Unix socket that the
 * peer's `--stand-in` names. `deviceAt` is the device of a port of the peer.
 */
export async function serveWindowsPrograms(path: string, deviceAt: (port: number) => WindowsDevice): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    let head = Buffer.alloc(0)
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\n')
      if (end < 0) return
      socket.off('data', onHead)
      start(socket, JSON.parse(head.toString('utf8', 0, end)) as Started, deviceAt)
      const rest = head.subarray(end + 1)
      if (rest.length > 0) socket.emit('data', rest)
    }
    socket.on('data', onHead)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return server
}

/** How long nothing more has to come until output is sent. */
const QUIET_MS = 10

function start(socket: Socket, { port, line, env }: Started, deviceAt: (port: number) => WindowsDevice): void {
  const tell = (...what: readonly [string, string | number]): void => void socket.write(`${JSON.stringify(what)}\n`)
  // Over WinRM the runner on a device holds its output back until it is whole, since each piece costs a round trip.
  let held: Buffer[] = []
  let timer: NodeJS.Timeout | undefined
  const push = (): void => {
    clearTimeout(timer)
    if (held.length > 0) tell('stdout', Buffer.concat(held).toString('base64'))
    held = []
  }
  const program = deviceAt(port).start(line, new Map(Object.entries(env)), {
    stdout: (bytes) => {
      held.push(bytes)
      clearTimeout(timer)
      timer = setTimeout(push, QUIET_MS)
    },
    stderr: (bytes) => tell('stderr', bytes.toString('base64')),
    exit: (code) => {
      push()
      tell('exit', code)
      socket.end()
    },
  })
  socket.on('data', (chunk: Buffer) => program.write(chunk))
  socket.on('end', () => program.end())
  socket.on('close', () => {
    clearTimeout(timer)
    program.kill()
  })
}
