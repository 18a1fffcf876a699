import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { statusInWords } from '../../src/app/sandbox/sandbox-foreground.ts'
import { askSandbox, clearFolder, holderOf, readOverlay, startSandbox } from '../../src/sandbox/index.ts'
import { canIsolate, device, sandboxFor, scratch, until } from './sandboxes.ts'
import { connectTo, runOn } from './ssh-client.ts'

const PROGRAM = `
import { startSandbox } from '${new URL('../../src/sandbox/index.ts', import.meta.url).href}'
const device = { name: 'PL-0001/pos1', kind: 'till', flavour: 'debian', os: {}, vars: {} }
const devices = Array.from({ length: 60 }, (_, n) => ({ ...device, name: 'PL-0001/pos' + (n + 1) }))
await startSandbox({ folder: process.argv[2], devices, faults: ['blackhole=PL-0001/pos2', 'hang=PL-0001/pos3'] })
`

/** A sandbox in a process of its own, as the command starts it. */
async function sandboxProcess(folder: string, uid?: number): Promise<ChildProcess> {
  mkdirSync(folder, { recursive: true })
  const program = join(folder, '..', 'program.mts')
  writeFileSync(program, PROGRAM)
  if (uid !== undefined) for (const path of [folder, join(folder, '..')]) chownSync(path, uid, uid)
  const user = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, ['--import', 'tsx', program, folder], { stdio: 'inherit', ...user })
  afterAll(() => {
    child.kill('SIGKILL')
  })
  await until(() => readOverlay(folder)?.pid === child.pid, 'the sandbox is up')
  return child
}

/** Every process that descends from one, nearest first. */
function descendants(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
      } catch {
        return false
      }
    })
    .map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

const NOBODY = 65_534
/** Only root can become somebody else, and that somebody has to be able to read the sources. */
const canBecomeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-p', 'require("node:fs").accessSync(process.argv[1])', process.cwd()], {
    uid: NOBODY,
    gid: NOBODY,
  }).status === 0

test('one device that imitates Windows is one', () => {
  const status = {
    pid: 1,
    started_at: '',
    printers: 0,
    listeners: 0,
    workers: 1,
    connections: 0,
    sessions: 0,
    served: 0,
  }
  const inWords = (windows: number): string => statusInWords({ ...status, devices: 3, windows, faults: {} })
  expect(inWords(1)).toMatch(/^3 devices \(1 imitates Windows\), /)
  expect(inWords(2)).toMatch(/^3 devices \(2 imitate Windows\), /)
})

