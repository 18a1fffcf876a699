import { existsSync } from 'node:fs'
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../../../core/diagnostic.ts'
import { type AnsibleMapping, ansibleDevices } from '../../../lang/foreign/ansible-devices.ts'
import { csvDevices } from '../../../lang/foreign/csv-devices.ts'
import { foreignError, foreignText, foreignWarning } from '../../../lang/foreign/foreign-diagnostic.ts'
import type { ImportedDevice, ImportedStore } from '../../../lang/foreign/imported-device.ts'
import { type ImportedText, importedText } from '../../../lang/foreign/imported-text.ts'
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
  refuse(found.diagnostics)
  if (found.devices.length === 0) refuse([...found.diagnostics, foreignError(source.path, 1, 'it holds no devices')])
  const { region, folder } = target
  const made = await mkdir(folder, { recursive: true })
  const text = await soundText(found, { ...target, file, origin: basename(source.path) }).catch(async (error) => {
    if (made !== undefined) await rm(made, { recursive: true })
    throw error
  })
  const partial = join(folder, `.${region}.${process.pid}.tmp`)
  await writeFile(partial, text)
  await put(partial, file, target.force ?? false)
  const stores = new Set(found.devices.map(({ store }) => store)).size
  return { file, stores, devices: found.devices.length, diagnostics: found.diagnostics }
}

/**
 * The text with which the whole inventory is without fault. Where neither is told nor the fleet has a time zone, that of this
 * machine stands in each store, and that is said. Throws InputError.
 */
async function soundText(
  found: Found,
  { file, folder, region, timeZone, origin }: ImportTarget & { readonly file: string; readonly origin: string },
): Promise<string> {
  const made = (zone: string | undefined): ImportedText => importedText({ ...found, region, timeZone: zone }, origin)
  const first = made(timeZone)
  refuse(first.diagnostics)
  const faults = await faultsWith(first, file, folder)
  if (faults.length === 0) return first.text
  if (timeZone !== undefined) throw new InputError(faults)
  const second = made(ownTimeZone())
  refuse(await faultsWith(second, file, folder))
  const detail = `That of this machine was written into each, ${ownTimeZone()}. If they have another: --time-zone.`
  found.diagnostics.push(foreignWarning(file, 'a time zone of the stores: neither they nor the fleet have one', detail))
  return second.text
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
  const detail =
    'Name another region by `till inventory import … --region NAME`, or replace the file by `till inventory import … --force`.'
  return inputError('FILE_UNWRITABLE', summary, detail)
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
  const rows = csvDevices(foreignText(source.path), source.columns, source.path)
  return { ...rows, diagnostics: [...rows.diagnostics] }
}

function refuse(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new InputError(diagnostics)
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** What is wrong with the inventory once the file is in it: of the file itself, where that stands in what is imported. */
async function faultsWith(
  { text, placeOf }: ImportedText,
  file: string,
  folder: string,
): Promise<readonly Diagnostic[]> {
  const { diagnostics } = await loadInventory(folder, { draft: { name: basename(file), text } })
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map((one) => {
      const place = one.source?.file === file ? placeOf(one.source.line) : undefined
      return place ? { ...one, source: { ...place, column: 1, endLine: place.line, endColumn: 1 } } : one
    })
}
