import { existsSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessStream } from '../../src/core/channel.ts'
import type { Connection } from '../../src/core/transport.ts'
import { openPosixShell, type PosixShell, type PosixShellOptions } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { isThere } from '../peers/debian.ts'
import { localTarget } from '../peers/targets.ts'

/** The interpreters that devices have, with the Debian package that brings them. */
const INTERPRETERS = [
  { name: 'dash', path: '/bin/dash', debian: 'dash' },
  { name: 'busybox ash', path: '/bin/busybox', debian: 'busybox' },
  { name: 'bash', path: '/bin/bash', debian: 'bash' },
]

/** Those that are here; elsewhere than in CI, a missing one is skipped loudly. */
export const shells = INTERPRETERS.filter(({ name, path, debian }) =>
  isThere({ what: `tests with ${name}`, debian, isHere: existsSync(path) }),
)

export const DEADLINES = { open: 20_000, observe: 30_000, converge: 30_000 }

/** A channel to this machine whose `sh` is the interpreter at `path`. */
export async function openLocalShell(
  path: string,
  options: Partial<PosixShellOptions> = {},
  end: 'end all' | 'leave running' = 'end all',
): Promise<{ shell: PosixShell; connection: Connection; close: () => Promise<void>; hangUp: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'till-sh-'))
  symlinkSync(path, join(folder, 'sh'))
  if (path.endsWith('busybox')) symlinkSync(path, join(folder, 'sed'))
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const connection = connected.value
  const streams: ProcessStream[] = []
  // In a session of its own it is out of reach of who ends the process group, as behind a server.
  const away = end === 'leave running' ? 'setsid -w ' : ''
  const shell = openPosixShell({
    start: async (command, input) => {
      const started = await connection.exec(`PATH=${folder}:$PATH; export PATH; ${away}${command}`, input)
      if (started.ok) streams.push(started.value)
      return started
    },
    deadlines: DEADLINES,
    ...options,
  })
  const close = async (): Promise<void> => {
    shell.close()
    await connection.close()
  }
  const hangUp = (): void => {
    for (const stream of streams) stream.destroy()
  }
  return { shell, connection, close, hangUp }
}