describe.skipIf(!canIsolate)('a sandbox', () => {
  test('leaves no process behind when it is killed, and the next one clears its files away', async () => {
    const folder = scratch()
    const child = await sandboxProcess(folder)
    const overlay = readOverlay(folder)
    if (!overlay) throw new Error('no overlay')
    const client = await connectTo(overlay, 'PL-0001/pos3')
    client.exec('systemctl status', () => undefined)
    client.exec('(sleep 1000 & sleep 1000 & exec setsid sleep 1000) & sleep 1000', () => undefined)
    const count = (): number => descendants(child.pid ?? 0).length
    await until(() => count() > 15, 'programs run')
    const all = descendants(child.pid ?? 0)
    client.on('error', () => undefined)
    child.kill('SIGKILL')
    await until(() => all.every((pid) => !isAlive(pid)), 'all processes are gone')
    expect(holderOf(folder)?.alive).toBe(false)
    expect(await askSandbox(folder, { ask: 'status' })).toBeUndefined()
    expect(existsSync(join(folder, 'devices', 'PL-0001', 'pos3'))).toBe(true)

    const next = await startSandbox({ folder, devices: [device('PL-0001/pos1')] })
    expect(existsSync(join(folder, 'devices', 'PL-0001', 'pos3'))).toBe(false)
    await next.stop()
    expect(existsSync(folder)).toBe(false)
  })

  test.skipIf(!canBecomeNobody)('works for an ordinary user too, who cannot write what is not theirs', async () => {
    const folder = scratch()
    const child = await sandboxProcess(folder, NOBODY)
    const overlay = readOverlay(folder)
    if (!overlay) throw new Error('no overlay')
    const script =
      'id -u; systemctl is-active ssh; touch /usr/x 2>/dev/null || echo refused; echo mine > /etc/x; cat /etc/x'
    const { stdout } = await runOn(overlay, 'PL-0001/pos1', script)
    expect(stdout).toBe('0\nactive\nrefused\nmine\n')
    child.kill('SIGKILL')
    await until(() => !isAlive(child.pid ?? 0), 'it is gone')
  })

  test('lets the programs of a connection go on when it is gone, as sshd does', async () => {
    const sandbox = await sandboxFor({ devices: [device('PL-0001/pos1')] })
    const client = await connectTo(sandbox.overlay, 'PL-0001/pos1')
    client.exec('sleep 1000', () => undefined)
    const seen = async (): Promise<string> =>
      (await runOn(sandbox.overlay, 'PL-0001/pos1', 'pgrep -xc sleep')).stdout.trim()
    await until(async () => (await seen()) === '1', 'it runs')
    const gone = new Promise<void>((resolve) => client.once('end', () => resolve()))
    client.end()
    await gone
    expect(await seen()).toBe('1')
  })

  test('shows the sessions of a device the processes of each other', async () => {
    const sandbox = await sandboxFor({ devices: [device('PL-0001/pos1'), device('PL-0001/pos2')] })
    const client = await connectTo(sandbox.overlay, 'PL-0001/pos1')
    client.exec('sleep 999', () => undefined)
    const seen = async (name: string): Promise<string> => (await runOn(sandbox.overlay, name, 'pgrep -xc sleep')).stdout
    await until(async () => (await seen('PL-0001/pos1')) === '1\n', 'the other session sees it')
    expect(await seen('PL-0001/pos2')).toBe('0\n')
    client.end()
  })

  test('refuses to start twice in a folder', async () => {
    const folder = scratch()
    await sandboxFor({ devices: [device('PL-0001/pos1')] }, folder)
    await expect(startSandbox({ folder, devices: [device('PL-0001/pos1')] })).rejects.toThrow(/running/)
    expect(readOverlay(folder)?.pid).toBe(process.pid)
  })

  test('has its keys to itself, and two have different networks', async () => {
    const folder = scratch()
    const one = await sandboxFor({ devices: [device('PL-0001/pos1')] }, folder)
    const two = await sandboxFor({ devices: [device('PL-0001/pos1')] })
    expect(statSync(one.overlay.key).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const address = one.overlay.devices['PL-0001/pos1']?.address
    expect(address).not.toBe(two.overlay.devices['PL-0001/pos1']?.address)
    expect(address).toMatch(/^127\./)
  })

  test('keeps files and host keys of devices when it is told to', async () => {
    const folder = scratch()
    const options = { folder, devices: [device('PL-0001/pos1')], keep: true }
    const first = await startSandbox(options)
    await runOn(first.overlay, 'PL-0001/pos1', 'echo kept > /etc/mark')
    const key = first.overlay.devices['PL-0001/pos1']?.host_key
    await first.stop()
    expect(readOverlay(folder)).toBeUndefined()
    const second = await startSandbox({ ...options, keep: false })
    expect((await runOn(second.overlay, 'PL-0001/pos1', 'cat /etc/mark')).stdout).toBe('kept\n')
    expect(second.overlay.devices['PL-0001/pos1']?.host_key).toBe(key)
    await second.stop()
    expect(existsSync(folder)).toBe(false)
  })

  test('leaves files in its folder alone that are not its own', async () => {
    const folder = scratch()
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    const sandbox = await startSandbox({ folder, devices: [device('PL-0001/pos1')] })
    await sandbox.stop()
    await clearFolder(folder, { keep: false })
    expect(readdirSync(folder)).toEqual(['notes.txt'])
  })

  test('answers on the ports of devices without a shell, and only on loopback', async () => {
    const listeners = [{ name: 'PL-0001/printer1', ports: [9100, 9101] }]
    const sandbox = await sandboxFor({ devices: [device('PL-0001/pos1')], listeners })
    const { address = '', port, host_key } = sandbox.overlay.devices['PL-0001/printer1'] ?? {}
    expect([port, host_key]).toEqual([9100, undefined])
    for (const each of [9100, 9101]) {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(each, address, () => resolve(void socket.destroy())).on('error', reject)
      })
    }
    const listening = readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .filter((line) => / 0A /.test(line))
    expect(listening.filter((line) => /00000000:(238C|238D|08AE)/.test(line))).toEqual([])
  })

  test('carries a way through one device to another, and nowhere else', async () => {
    const sandbox = await sandboxFor({ devices: [device('PL-0001/router1', 'router'), device('PL-0001/pos1')] })
    const client = await connectTo(sandbox.overlay, 'PL-0001/router1')
    const { address = '', port = 0 } = sandbox.overlay.devices['PL-0001/pos1'] ?? {}
    const banner = await new Promise<string>((resolve, reject) => {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error) return reject(error)
        channel.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      })
    })
    expect(banner).toMatch(/^SSH-2\.0-TillwrightSandbox/)
    const refused = await new Promise<string>((resolve) => {
      client.forwardOut('127.0.0.1', 0, '127.0.0.1', 22, (error) => resolve(error?.message ?? 'open'))
    })
    expect(refused).not.toBe('open')
    client.end()
  })
})
