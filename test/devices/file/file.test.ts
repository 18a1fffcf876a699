import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ShellChannel } from '../../../src/core/channel.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Module } from '../../../src/core/module.ts'
import { modeOf } from '../../../src/devices/file/read-file.ts'
import { fileContent, replaceFile } from '../../../src/devices/file/replace-file.ts'
import { config } from '../../../src/modules/config/config.ts'
import { file } from '../../../src/modules/file/file.ts'
import { openPosixShell } from '../../../src/shell/posix-channel.ts'
import { localTransport } from '../../../src/transports/local.ts'
import { whyNoMounts } from '../../modules/device-world.ts'
import { someContext } from '../../modules/some-context.ts'
import { localTarget } from '../../peers/targets.ts'
import { DEADLINES, openLocalShell, shells } from '../../shell/shells.ts'

const signal = new AbortController().signal

async function converged(module: Module, shell: ShellChannel, params: JsonObject): Promise<unknown> {
  const observed = await module.observe(someContext(shell, { signal }), params)
  if (!observed.ok) return observed
  const comparison = observed.value.compare({ triggered: false })
  return observed.value.converge?.('changes' in comparison ? comparison.changes : [])
}

function privately<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'till-file-'))
  return use(folder).finally(() => rmSync(folder, { recursive: true, force: true }))
}

/** Each of these is tried, beside random ones. */
const CONTENTS = ['', '\n', '\r\n\r\n', "'", '\\', '$(id)', '-n', '%s', 'a\n\n\n', '\ufeffa'].map((text) =>
  Buffer.from(text),
)

describe.each(shells)('in $name', ({ path: shellPath }) => {
  test('any bytes arrive as they are', () =>
    privately(async (folder) => {
      const { shell, close } = await openLocalShell(shellPath)
      const path = join(folder, 'x')
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      )
      await fc.assert(
        fc.asyncProperty(bytes, async (content) => {
          const replacement = {
            path,
            content: fileContent(content),
            owner: '',
            mode: '0640',
            backup: false,
            expected: 'any',
          }
          expect(await replaceFile(shell, replacement)).toEqual({ ok: true, value: undefined })
          expect(readFileSync(path).equals(Buffer.from(content))).toBe(true)
          expect(readdirSync(folder)).toEqual(['x'])
        }),
        {
          numRuns: Number(process.env['TILL_RUNS'] ?? 20) + CONTENTS.length,
          examples: CONTENTS.map((text): [Buffer<ArrayBuffer>] => [text]),
        },
      )
      await close()
    }))

  test('a large file of the repository is uploaded', () =>
    privately(async (folder) => {
      const { shell, close } = await openLocalShell(shellPath)
      const [source, path] = [join(folder, 'source'), join(folder, 'target')]
      const content = Buffer.alloc(3_000_000, 'abc\0\n')
      writeFileSync(source, content)
      expect(await converged(file, shell, { path, source, mode: '0600' })).toEqual({ ok: true, value: undefined })
      expect(readFileSync(path).equals(content)).toBe(true)
      expect(readdirSync(folder).sort()).toEqual(['source', 'target'])
      const again = await file.observe(someContext(shell, { signal }), { path, source, mode: '0600' })
      expect(again.ok && again.value.compare({ triggered: false })).toEqual({ changes: [] })
      await close()
    }))

  test('a configuration file in an old code page keeps its bytes', () =>
    privately(async (folder) => {
      const { shell, close } = await openLocalShell(shellPath)
      const path = join(folder, 'c.ini')
      writeFileSync(path, Buffer.from('; \xbfabka\r\n[a]\r\nname=\xb3\r\nport=1\r\n', 'latin1'))
      expect(
        await converged(config, shell, { path, format: 'ini', set: { 'a.port': 2 }, backup: false }),
      ).toMatchObject({ ok: true })
      expect(readFileSync(path, 'latin1')).toBe('; \xbfabka\r\n[a]\r\nname=\xb3\r\nport=2\r\n')
      const refused = await converged(config, shell, { path, format: 'ini', set: { 'a.name': 'ł' } })
      expect(refused).toMatchObject({ ok: false, failure: { code: 'PARAMS_INVALID' } })
      await close()
    }))

  test('a configuration file in UTF-16 stays in it', () =>
    privately(async (folder) => {
      const { shell, close } = await openLocalShell(shellPath)
      const path = join(folder, 'c.ini')
      writeFileSync(path, Buffer.from('\ufeff[a]\r\nname=ł\r\n', 'utf16le'))
      expect(await converged(config, shell, { path, format: 'ini', set: { 'a.name': 'ż' } })).toMatchObject({
        ok: true,
      })
      expect(readFileSync(path, 'utf16le')).toBe('\ufeff[a]\r\nname=ż\r\n')
      await close()
    }))

  const noMounts = whyNoMounts()
  if (noMounts) console.warn(`Skipped: full disks: ${noMounts}`)
  test.skipIf(noMounts !== undefined && !process.env['CI'])('a full disk leaves the old file, and nothing else', () =>
    privately(async (folder) => {
      const { shell, close } = await onSmallDisk(shellPath, folder)
      const path = join(folder, 'x')
      await shell.ask({ script: 'printf old >"$path"', values: { path } })
      for (const content of ['y'.repeat(60_000), 'z'.repeat(200_000), `\0${'z'.repeat(60_000)}`]) {
        const made = await converged(file, shell, { path, content, backup: true })
        expect(made).toMatchObject({ ok: false, failure: { code: 'CONVERGE_FAILED', phase: 'converge' } })
        expect(JSON.stringify(made)).toMatch(/No space left on device/)
        const left = await shell.ask({ script: 'cd "$folder"; cat x; ls -A', values: { folder } })
        expect(left.text).toBe('oldx\n')
      }
      await close()
    }),
  )
})

