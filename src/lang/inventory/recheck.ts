import { checkFiles } from './build-fleet.ts'
import { type DigestedFile, sourceFile } from './compile-file.ts'
import { Findings } from './findings.ts'
import type { InventoryFile, WrittenFile } from './inventory-file.ts'
import { addressesOf, type Pack, type PackedFile, packFile } from './pack.ts'
import { type KnownFile, knownCatalogs } from './packed-fleet.ts'

/**
 * All files as a pack holds them, where those that are new are without fault beside those that stayed: these were found
 * so before, and are not looked at again. `fresh`: what is not in the pack, by its digest, compiled. Undefined where it takes a look
 * at everything to say so, which then also tells what is wrong.
 */
export function recheck(
  sources: readonly DigestedFile[],
  fresh: ReadonlyMap<string, InventoryFile>,
  pack: Pack,
): readonly KnownFile[] | undefined {
  const here = new Set(sources.map(({ digest }) => digest))
  const stayed = [...pack.files].filter(([digest]) => here.has(digest)).map(([, packed]) => packed)
  const gone = [...pack.files].filter(([digest]) => !here.has(digest)).map(([, packed]) => packed)
  const added = [...fresh.values()]
  const areCopies = here.size < sources.length
  const wereTogether = pack.checkedAs !== undefined && stayed.some(({ stores }) => stores.length > 0)
  const areFlawless = added.every(({ diagnostics }) => diagnostics.length === 0)
  const isOfAll = [...added, ...gone].some(({ content }) => describes(content))
  if (areCopies || !wereTogether || !areFlawless || isOfAll || meets(stayed, added, gone)) return undefined
  const known = sources.map((source): KnownFile => {
    const file = fresh.get(source.digest)
    const packed = pack.files.get(source.digest) ?? packFile(file as InventoryFile)
    return { ...sourceFile(source), digest: source.digest, packed }
  })
  const findings = new Findings()
  const ties = checkFiles(added, knownCatalogs(known, findings), findings)
  const addresses = new Set([...ties.values()].flatMap((one) => one.addresses))
  if (findings.diagnostics.length > 0 || stayed.some((file) => addressesOf(file).some((one) => addresses.has(one))))
    return undefined
  return known.map((file) => {
    const compiled = fresh.get(file.digest)
    return compiled ? { ...file, packed: packFile(compiled, ties.get(compiled)) } : file
  })
}

/** What all files refer to stands in it. */
function describes({ fleet, profiles, regions }: WrittenFile): boolean {
  return fleet !== undefined || profiles !== undefined || regions !== undefined
}

/** Whether a store that is new has the id of one that stayed, or one that stayed is reached through what is new or gone. */
function meets(stayed: readonly PackedFile[], added: readonly InventoryFile[], gone: readonly PackedFile[]): boolean {
  const news = new Set(added.flatMap(({ content }) => Object.keys(content.stores ?? {})))
  const touched = new Set([...news, ...gone.flatMap(({ stores }) => stores.map(({ id }) => id))])
  return stayed.some(
    ({ stores, through }) => stores.some(({ id }) => news.has(id)) || through.some((id) => touched.has(id)),
  )
}
