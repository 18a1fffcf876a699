import { chmodSync, lchownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DeviceSpec } from './device-spec.ts'
import { rootEntries } from './flavours.ts'
import { initialFiles } from './initial-files.ts'

const FOLDERS = [
  ...[
    'etc',
    'etc/init.d',
    'opt',
    'root',
    'home',
    'srv',
    'mnt',
    'media',
    'run',
    'tmp',
    'proc',
    'dev',
    'usr',
    'sys',
    'boot',
  ],
  ...['var', 'var/lib', 'var/lib/till-sandbox', 'var/lib/till-sandbox/services', 'var/lib/till-sandbox/usr-local'],
  ...['bin', 'sbin', 'lib', 'share', 'etc'].map((name) => `var/lib/till-sandbox/usr-local/${name}`),
  ...['var/log', 'var/cache', 'var/spool', 'var/tmp', 'etc/alternatives'],
]
const STICKY = ['tmp', 'var/tmp']

/** What differs from the usual when a device is made. */
export interface InitialState {
  readonly seed: number
  /** Share of devices, from 0 to 1, that are not as the inventory wants. */
  readonly drift: number
}

/**
 * Makes the files of a device as they are before anybody touched it; all of them or, if this is interrupted, none.
 * `owner` is the user and group that they belong to, as the host sees it.
 */
export function makeDevice(
  root: string,
  spec: DeviceSpec,
  options: InitialState & { readonly owner: number | undefined },
): void {
  const half = `${root}.new`
  rmSync(half, { recursive: true, force: true })
  const own = (path: string): void => {
    if (options.owner !== undefined) lchownSync(path, options.owner, options.owner)
  }
  const folder = (path: string): void => {
    if (mkdirSync(join(half, path), { recursive: true }) !== undefined) own(join(half, path))
  }
  folder('')
  for (const path of FOLDERS) folder(path)
  for (const path of STICKY) chmodSync(join(half, path), 0o1777)
  for (const { name, link } of rootEntries()) {
    if (link === undefined) folder(name)
    else symlinkSync(link, join(half, name))
  }
  for (const [path, file] of initialFiles(spec, options)) {
    for (const parent of parentsOf(path)) folder(parent)
    writeFileSync(join(half, path), file.content, { mode: file.mode ?? 0o644 })
    own(join(half, path))
  }
  renameSync(half, root)
}

function parentsOf(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === '.' ? [] : [...parentsOf(parent), parent]
}