/** A shell that sees a disk of 32 KiB at `folder`. */
async function onSmallDisk(
  shellPath: string,
  folder: string,
): Promise<{ shell: ShellChannel; close: () => Promise<void> }> {
  const connected = await localTransport.connect(localTarget(), signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const programs = mkdtempSync(join(tmpdir(), 'till-sh-'))
  const { symlinkSync } = await import('node:fs')
  symlinkSync(shellPath, join(programs, 'sh'))
  // One namespace for the interpreter and its uploads.
  const keeper = `${programs}/pid`
  const holder = await connected.value.exec(
    `unshare -rm /bin/sh -c 'mount -t tmpfs -o size=32k none ${folder} && echo $$ >${keeper}.new && mv ${keeper}.new ${keeper} && read -r end'`,
  )
  if (!holder.ok) throw new Error(holder.failure.message)
  while (!existsSync(keeper)) await new Promise((resolve) => setTimeout(resolve, 20))
  const pid = readFileSync(keeper, 'utf8').trim()
  const inside = (command: string): string =>
    `exec nsenter -t ${pid} -U -m --preserve-credentials /bin/sh -c '${command.replaceAll("'", `'\\''`)}'`
  const shell = openPosixShell({
    start: (command, input) => connected.value.exec(inside(`PATH=${programs}:$PATH; export PATH; ${command}`), input),
    deadlines: DEADLINES,
  })
  return {
    shell,
    close: async () => {
      shell.close()
      holder.value.end()
      await connected.value.close()
      rmSync(programs, { recursive: true, force: true })
    },
  }
}

test('modes as ls shows them', () => {
  expect(['-rw-r--r-- 1', '-rwsr-xr-x.', '-rwSr-Sr-T+', 'drwxrwxrwt', 'crw-------', 'what'].map(modeOf)).toEqual([
    '0644',
    '4755',
    '7644',
    '1777',
    '0600',
    undefined,
  ])
})
