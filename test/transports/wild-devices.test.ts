import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Failure, SessionLost } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Connection } from '../../src/core/transport.ts'
import type { Become, StartProcess } from '../../src/shell/posix-become.ts'
import { openPosixShell, type PosixShell } from '../../src/shell/posix-channel.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import {
  type ClientKeys,
  makeClientKeys,
  type SshServer,
  sshServers,
  startOpenSsh,
  targetOf,
} from '../peers/ssh-servers.ts'

interface Surroundings {
  readonly openMs?: number
  readonly method?: Become['method'] | undefined
  readonly become?: Become
}

const ADDRESS = '127.0.7.22'
const never = new AbortController().signal
const transport = sshTransport(createHandshakeGate(4))

/** Devices as they are found: each works, or ends with words that say what is missing. */
describe.runIf(sshServers.some(({ name }) => name === 'OpenSSH'))('a device in the wild', () => {
  let keys: ClientKeys
  let folder: string
  const running: { server?: SshServer; connection?: Connection; shell?: PosixShell }[] = []

  beforeAll(() => {
    keys = makeClientKeys()
    // Not in /tmp, which one of the devices has read-only.
    folder = mkdtempSync('/var/tmp/till-wild-')
  })
  afterEach(async () => {
    for (const { shell, connection, server } of running.splice(0)) {
      shell?.close()
      await connection?.close()
      await server?.stop()
    }
    for (const name of ['.bashrc', '.profile', '.hushlogin']) rmSync(join(keys.home, name), { force: true })
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    keys.remove()
  })

  async function shellOf(config: string, more: Surroundings = {}): Promise<PosixShell> {
    const { openMs = 10_000, method, become = method && { method } } = more
    const server = await startOpenSsh(keys, ADDRESS, config)
    const kept: (typeof running)[number] = { server }
    running.push(kept)
    const connected = await transport.connect(targetOf(server, keys), never)
    if (!connected.ok) throw new Error(connected.failure.message)
    kept.connection = connected.value
    const deadlines = { open: openMs, observe: 20_000, converge: 20_000 }
    const start: StartProcess = (command, input) => connected.value.exec(command, input)
    kept.shell = openPosixShell({ start, deadlines, ...(become && { become }) })
    return kept.shell
  }
  async function works(shell: PosixShell): Promise<void> {
    const answers = await Promise.all([
      shell.ask({ script: `printf '%s' "$value"; echo e >&2; exit 3`, values: { value: `it's "ł" $HOME` } }),
      shell.ask({ script: 'echo next' }),
    ])
    expect(answers.map(({ text, errorText, exitCode }) => [text, errorText, exitCode])).toEqual([
      [`it's "ł" $HOME`, 'e\n', 3],
      ['next\n', '', 0],
    ])
  }
  async function failure(shell: PosixShell): Promise<Failure> {
    const error = await shell.ask({ script: 'echo x' }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error instanceof SessionLost) return error.failure
    throw new Error('It worked.')
  }
  const forced = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    chmodSync(file, 0o755)
    return `ForceCommand ${file}`
  }

  test('greets from its start-up files, on both streams', async () => {
    const noise = 'echo "*** Kasa 3 ***"; echo "Welcome to Warszawa" >&2; printf "no line end"\n'
    writeFileSync(join(keys.home, '.bashrc'), noise)
    await works(await shellOf('Banner /etc/passwd'))
  })

  test('has a login shell of another kind', async () => {
    const others = ['/usr/bin/fish', '/bin/tcsh', '/usr/bin/zsh'].filter((path) => existsSync(path))
    const more = { openMs: 20_000 }
    for (const path of ['/bin/dash', '/bin/bash', ...others]) {
      await works(await shellOf(forced('other-shell', `#!/bin/sh\nexec ${path} -c "$SSH_ORIGINAL_COMMAND"\n`), more))
    }
  }, 60_000)

  test('has a restricted shell, which still finds sh', async () => {
    await works(await shellOf(forced('rbash', '#!/bin/sh\nexec /bin/rbash -c "$SSH_ORIGINAL_COMMAND"\n')))
  })

  test('has a restricted shell that finds nothing', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty, { recursive: true })
    const text = `#!/bin/sh\nPATH=${empty} exec /bin/rbash -c "$SSH_ORIGINAL_COMMAND"\n`
    const { code, phase, message, evidence } = await failure(await shellOf(forced('rbash-empty', text)))
    expect([code, phase, message]).toEqual([
      'SHELL_UNUSABLE',
      'open',
      'The login shell of the device found no "sh": it is restricted, or its PATH has none.',
    ])
    expect(evidence?.['answer']).toContain('not found')
  })

  test('lets the account log in, but not work', async () => {
    const { code, message } = await failure(await shellOf('ForceCommand /usr/sbin/nologin'))
    expect([code, message]).toEqual([
      'SHELL_UNUSABLE',
      'The account may log in to the device, but has no shell there (nologin).',
    ])
  })

  test('runs a command of its own whatever is asked', async () => {
    const { code, message, evidence } = await failure(
      await shellOf(forced('backup', '#!/bin/sh\necho backup started\n')),
    )
    expect([code, message, evidence?.['answer']]).toEqual([
      'SHELL_UNUSABLE',
      'The device ran something else in place of "sh", which ended with status 0: a forced command, or a login shell that is none.',
      'backup started',
    ])
  })

  test('shows a menu and waits', async () => {
    const { code, phase } = await failure(
      await shellOf(forced('menu', '#!/bin/sh\necho "1) Close shift"; cat >/dev/null\n'), { openMs: 1_500 }),
    )
    expect([code, phase]).toEqual(['OPEN_TIMEOUT', 'open'])
  })

  test.each([undefined, 'sudo', 'doas'] as const)(
    'wants a new password first, before it comes to %s',
    async (method) => {
      const text =
        '#!/bin/sh\necho "WARNING: Your password has expired." >&2\necho "Password change required but no TTY available." >&2\nexit 1\n'
      const { code, phase } = await failure(await shellOf(forced('expired', text), { method }))
      expect([code, phase]).toEqual(['PASSWORD_EXPIRED', 'open'])
    },
  )

  test('lets nobody in, before it comes to sudo', async () => {
    const text = '#!/bin/sh\necho "This account is currently not available."\nexit 1\n'
    const become = { method: 'sudo', password: new Secret('x') } as const
    for (const more of [{ method: 'sudo' }, { become }] as const) {
      const { code, message } = await failure(await shellOf(forced('nologin', text), more))
      expect([code, message]).toEqual([
        'SHELL_UNUSABLE',
        'The account may log in to the device, but has no shell there (nologin).',
      ])
      for (const { shell, connection, server } of running.splice(0)) {
        shell?.close()
        await connection?.close()
        await server?.stop()
      }
    }
  })

  test('allows one session at a time', async () => {
    const shell = await shellOf('MaxSessions 1')
    await works(shell)
    const path = join(folder, 'uploaded')
    expect((await shell.upload(path, Buffer.from('x'))).exitCode).toBe(0)
    expect((await shell.ask({ script: 'sleep 60', timeoutMs: 300 })).timedOut).toBe(true)
    await works(shell)
  })

  test('takes its time to log somebody in', async () => {
    await works(await shellOf(forced('slow', '#!/bin/sh\nsleep 2\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')))
  })

  test('has next to no programs: no timeout, no base64, no python', async () => {
    const few = join(folder, 'few')
    mkdirSync(few, { recursive: true })
    for (const name of ['sh', 'cat', 'wc', 'rm'])
      if (!existsSync(join(few, name))) symlinkSync(`/bin/${name}`, join(few, name))
    const shell = await shellOf(
      forced('few-programs', `#!/bin/sh\nPATH=${few}; export PATH\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n`),
    )
    await works(shell)
    const path = join(folder, 'few-uploaded')
    expect((await shell.upload(path, Buffer.from([0, 1, 2]))).exitCode).toBe(0)
  })

  test('has no room left, and /tmp that is read-only', async () => {
    const mounts = 'mount -t tmpfs -o size=4k none "$0" && mount -t tmpfs -o ro none /tmp'
    const text = `#!/bin/sh\nexec unshare -m sh -c '${mounts}; exec sh -c "$SSH_ORIGINAL_COMMAND"' ${join(folder, 'full')}\n`
    mkdirSync(join(folder, 'full'), { recursive: true })
    const shell = await shellOf(forced('full-disk', text))
    await works(shell)
    const full = await shell.upload(join(folder, 'full', 'file'), Buffer.alloc(100_000))
    expect(full.exitCode).not.toBe(0)
    expect(full.errorText).toMatch(/No space left/)
    const readOnly = await shell.upload('/tmp/till-file', Buffer.from('x'))
    expect(readOnly.exitCode).not.toBe(0)
  })
})
