import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import type { Module } from '../../src/core/module.ts'
import { openPosixShell } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { someContext } from '../modules/some-context.ts'
import { localTarget } from '../peers/targets.ts'
import { DEADLINES } from '../shell/shells.ts'
import { ROOT, readPage } from './pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the module of the page works: it looks, mends, and is content', async () => {
  const [text = ''] = fencedBlocks(readPage('CONTRIBUTING.md'), 'ts')
  const source = join(folder, 'executable.ts')
  const imports = text.replaceAll("'../", `'${ROOT}/src/`).replaceAll("'./", `'${ROOT}/src/modules/`)
  writeFileSync(source, imports)
  const { executable } = (await import(pathToFileURL(source).href)) as { executable: Module }
  const path = join(folder, 'run')
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o644)

  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const shell = openPosixShell({
    start: (command, input) => connected.value.exec(command, input),
    deadlines: DEADLINES,
  })
  const context = someContext(shell)
  try {
    const before = await executable.observe(context, { path })
    if (!before.ok) throw new Error(before.failure.message)
    const changes = [{ path: 'executable', before: false, after: true }]
    expect(before.value.compare({ triggered: false })).toEqual({ changes })
    expect(await before.value.converge?.(changes)).toEqual({ ok: true, value: undefined })
    const after = await executable.observe(context, { path })
    expect(after.ok && after.value.compare({ triggered: false })).toEqual({ changes: [] })
    expect(statSync(path).mode & 0o777).toBe(0o755)
    const missing = await executable.observe(context, { path: `${path}.not` })
    expect(missing).toMatchObject({ ok: false, failure: { code: 'OBSERVE_FAILED' } })
  } finally {
    shell.close()
    await connected.value.close()
  }
})
