import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { canIsolate, device, sandboxFor } from './sandboxes.ts'
import { runOn } from './ssh-client.ts'

const FLAVOURS = ['debian', 'redhat', 'alpine', 'router'] as const

describe.skipIf(!canIsolate)('a device of the sandbox', () => {
  let sandbox: Sandbox
  const run = (command: string, name = 'PL-0001/debian', input = ''): ReturnType<typeof runOn> =>
    runOn(sandbox.overlay, name, command, input)

  beforeAll(async () => {
    process.env['TILL_TEST_LEAK'] = 'of the host'
    sandbox = await sandboxFor({
      devices: [...FLAVOURS.map((flavour) => device(`PL-0001/${flavour}`, flavour)), device('PL-0002/debian')],
    })
  })

  afterAll(() => {
    delete process.env['TILL_TEST_LEAK']
  })

  test.each(FLAVOURS)('sees root, its own files and a clean environment (%s)', async (flavour) => {
    const { stdout } = await run('id -u; pwd; env | sort', `PL-0001/${flavour}`)
    const [user, folder, ...variables] = stdout.trim().split('\n')
    expect([user, folder]).toEqual(['0', '/root'])
    const names = variables
      .map((line) => line.replace(/=.*/, ''))
      .filter((name) => !['_', 'SHLVL', 'PWD'].includes(name))
    expect(names).toEqual(['HOME', 'LOGNAME', 'PATH', 'SHELL', 'SSH_CLIENT', 'SSH_CONNECTION', 'USER'])
  })

  test('cannot see or change files of the host', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'till-of-the-host-'))
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'of the host', { mode: 0o666 })
    const passwd = readFileSync('/etc/passwd')
    const attempts = [
      `cat ${secret}`,
      `echo changed > ${secret}`,
      `ls ${homedir()}/.ssh ${process.cwd()}/package.json`,
      'cat /proc/1/root/etc/hostname /proc/*/root/etc/machine-id',
      'echo root::0:0::/:/bin/sh > /etc/passwd',
      'rm -rf /etc/* /home/* /var/log/*',
    ]
    for (const attempt of attempts) await run(attempt, 'PL-0002/debian')
    expect(readFileSync(secret, 'utf8')).toBe('of the host')
    expect(readFileSync('/etc/passwd').equals(passwd)).toBe(true)
    const { stdout } = await run(`cat ${secret}; ls -d ${process.cwd()}`)
    expect(stdout).toBe('')
    rmSync(folder, { recursive: true })
  })

  test.each([
    'touch /usr/intruder',
    'touch /usr/bin/intruder',
    'rm -f /usr/bin/env',
    'touch /usr/lib/intruder',
    'touch /dev/intruder',
    'mount -o remount,rw /usr',
    'mount -o remount,rw,bind /usr/lib',
    'umount /usr',
    'mount -t tmpfs tmpfs /mnt',
    'echo x > /proc/sys/kernel/core_pattern',
    'echo x > /proc/sysrq-trigger',
    'mknod /tmp/disk b 254 0',
    'unshare --mount true',
    'chroot / /usr/.host/bin/mount -o remount,rw /usr',
    'dd if=/dev/zero of=/usr/.host/bin/sh bs=1 count=1 conv=notrunc',
    'ls /old /devices /flavours',
  ])('is refused: %s', async (command) => {
    const { code } = await run(command)
    expect(code).not.toBe(0)
  })

  test('leaves the programs of the host as they were', async () => {
    const before = statSync('/usr/bin/env').mtimeMs
    await run('for file in /usr/bin/env /usr/.host/bin/env; do echo > $file; rm -f $file; touch $file; done')
    expect(statSync('/usr/bin/env').mtimeMs).toBe(before)
  })

  test('cannot see or signal processes of the host', async () => {
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' })
    const { stdout } = await run(`kill -9 ${victim.pid}; kill -9 -1; ls /proc | grep -c '^[0-9]'`)
    expect(Number(stdout)).toBeLessThan(15)
    expect(victim.exitCode).toBeNull()
    expect(victim.signalCode).toBeNull()
    victim.kill('SIGKILL')
    expect((await run('echo alive')).stdout).toBe('alive\n')
  })

  test('cannot reach the network of the host', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const { code } = await run(`timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}'`)
    expect(code).not.toBe(0)
    server.close()
  })

  test('has files of its own, which stay', async () => {
    await run(
      'echo kept > /etc/mark; echo kept > /usr/local/bin/mark; mkdir -p /opt/a; echo x > /mark',
      'PL-0001/alpine',
    )
    const again = await run('cat /etc/mark /usr/local/bin/mark; ls -d /opt/a /mark', 'PL-0001/alpine')
    expect(again.stdout).toBe('kept\nkept\n/mark\n/opt/a\n')
    expect((await run('ls /etc/mark', 'PL-0001/debian')).code).not.toBe(0)
  })

  test('gives files to users, as a real one does', async () => {
    const { stdout } = await run('touch /tmp/a; chown till:www-data /tmp/a && stat -c %U:%G /tmp/a')
    if (process.getuid?.() === 0) expect(stdout).toBe('till:www-data\n')
  })

  test('carries bytes both ways, exit codes, and both streams', async () => {
    const text = 'ąę "$x" \\ `id`\n'
    const { stdout, stderr, code } = await run('cat; echo wrong >&2; exit 7', 'PL-0001/redhat', text)
    expect(Buffer.from(stdout, 'latin1').toString()).toBe(text)
    expect([stderr, code]).toEqual(['wrong\n', 7])
    const flood = await run('head -c 3000000 /dev/zero')
    expect(flood.stdout.length).toBe(3_000_000)
  })

  test('runs programs of its own kind', async () => {
    const tools = 'for tool in dpkg-query apt-get rpm dnf apk systemctl rc-service bash; do command -v $tool; done'
    const found = async (name: string): Promise<string> =>
      (await run(tools, `PL-0001/${name}`)).stdout.trim().replaceAll('/usr/bin/', '').replaceAll('/usr/sbin/', '')
    expect(await found('debian')).toBe('dpkg-query\napt-get\nsystemctl\nbash')
    expect(await found('redhat')).toBe('rpm\ndnf\nsystemctl\nbash')
    expect((await found('alpine')).replace('\nbash', '')).toBe('apk\nrc-service')
  })

  test('refuses whoever has not its key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'till-other-key-'))
    mkdirSync(folder, { recursive: true })
    const { overlay } = sandbox
    const other = { ...overlay, key: join(folder, 'key') }
    const { deriveKey } = await import('../../src/sandbox/device-keys.ts')
    writeFileSync(other.key, deriveKey(Buffer.from('another'), 'key').privateKey)
    await expect(runOn(other, 'PL-0001/debian', 'id')).rejects.toThrow(/authentication methods failed/)
    rmSync(folder, { recursive: true })
  })
})
