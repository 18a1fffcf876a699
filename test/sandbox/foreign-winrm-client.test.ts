import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { canIsolate, sandboxFor, scratch } from './sandboxes.ts'

const PYTHON = '/usr/bin/python3'

/** pywinrm, which has an NTLM of its own: what it understands is not only understood by us. */
const hasPywinrm = ((): boolean => {
  if (spawnSync(PYTHON, ['-c', 'import winrm, requests_ntlm']).status === 0) return true
  if (process.env['CI']) throw new Error('pywinrm (Debian: python3-winrm) is not installed')
  console.warn('SKIPPED: the sandbox before a foreign client needs pywinrm (Debian: python3-winrm)')
  return false
})()

/** OpenSSL 3 has MD4 for those only who ask for it. */
const LEGACY = `openssl_conf = init
[init]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

const PROGRAM = `
import sys, winrm
from winrm.exceptions import InvalidCredentialsError
url, user, password, encryption, line = sys.argv[1:]
client = winrm.Protocol(url, transport='ntlm', username=user, password=password, message_encryption=encryption)
try:
  shell = client.open_shell()
except InvalidCredentialsError:
  print('refused'); sys.exit()
except Exception as problem:
  print(type(problem).__name__, problem); sys.exit()
command = client.run_command(shell, line)
out, err, code = client.get_command_output(shell, command)
client.cleanup_command(shell, command)
client.close_shell(shell)
print(code, out.decode(), err.decode())
`

describe.skipIf(!canIsolate || !hasPywinrm)('pywinrm before a Windows device of a sandbox', () => {
  const folder = scratch()
  let sandbox: Sandbox
  const spec = { name: 'PL-0001/pos1', kind: 'till', os: {}, vars: {}, by: 'winrm' } as const

  beforeAll(async () => {
    sandbox = await sandboxFor({ devices: [], windows: [spec] }, folder)
    writeFileSync(`${folder}.cnf`, LEGACY)
  })

  const asked = (more: { user?: string; password?: string; encryption?: string; line?: string } = {}): string => {
    const place = sandbox.overlay.devices[spec.name]
    const password = readFileSync(sandbox.overlay.windows.password_file, 'utf8').trim()
    const { user = 'till', encryption = 'always', line = 'hostname' } = more
    const url = `http://${place?.address}:${place?.port}/wsman`
    const { stdout, stderr } = spawnSync(
      PYTHON,
      ['-c', PROGRAM, url, user, more.password ?? password, encryption, line],
      { env: { PATH: process.env['PATH'], OPENSSL_CONF: `${folder}.cnf` }, encoding: 'utf8' },
    )
    return stdout.trim() + stderr.trim()
  }

  test('logs in, is sealed, and leaves no shell behind', async () => {
    expect(asked()).toBe('0 PL-0001-POS1')
    expect(asked({ user: 'PL-0001-POS1\\till' })).toBe('0 PL-0001-POS1')
    expect((await sandbox.status()).sessions).toBe(0)
  })

  test('is refused with another password, account or domain', () => {
    expect(asked({ password: 'wrong' })).toBe('refused')
    expect(asked({ user: 'somebody' })).toBe('refused')
    expect(asked({ user: 'OTHER\\till' })).toBe('refused')
  })

  test('is not answered when it does not seal', () => {
    expect(asked({ encryption: 'never' })).toMatch(/500/)
  })

  test('is told that there is no PowerShell', () => {
    expect(asked({ line: 'powershell Get-Date' })).toMatch(/^126 .*only imitates Windows/)
  })
})
