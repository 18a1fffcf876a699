import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { type Diagnostic, InputError } from '../../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../../files/read-regular.ts'
import { type AnsibleMapping, ansibleDevices } from '../../../lang/foreign/ansible-devices.ts'
import { csvDevices } from '../../../lang/foreign/csv-devices.ts'
import { foreignError } from '../../../lang/foreign/foreign-diagnostic.ts'
import type { ImportedDevice, ImportedStore } from '../../../lang/foreign/imported-device.ts'
import { importedText } from '../../../lang/foreign/imported-text.ts'
import { readAnsibleInventory } from '../../../lang/foreign/read-ansible.ts'
import { loadInventory } from '../../../lang/load-inventory.ts'

/** What is imported, and how. */
export type ImportSource =
  | { readonly from: 'ansible'; readonly path: string; readonly mapping: AnsibleMapping }
  | { readonly from: 'csv'; readonly path: string; readonly columns: ReadonlyMap<string, string> }

export interface ImportTarget {
  /** Folder of the inventory. */
  readonly folder: string
  readonly region: string
  readonly timeZone?: string | undefined
  /** Replace the file of an earlier import. */
  readonly force: boolean
}

export interface Imported {
  readonly file: string
  readonly stores: number
  readonly devices: number
  /** What was not carried over. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Writes what another tool knows as one file of the inventory, `REGION.yaml`. Nothing is written unless the whole inventory
 * is without fault with it. Throws InputError, also for a file that is there.
 */
export async function importInventory(source: ImportSource, target: ImportTarget): Promise<Imported> {
  const file = join(target.folder, `${target.region}.yaml`)
  if (existsSync(file) && !target.force) throw isThereAlready(file)
  const found = read(source)
  if (found.devices.length === 0) found.diagnostics.push(foreignError(source.path, 1, 'it holds no devices'))
  refuse(found.diagnostics)
  const timeZone = target.timeZone ?? ((await knowsTimeZone(target.folder)) ? undefined : ownTimeZone())
  const { region } = target
  const { text, diagnostics } = importedText({ ...found, region, timeZone }, basename(source.path))
  refuse(diagnostics)
  await tryOut(text, file, target.folder)
  await mkdir(target.folder, { recursive: true })
  const partial = join(target.folder, `.${region}.${process.pid}.tmp`)
  await writeFile(partial, text)
  await put(partial, file, target.force ?? false)
  const stores = new Set(found.devices.map(({ store }) => store)).size
  return { file, stores, devices: found.devices.length, diagnostics: found.diagnostics }
}

/** In the place of another only where that was asked for, also when several import at once. */
async function put(partial: string, file: string, force: boolean): Promise<void> {
  if (force) return rename(partial, file)
  try {
    await link(partial, file)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? isThereAlready(file) : error
  } finally {
    await rm(partial, { force: true })
  }
}

function isThereAlready(file: string): InputError {
  const summary = `"${relative(process.cwd(), file) || file}" is there already`
  const detail = 'Name another region with --region, or replace the file with --force.'
  return new InputError([{ code: 'FILE_UNWRITABLE', severity: 'error', summary, detail }])
}

interface Found {
  readonly devices: readonly ImportedDevice[]
  readonly stores?: ReadonlyMap<string, ImportedStore>
  readonly diagnostics: Diagnostic[]
}

function read(source: ImportSource): Found {
  if (source.from === 'ansible') {
    const { inventory, diagnostics } = readAnsibleInventory(source.path)
    const hosts = ansibleDevices(inventory, source.mapping, source.path)
    return { devices: hosts.devices, diagnostics: [...diagnostics, ...hosts.diagnostics] }
  }
  let text: string
  try {
    text = readRegular(source.path, MOST_BYTES.text).toString('utf8')
  } catch (error) {
    throw new InputError([foreignError(source.path, 1, `the system says ${(error as NodeJS.ErrnoException).code}`)])
  }
  const rows = csvDevices(text, source.columns, source.path)
  return { ...rows, diagnostics: [...rows.diagnostics] }
}

function refuse(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new InputError(diagnostics)
}

async function knowsTimeZone(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false
  const texts = (await yamlFiles(folder)).map((name) =>
    readRegular(join(folder, name), MOST_BYTES.yaml).toString('utf8'),
  )
  return texts.some(
    (text) => /^fleet:(?:\n[ \t#].*|\n)*\n[ \t]+time_zone:/m.test(text) || /^fleet:.*time_zone:/m.test(text),
  )
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Loads a copy of the inventory with the new file in it. */
async function tryOut(text: string, file: string, folder: string): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'till-import-'))
  try {
    const others = existsSync(folder) ? (await yamlFiles(folder)).filter((name) => name !== basename(file)) : []
    for (const name of others) await copyFile(join(folder, name), join(copy, name))
    await writeFile(join(copy, basename(file)), text)
    const { diagnostics } = await loadInventory(copy)
    const real = diagnostics.map((one) =>
      one.source ? { ...one, source: { ...one.source, file: join(folder, relative(copy, one.source.file)) } } : one,
    )
    refuse(real.filter(({ severity }) => severity === 'error'))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function yamlFiles(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name))
}
