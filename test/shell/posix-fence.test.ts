import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Fenced } from '../../src/core/chain.ts'
import type { ShellRequest } from '../../src/core/channel.ts'
import { SessionLost } from '../../src/core/failure.ts'
import type { Fence } from '../../src/core/fence.ts'
import type { PosixShell } from '../../src/shell/posix-channel.ts'
import { openLocalShell, shells } from './shells.ts'

/** How a change ended: its output, or why it was not begun. */
async function endOf(shell: PosixShell, request: ShellRequest): Promise<string> {
  try {
    const { text, exitCode } = await shell.ask(request)
    return `${text.trim()}${exitCode === 0 ? '' : `:${exitCode}`}`
  } catch (error) {
    if (error instanceof Fenced) return error.fence
    return error instanceof SessionLost ? error.failure.code : String(error)
  }
}

/** What was seen under a name stays known until the machine starts anew. */
let names = 0

// Most of it waits: the shells are tried beside each other, the tests of each one after another.
describe.concurrent.each(shells)('over $name', ({ path }) => {
  describe.sequential('the fence of changes', () => {
    let folder: string
    const open: { close(): Promise<void> }[] = []
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'till-fence-'))
    })
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close()
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    const lockName = (): string => `test/${process.pid}-${names++}`
    const fence = (name: string, more: Partial<Fence> = {}): Fence => ({
      ...{ lockName: name, authority: 'a', run: 'run-1', attempt: 1, epoch: 1, leftMs: () => 60_000 },
      ...more,
    })
    const session = async (name: string) => {
      const opened = await openLocalShell(path, { lockName: name })
      open.push(opened)
      return opened
    }
    const fileOf = (name: string): string =>
      join(
        process.getuid?.() === 0 ? '/run/till' : `/run/lock/till-${process.getuid?.()}`,
        `${name.replace('/', '_')}.lock`,
      )
    const touch = (file: string): ShellRequest => ({ script: ': >"$file"; echo made', values: { file } })

    test('a change stands in a record as long as its session lives, with who makes it', async () => {
      const name = lockName()
      const { shell, hangUp } = await openLocalShell(path, { lockName: name }, 'leave running')
      expect(await endOf(shell, { ...touch(join(folder, 'a')), fence: fence(name, { attempt: 3, epoch: 7 }) })).toBe(
        'made',
      )
      const record = readFileSync(fileOf(name), 'utf8').trim().split(' ')
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      expect(record.slice(3, 8)).toEqual([boot, 'a', 'run-1', '3', '7'])
      expect(existsSync(`/proc/${record[1]}`)).toBe(true)
      hangUp()
      while (existsSync(fileOf(name))) await new Promise((resolve) => setTimeout(resolve, 20))
    })

    test.runIf(process.getuid?.() === 0).each([
      ['no inodes are left', 'nr_inodes=3', 'mkdir -p /run/till /run/lock'],
      ['no room is left', 'size=16k', 'mkdir -p /run/till; cat /dev/zero >/run/till/full 2>/dev/null'],
      ['nothing can be written', 'size=64k', 'mkdir -p /run/till; mount -o remount,ro /run'],
    ])('where %s, a change begins without a record, and it is said', async (_what, size, fill) => {
      const wrapper = join(folder, `full-${names++}`)
      const elsewhere = `mount -t tmpfs -o mode=755,${size} till /run; ${fill}; exec ${path.endsWith('busybox') ? `${path} sh` : path}`
      writeFileSync(wrapper, `#!/bin/sh\nexec unshare -m /bin/sh -c "${elsewhere}"\n`, { mode: 0o755 })
      const name = lockName()
      const opened = await openLocalShell(wrapper, { lockName: name })
      open.push(opened)
      const { shell } = opened
      const began = performance.now()
      for (const file of ['x', 'y']) {
        const request = { ...touch(join(folder, file)), timeoutMs: 20_000, fence: fence(name) }
        expect(await endOf(shell, request)).toBe('made')
      }
      expect(performance.now() - began).toBeLessThan(20_000)
      // The others know that root cannot write there either, and take the next place.
      const hasPlace = size === 'size=64k' && !path.endsWith('busybox')
      expect(shell.leftovers?.()).toEqual(hasPlace ? [] : [expect.objectContaining({ state: 'unseen' })])
    })

    test('a record of ours that is empty or gone is not that of another run', async () => {
      const name = lockName()
      const { shell } = await session(name)
      const change = (): Promise<string> => endOf(shell, { ...touch(join(folder, 'z')), fence: fence(name) })
      expect(await change()).toBe('made')
      writeFileSync(fileOf(name), '')
      expect([await change(), readFileSync(fileOf(name), 'utf8')]).toEqual(['made', expect.stringMatching(/^1 \d+ /)])
      rmSync(fileOf(name))
      expect([await change(), readFileSync(fileOf(name), 'utf8')]).toEqual(['made', expect.stringMatching(/^1 \d+ /)])
      writeFileSync(fileOf(name), readFileSync(fileOf(name), 'utf8').replace(/^1 \d+/, '1 1'))
      expect(await change()).toBe('LEASE_LOST')
    })

    test('what only looks leaves no record, and is not held up by one', async () => {
      const name = lockName()
      const { shell } = await session(name)
      expect(await endOf(shell, { script: 'echo seen' })).toBe('seen')
      expect(existsSync(fileOf(name))).toBe(false)
    })

    test('a change whose time is over is not begun, by the clock of the device', async () => {
      const name = lockName()
      const { shell } = await session(name)
      const file = join(folder, `${names}-late`)
      expect(await endOf(shell, { script: 'echo hello' })).toBe('hello')
      expect(await endOf(shell, { ...touch(file), fence: fence(name, { leftMs: () => -1 }) })).toBe('late')
      expect(existsSync(file)).toBe(false)
      // One that takes long ends; what is behind it in the chain comes too late.
      const short = fence(name, { leftMs: () => 2_500 })
      const done = { kind: 'exit', codes: [0] } as const
      const links = ['1', '2', '3'].map((n) => ({
        request: { script: 'echo "$n" >>"$file"; sleep 3', values: { n, file }, fence: short },
        gate: done,
      }))
      const ends = await Promise.all(
        shell.chain(links).map((answer) =>
          answer.then(
            () => 'done',
            (error) => (error instanceof Fenced ? error.fence : (error as Error).name),
          ),
        ),
      )
      expect(ends).toEqual(['done', 'late', 'NotRun'])
      expect(readFileSync(file, 'utf8')).toBe('1\n')
    })

    test('one that is asked meanwhile waits here, and is answered behind it', async () => {
      const name = lockName()
      const { shell } = await session(name)
      const change = endOf(shell, { script: 'sleep 1; echo changed', fence: fence(name) })
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await Promise.all([change, endOf(shell, { script: 'echo seen' })])).toEqual(['changed', 'seen'])
      // Looks are sent while others are under way; none of their text is taken by who watches.
      const looks = Array.from({ length: 20 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 15))
        return endOf(shell, { script: 'sleep 0.05; echo "$n"', values: { n } })
      })
      expect(await Promise.all(looks)).toEqual(looks.map((_, n) => String(n)))
    })

    test('a later holder ends what an earlier one has going on, and says so; the earlier one may change nothing more', async () => {
      const name = lockName()
      const log = join(folder, `${names}-log`)
      const first = await session(name)
      const loop = { script: 'while :; do echo x >>"$log"; sleep 0.1; done', values: { log }, fence: fence(name) }
      const early = endOf(first.shell, loop)
      while (!existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 20))
      const second = await session(name)
      expect(await endOf(second.shell, { script: 'echo looked' })).toBe('looked')
      expect(second.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'running' }])
      const later = fence(name, { run: 'run-2', epoch: 2 })
      expect(await endOf(second.shell, { ...touch(log), fence: later })).toBe('moved')
      expect(second.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'ended' }])
      expect(await early).toBe('SESSION_LOST')
      expect(await endOf(second.shell, { ...touch(log), fence: later })).toBe('made')
      const third = await session(name)
      const stale = { ...touch(join(folder, 'stale')), fence: fence(name) }
      expect(await endOf(third.shell, stale)).toBe('LEASE_LOST')
      expect(existsSync(join(folder, 'stale'))).toBe(false)
      expect(readFileSync(log, 'utf8')).toBe('')
    })

    test('one that does not share the state store is not ended while its controller lives', async () => {
      const name = lockName()
      const first = await session(name)
      expect(await endOf(first.shell, { ...touch(join(folder, 'b')), fence: fence(name) })).toBe('made')
      const second = await session(name)
      const other = fence(name, { authority: 'b', run: 'run-2', epoch: 99 })
      expect(await endOf(second.shell, { ...touch(join(folder, 'c')), fence: other })).toBe('DEVICE_BUSY')
      expect(await endOf(first.shell, { ...touch(join(folder, 'b')), fence: fence(name) })).toBe('made')
    }, 60_000)

    test('a change that must not be cut in half goes on when its session is gone, and the next one waits for it', async () => {
      const name = lockName()
      const file = join(folder, `${names}-whole`)
      // Detached, so that only the end of its stdin says that its session is gone.
      const first = await openLocalShell(path, { lockName: name }, 'leave running')
      const script = 'echo begun >"$file"; sleep 2; echo whole >>"$file"'
      first.shell.ask({ script, values: { file }, whole: true, fence: fence(name) }).catch(() => undefined)
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20))
      first.hangUp()
      const second = await session(name)
      const next = { script: 'cat "$file"', values: { file }, fence: fence(name, { authority: 'b', run: 'run-2' }) }
      expect(await endOf(second.shell, next)).toBe('moved')
      expect(second.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'awaited' }])
      expect(await endOf(second.shell, next)).toBe('begun\nwhole')
    })

    test('any other change ends with its session', async () => {
      const name = lockName()
      const file = join(folder, `${names}-cut`)
      const first = await openLocalShell(path, { lockName: name }, 'leave running')
      const script = 'while :; do echo x >>"$file"; sh -c "sleep 0.1"; done'
      first.shell.ask({ script, values: { file }, fence: fence(name) }).catch(() => undefined)
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20))
      first.hangUp()
      while (existsSync(fileOf(name))) await new Promise((resolve) => setTimeout(resolve, 20))
      const size = readFileSync(file).length
      await new Promise((resolve) => setTimeout(resolve, 400))
      expect(readFileSync(file).length).toBe(size)
    })
  })
})
