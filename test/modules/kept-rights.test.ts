import { execFileSync, spawnSync } from 'node:child_process'
import { linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/module.ts'
import { MODULES } from '../../src/modules/index.ts'
import { lookAtPath } from '../../src/shell/run-programs.ts'
import { shells } from '../shell/shells.ts'
import { openWorld, removeFarms, type World } from './device-world.ts'
import { someContext } from './some-context.ts'

const missing = ['getfacl', 'setfacl', 'getfattr', 'setfattr'].filter((name) => spawnSync(name, ['--version']).error)
if (missing.length > 0 && process.env['CI'] === 'true')
  throw new Error(`install acl and attr: no ${missing.join(', ')}`)
if (missing.length > 0) process.stderr.write(`ACLs are not tried: no ${missing.join(', ')} (packages acl, attr)\n`)

async function changed(world: World, module: string, params: JsonObject): Promise<Observation> {
  const observed = await MODULES.find((one) => one.name === module)?.observe(someContext(world.shell), params)
  if (!observed?.ok) throw new Error(observed?.failure.message ?? `no module ${module}`)
  const comparison = observed.value.compare({ triggered: false })
  if ('unknown' in comparison) throw new Error(comparison.unknown)
  expect(comparison.changes.length).toBeGreaterThan(0)
  const converged = await observed.value.converge?.(comparison.changes)
  if (converged && !converged.ok) throw new Error(converged.failure.message)
  return observed.value
}

/** A file of mode 600 that one other account may read, and that has an attribute. */
function guarded(path: string): void {
  writeFileSync(path, 'a=1\n', { mode: 0o600 })
  execFileSync('setfacl', ['-m', 'u:1:r', path])
  execFileSync('setfattr', ['-n', 'user.origin', '-v', 'head office', path])
}

function rights(path: string): string {
  return execFileSync('getfacl', ['-cpn', path], { encoding: 'utf8' }).trim()
}

function origin(path: string): string {
  return execFileSync('getfattr', ['--absolute-names', '--only-values', '-n', 'user.origin', path], {
    encoding: 'utf8',
  })
}

const GUARDED = 'user::rw-\nuser:1:r--\ngroup::---\nmask::r--\nother::---'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
  removeFarms()
})

/** A device; one with busybox gets the tools named. */
async function device(shell: string, tools: readonly string[] = []): Promise<World> {
  world = await openWorld(shell, {})
  const bin = join(world.names['ROOT'] ?? '', '..', 'bin')
  for (const tool of tools) symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  return world
}

