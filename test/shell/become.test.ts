import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import type { Connection } from '../../src/core/transport.ts'
import { quotePosix } from '../../src/shell/posix.ts'
import type { Become } from '../../src/shell/posix-become.ts'
import { openPosixShell, type PosixShell } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { isThere } from '../peers/debian.ts'
import { localTarget } from '../peers/targets.ts'
import { DEADLINES } from './shells.ts'

const PASSWORD = `pa$s'w"ord ł`

/**
 * Real sudo, with users, passwords and sudoers that exist in a mount namespace only. Takes the user's id and a command
 * line; what a login as this user would run.
 */
const AS_USER = `
mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow && mount --bind "$0/sudoers" /etc/sudoers &&
mount -t tmpfs none /run/sudo 2>/dev/null
[ ! -e /etc/doas.conf ] || mount --bind "$0/doas.conf" /etc/doas.conf
exec setpriv --reuid "$1" --regid "$1" --clear-groups sh -c "$2"
`

/** Says so when `$p` is in the command line or the environment of any process. */
const SEEN_BY_OTHERS = `
for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
  case $(tr '\\0' ' ' 2>/dev/null <"$f") in *"$p"*) echo "seen in $f" ;; esac
done`

const USERS = { asked: 4301, trusted: 4302, stranger: 4303 }

function canRun(): boolean {
  const isHere = ['sudo', 'unshare', 'setpriv', 'openssl'].every((name) => existsSync(`/usr/bin/${name}`))
  if (!isThere({ what: 'tests with sudo', debian: 'sudo util-linux openssl', isHere })) return false
  if (userInfo().uid === 0) return true
  console.warn('Skipped: tests with sudo need root.')
  return false
}

