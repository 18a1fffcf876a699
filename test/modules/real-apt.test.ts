import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { MODULES } from '../../src/modules/index.ts'
import { shells } from '../shell/shells.ts'
import { openWorld, removeFarms, type World, whyNoMounts } from './device-world.ts'
import { someContext } from './some-context.ts'

/** The machine's own apt and dpkg, on a private root: nothing of the machine's own packages is touched. */
const APT_CONF = `
Dir::State "$ROOT/apt/state/"; Dir::State::status "$ROOT/device/var/lib/dpkg/status"; Dir::Cache "$ROOT/apt/cache/";
Dir::Etc "$ROOT/apt/etc/"; Dir::Log "$ROOT/apt/log/"; APT::Sandbox::User "root";
DPkg::Options { "--root=$ROOT/device"; "--force-not-root"; "--force-script-chrootless"; };
`

const reason = ['apt-get', 'dpkg-deb'].every((name) => existsSync(`/usr/bin/${name}`))
  ? whyNoMounts()
  : 'apt is missing'
if (reason !== undefined) {
  if (process.env['CI']) throw new Error(reason)
  console.warn(`Skipped: packages with the machine's own apt: ${reason}`)
}

let folder: string
const debs = new Map<string, { path: string; bytes: Buffer; sha256: string }>()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-debs-'))
  if (reason === undefined) for (const version of ['4.1.0-1', '4.2.1-1', '4.3.0-1']) debs.set(version, build(version))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  removeFarms()
})