describe.skipIf(missing.length > 0)('rights that ls does not show', () => {
  const able = shells.map((shell) => ({
    ...shell,
    tools: shell.name === 'busybox ash' ? ['getfacl', 'setfacl', 'getfattr', 'setfattr'] : [],
  }))

  test.each(able)('stay, on the file and on its backup, over $name', async ({ path: shell, tools }) => {
    const { names } = await device(shell, tools)
    const path = join(names['ROOT'] ?? '', 'c')
    for (const [module, params] of [
      ['file', { path, content: 'a=2\n', backup: true }],
      ['config', { path, format: 'plain', set: { a: 2 } }],
    ] as const) {
      guarded(path)
      if (world) await changed(world, module, params)
      expect(readFileSync(path, 'utf8')).toBe('a=2\n')
      expect([rights(path), rights(`${path}.till-backup`)]).toEqual([GUARDED, GUARDED])
      expect([origin(path), origin(`${path}.till-backup`)]).toEqual(['head office', 'head office'])
    }
  })

  test('a mode that is desired limits them, as chmod does', async () => {
    const one = await device('/bin/dash')
    const path = join(one.names['ROOT'] ?? '', 'c')
    guarded(path)
    const before = await changed(one, 'file', { path, content: 'a=2\n', mode: '0600' })
    expect(before.value).toMatchObject({ acl: true, mode: '0640' })
    expect(rights(path)).toBe('user::rw-\nuser:1:r--\t#effective:---\ngroup::---\nmask::---\nother::---')
  })

  test('are refused where nothing can carry them over, and the old file stays', async () => {
    const one = await device(shells.find(({ name }) => name === 'busybox ash')?.path ?? '', ['ls'])
    const path = join(one.names['ROOT'] ?? '', 'c')
    guarded(path)
    await expect(changed(one, 'file', { path, content: 'a=2\n' })).rejects.toThrow(
      `"${path}" could not be written: ${path} has an ACL, which would be lost: the device needs getfacl and setfacl (package acl)`,
    )
    expect([readFileSync(path, 'utf8'), rights(path)]).toEqual(['a=1\n', GUARDED])
  })

  test("stay where nothing shows them: the file is still the same one, and its backup is its owner's alone", async () => {
    const { names } = await device(shells.find(({ name }) => name === 'busybox ash')?.path ?? '')
    const path = join(names['ROOT'] ?? '', 'c')
    for (const [module, params] of [
      ['file', { path, content: 'a=2\n', backup: true }],
      ['config', { path, format: 'plain', set: { a: 2 } }],
      ['file', { path, content: 'a=2\n', validate: 'test -s "$file"', backup: true }],
    ] as const) {
      guarded(path)
      if (world) await changed(world, module, params)
      expect([readFileSync(path, 'utf8'), rights(path), origin(path)]).toEqual(['a=2\n', GUARDED, 'head office'])
      expect([readFileSync(`${path}.till-backup`, 'utf8'), rights(`${path}.till-backup`)]).toEqual([
        'a=1\n',
        'user::rw-\ngroup::---\nother::---',
      ])
      expect(readdirSync(names['ROOT'] ?? '').sort()).toEqual(['c', 'c.till-backup', 'tmp'])
    }
  })

  test('of the folder give nobody more than the old file had', async () => {
    const one = await device('/bin/dash')
    const folder = one.names['ROOT'] ?? ''
    const path = join(folder, 'c')
    writeFileSync(path, 'a=1\n', { mode: 0o640 })
    execFileSync('setfacl', ['-d', '-m', 'u:1:rwx', folder])
    await changed(one, 'file', { path, content: 'a=2\n' })
    expect(rights(path)).toBe('user::rw-\ngroup::r--\nother::---')
  })
})

test('a file with several names says what becomes of the others', async () => {
  const one = await device('/bin/dash')
  const path = join(one.names['ROOT'] ?? '', 'c')
  writeFileSync(path, 'a=1\n')
  linkSync(path, `${path}.other`)
  const { value } = await changed(one, 'config', { path, format: 'plain', set: { a: 2 }, backup: false })
  expect(value).toMatchObject({
    notes: [
      'The file has 2 names (hard links). A change of its content gives this name a new file; the other names keep the old one.',
    ],
  })
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}.other`, 'utf8')]).toEqual(['a=2\n', 'a=1\n'])
  expect(statSync(path).nlink).toBe(1)
})

describe.runIf(process.getuid?.() === 0)('what may not be seen', () => {
  test.each(shells)('is not taken for what is not there, over $name', async ({ path: shell, name }) => {
    const { names } = await device(shell)
    const folder = join(names['ROOT'] ?? '', 'No such file or directory')
    execFileSync('mkdir', ['-p', join(folder, 'x')])
    execFileSync('chmod', ['700', folder])
    execFileSync('chmod', ['755', names['ROOT'] ?? '', join(names['ROOT'] ?? '', '..')])
    const seen = (path: string) => {
      const { script, values } = lookAtPath('posix', path)
      const words = name === 'busybox ash' ? [shell, 'sh'] : [shell]
      const all = [...words, '-c', `till_path='${values?.['till_path']}'\n${script}`]
      const ran = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...all], {
        encoding: 'utf8',
        // Some bash reads the start file of a home, which is not this user's, where its input is a socket.
        env: { ...process.env, HOME: '/nonexistent' },
      })
      return [ran.status, ran.stdout, /Permission denied\s*$/.test(ran.stderr)]
    }
    expect(seen(join(folder, 'x'))).toEqual([77, '', true])
    expect(seen(join(folder, 'none'))).toEqual([77, '', true])
    expect(seen(folder)).toEqual([0, 'exists=yes\n', false])
    expect(seen(join(names['ROOT'] ?? '', 'none'))).toEqual([0, 'exists=no\n', false])
    expect(seen('/etc/passwd/x')).toEqual([0, 'exists=no\n', false])
  })
})
