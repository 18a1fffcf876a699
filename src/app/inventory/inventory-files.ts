import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { loadInventory } from '../../lang/load-inventory.ts'
import { generatedNames, generateFleet } from '../../sandbox/generate/generate-fleet.ts'

export { MOST_STORES } from '../../sandbox/generate/generate-fleet.ts'

/** What a folder of inventory files amounts to. */
export interface InventoryCounts {
  readonly files: number
  readonly regions: number
  readonly profiles: number
  readonly stores: number
  readonly devices: number
}

/** Reads and checks a folder; throws InputError with everything that is wrong with it. */
export async function checkInventory(
  folder: string,
  options: { readonly cacheFolder?: string } = {},
): Promise<{ readonly fleet: Fleet; readonly counts: InventoryCounts }> {
  const { fleet, diagnostics, files } = await loadInventory(folder, options)
  if (fleet === undefined) throw new InputError(diagnostics)
  const counts = {
    files: files.length,
    regions: fleet.regions.size,
    profiles: fleet.profiles.size,
    stores: fleet.stores.size,
    devices: fleet.devices.size,
  }
  return { fleet, counts }
}

/**
 * Writes a made-up fleet into a folder. Throws InputError when the folder holds anything, unless `force`; then files of
 * an earlier fleet are replaced, and everything else in the folder stays.
 */
export async function writeFleet(
  folder: string,
  options: { readonly seed: string; readonly stores: number; readonly force: boolean },
): Promise<{ readonly files: readonly string[]; readonly characters: number }> {
  const target = resolve(folder)
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new InputError([unusable(folder, `The system says ${error.code}.`)])
  })
  if (present.length > 0 && !options.force) {
    throw new InputError([
      unusable(folder, 'It is not empty. Name another folder, or replace an earlier fleet with --force.'),
    ])
  }
  const files = generateFleet(options)
  await mkdir(target, { recursive: true })
  let characters = 0
  for (const [name, text] of files) {
    const partial = join(target, `.${name}.${process.pid}.tmp`)
    await writeFile(partial, text)
    await rename(partial, join(target, name))
    characters += text.length
  }
  for (const name of generatedNames()) if (!files.has(name)) await rm(join(target, name), { force: true })
  return { files: [...files.keys()], characters }
}

function unusable(folder: string, detail: string): InputError['diagnostics'][number] {
  return { code: 'FILE_UNREADABLE', severity: 'error', summary: `The folder "${folder}" cannot be written to`, detail }
}