function build(version: string): { path: string; bytes: Buffer; sha256: string } {
  const tree = join(folder, `agent-${version}`)
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
  mkdirSync(join(tree, 'opt'))
  writeFileSync(join(tree, 'opt/agent'), version)
  writeFileSync(join(tree, 'DEBIAN/control'), control(version))
  const path = join(folder, `till-agent_${version}_all.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', tree, path], { stdio: 'ignore' })
  const bytes = readFileSync(path)
  return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function control(version: string): string {
  return `Package: till-agent\nVersion: ${version}\nArchitecture: all\nMaintainer: T <t@example.com>\nDescription: agent\n`
}

function openDevice(shellPath: string): Promise<World> {
  const folders = ['device/var/lib/dpkg/info', 'device/var/lib/dpkg/updates', 'device/var/lib/dpkg/triggers']
  folders.push('apt/state/lists/partial', 'apt/cache/archives/partial', 'apt/log')
  folders.push('apt/etc/apt.conf.d', 'apt/etc/sources.list.d', 'apt/etc/preferences.d')
  const index = [...debs].map(
    ([version, { bytes, sha256 }]) =>
      `${control(version)}Filename: ./till-agent_${version}_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n`,
  )
  return openWorld(shellPath, {
    files: {
      ...Object.fromEntries(folders.map((path) => [path, { folder: true } as const])),
      'device/var/lib/dpkg/status': '',
      'device/var/lib/dpkg/available': '',
      'apt/apt.conf': APT_CONF,
      'apt/etc/sources.list': `deb [trusted=yes] file:${folder} ./\n`,
    },
    bin: {
      'apt-get': 'APT_CONFIG=$ROOT/apt/apt.conf; export APT_CONFIG; log apt-get "$@"; exec /usr/bin/apt-get "$@"',
      'apt-cache': 'APT_CONFIG=$ROOT/apt/apt.conf; export APT_CONFIG; exec /usr/bin/apt-cache "$@"',
      'dpkg-query': 'exec /usr/bin/dpkg-query --admindir="$ROOT/device/var/lib/dpkg" "$@"',
      dpkg: 'exec /usr/bin/dpkg --root="$ROOT/device" --force-not-root --force-script-chrootless --log=/dev/null "$@"',
    },
    mounts: { '/mnt': '$ROOT/device' },
  }).then((world) => {
    writeFileSync(join(folder, 'Packages'), index.join('\n'))
    return world
  })
}

/** One step of a run: what it found, and, if that differed, what is there after the change. */
async function apply(world: World, params: JsonObject): Promise<{ before: JsonValue; after: JsonValue }> {
  const module = MODULES.find((one) => one.name === 'package')
  const context = someContext(world.shell)
  const seen = await module?.observe(context, params)
  if (!seen?.ok) throw new Error(seen?.failure.message)
  const compared = seen.value.compare({ triggered: false })
  const changes = 'changes' in compared ? compared.changes : []
  const converged = changes.length > 0 ? await seen.value.converge?.(changes) : undefined
  if (converged && !converged.ok) throw new Error(`${converged.failure.message} ${JSON.stringify(converged.failure)}`)
  const again = await module?.observe(context, params)
  if (!again?.ok) throw new Error(again?.failure.message)
  expect(again.value.compare({ triggered: false })).toEqual({ changes: [] })
  const version = (value: JsonValue): JsonValue => (value as JsonObject)['version'] ?? null
  return { before: version(seen.value.value), after: version(again.value.value) }
}

describe.skipIf(reason !== undefined).each(shells.filter(({ name }) => name !== 'busybox ash'))(
  'packages with the machine’s own apt, over $name',
  ({ path }) => {
    test('go from a source to a version, up, down and away', async () => {
      const world = await openDevice(path)
      const installed = join(world.names['ROOT'] ?? '', 'device/opt/agent')
      try {
        const name = 'till-agent'
        expect(await apply(world, { name, version: '4.2.1' })).toEqual({ before: null, after: '4.2.1-1' })
        expect(readFileSync(installed, 'utf8')).toBe('4.2.1-1')
        expect(await apply(world, { name })).toEqual({ before: '4.2.1-1', after: '4.2.1-1' })
        expect(await apply(world, { name, version: '4.3.0-1' })).toEqual({ before: '4.2.1-1', after: '4.3.0-1' })
        expect(await apply(world, { name, version: '4.1.0' })).toEqual({ before: '4.3.0-1', after: '4.1.0-1' })
        expect(await apply(world, { name, state: 'absent' })).toEqual({ before: '4.1.0-1', after: null })
        expect(existsSync(installed)).toBe(false)
        await expect(apply(world, { name, version: '9' })).rejects.toThrow('No package source of the device has')
        await expect(apply(world, { name: 'till.agent' })).rejects.toThrow('No package source of the device has')
      } finally {
        await world.close()
      }
    })

    test('come from a source that has moved on since its lists were read', async () => {
      const world = await openDevice(path)
      const old = debs.get('4.3.0-1')?.path ?? ''
      const index = join(folder, 'Packages')
      try {
        await apply(world, { name: 'till-agent', version: '4.1.0' })
        await apply(world, { name: 'till-agent', state: 'absent' })
        // The newest of the lists is gone.
        writeFileSync(index, readFileSync(index, 'utf8').split('\n\n').slice(0, 2).join('\n\n'))
        rmSync(old)
        expect(await apply(world, { name: 'till-agent' })).toEqual({ before: null, after: '4.2.1-1' })
      } finally {
        writeFileSync(old, debs.get('4.3.0-1')?.bytes ?? '')
        await world.close()
      }
    })

    test('come from a file', async () => {
      const world = await openDevice(path)
      const deb = debs.get('4.2.1-1')
      try {
        const file = { path: deb?.path ?? '', sha256: deb?.sha256 ?? '' }
        expect(await apply(world, { name: 'till-agent', version: '4.2.1', file })).toEqual({
          before: null,
          after: '4.2.1-1',
        })
        expect(world.log().filter((line) => line.includes('update'))).toEqual([])
        expect(Object.keys(world.snapshot()).filter((seen) => seen.includes('/root/tmp/'))).toEqual([])
      } finally {
        await world.close()
      }
    })
  },
)