describe.runIf(canRun())('becoming root by sudo', () => {
  let folder: string
  let connection: Connection
  const shells: PosixShell[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'till-sudo-'))
    const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${PASSWORD}\n` })
      .toString()
      .trim()
    const users = Object.entries(USERS)
    const passwd = users.map(([name, id]) => `${name}:x:${id}:${id}::/:/bin/sh\n`)
    const shadow = users.map(([name]) => `${name}:${hash}:19000:0:99999:7:::\n`)
    writeFileSync(join(folder, 'passwd'), readFileSync('/etc/passwd', 'utf8') + passwd.join(''))
    writeFileSync(join(folder, 'shadow'), `root:*:19000:0:99999:7:::\n${shadow.join('')}`, { mode: 0o600 })
    const sudoers =
      'Defaults use_pty, lecture=always\nroot ALL=(ALL) ALL\nasked ALL=(ALL) ALL\ntrusted ALL=(ALL) NOPASSWD: ALL\n'
    writeFileSync(join(folder, 'sudoers'), sudoers, { mode: 0o440 })
    writeFileSync(join(folder, 'doas.conf'), 'permit asked as root\npermit nopass trusted as root\n', { mode: 0o400 })
    const connected = await localTransport.connect(localTarget(), new AbortController().signal)
    if (!connected.ok) throw new Error(connected.failure.message)
    connection = connected.value
  })
  afterAll(async () => {
    for (const shell of shells) shell.close()
    await connection.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function open(user: keyof typeof USERS, become?: Become, path = '/usr/bin:/bin:/usr/sbin'): PosixShell {
    const shell = openPosixShell({
      start: (command, input) => {
        const line = `PATH=${path}; export PATH; ${command}`
        return connection.exec(
          `exec unshare -m sh -c ${quotePosix(AS_USER)} ${folder} ${USERS[user]} ${quotePosix(line)}`,
          input,
        )
      },
      deadlines: DEADLINES,
      ...(become && { become }),
    })
    shells.push(shell)
    return shell
  }
  const withPassword = (password: string): Become => ({ method: 'sudo', password: new Secret(password) })
  const id = (shell: PosixShell): Promise<string> => shell.ask({ script: 'id -u' }).then((answer) => answer.text.trim())
  const refusal = async (shell: PosixShell): Promise<string> => {
    const began = performance.now()
    const error = await shell.ask({ script: 'id -u' }).then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error?.failure).toMatchObject({ code: 'BECOME_REFUSED', phase: 'open' })
    expect(performance.now() - began).toBeLessThan(6_000)
    expect(JSON.stringify(error.failure).includes(PASSWORD)).toBe(false)
    return error.failure.message
  }

  test('does nothing unless it is asked to', async () => {
    expect(await id(open('asked'))).toBe(String(USERS.asked))
  })

  test('works without a password where none is needed, given or not', async () => {
    expect(await id(open('trusted', { method: 'sudo' }))).toBe('0')
    expect(await id(open('trusted', withPassword('of no use')))).toBe('0')
  })

  test('works with the password', async () => {
    const shell = open('asked', withPassword(PASSWORD))
    const answers = await Promise.all([
      shell.ask({ script: `id -u; ${SEEN_BY_OTHERS}`, values: { p: new Secret(PASSWORD) } }),
      shell.ask({ script: `printf 'a\\r\\nb'; echo e >&2` }),
      shell.ask({ script: 'sleep 60', timeoutMs: 300 }),
      shell.ask({ script: 'echo next' }),
    ])
    expect(answers.map(({ text, timedOut }) => [text, timedOut])).toEqual([
      ['0\n', false],
      ['a\r\nb', false],
      ['', true],
      ['next\n', false],
    ])
    expect(answers[1]?.errorText).toBe('e\n')
    const path = join(folder, 'uploaded')
    const content = Buffer.from([0, 10, 13, 255, 4, 3, 26, 0])
    expect((await shell.upload(path, content)).exitCode).toBe(0)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('is refused quickly with a wrong password, without one, and to those who may not', async () => {
    expect(await refusal(open('asked', withPassword('wrong')))).toBe(
      'The device refused sudo. The password was not accepted.',
    )
    expect(await refusal(open('asked', { method: 'sudo' }))).toBe('The device refused sudo. It asks for a password.')
    await refusal(open('stranger', withPassword(PASSWORD)))
  })

  test('says that sudo is missing', async () => {
    const nowhere = mkdtempSync(join(folder, 'bin-'))
    const message = 'The device refused sudo. The program "sudo" is not on the device.'
    expect(await refusal(open('asked', { method: 'sudo' }, nowhere))).toBe(message)
    expect(await refusal(open('asked', withPassword(PASSWORD), nowhere))).toBe(message)
  })

  describe.runIf(hasDoas())('by doas', () => {
    test('works where a rule permits it without a password', async () => {
      const shell = open('trusted', { method: 'doas' })
      expect(await id(shell)).toBe('0')
      const path = join(folder, 'by-doas')
      expect((await shell.upload(path, Buffer.from('x'))).exitCode).toBe(0)
    })

    test('says what is missing: a rule, a rule without a password, or doas', async () => {
      expect(await refusal(open('asked', { method: 'doas' }))).toBe('The device refused doas. It asks for a password.')
      expect(await refusal(open('stranger', { method: 'doas' }))).toBe(
        'The device refused doas. No rule of /etc/doas.conf permits it.',
      )
      const nowhere = mkdtempSync(join(folder, 'bin-'))
      expect(await refusal(open('trusted', { method: 'doas' }, nowhere))).toBe(
        'The device refused doas. The program "doas" is not on the device.',
      )
    })

    test('says that doas cannot be given a password', async () => {
      const become: Become = { method: 'doas', password: new Secret(PASSWORD) }
      expect(await refusal(open('trusted', become))).toBe(
        'doas cannot be given a password: it reads one from a terminal only.',
      )
    })
  })
})

/** Its file of rules is bound over in a mount namespace, so that there must be one. */
function hasDoas(): boolean {
  const isHere = isThere({ what: 'tests with doas', debian: 'opendoas', isHere: existsSync('/usr/bin/doas') })
  if (isHere && !existsSync('/etc/doas.conf')) writeFileSync('/etc/doas.conf', '', { mode: 0o400 })
  return isHere
}
