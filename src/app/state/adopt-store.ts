import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { RunStore } from '../../core/run-store.ts'
import { isOfNobody } from '../../engine/admission/freed-place.ts'
import { replaceFile } from '../../files/edit-file.ts'
import { withStateId } from '../../lang/write-state-id.ts'
import type { Successor } from '../../stores/sqlite-seal.ts'
import { openStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'

/** What came of making a store the one that counts. */
export interface Adopted {
  readonly id: string
  /** The file, or the database as people may see it. */
  readonly where: string
  /** The project file, which names it now. */
  readonly file: string
  readonly already: boolean
  /** The file that counted before, and is sealed now. */
  readonly sealed: string | null
}

/**
 * Writes into the project file which state store counts: the one that is in use here. Where another one counts already, it must be
 * given up: `move` is its file, in which nothing may be in progress; it is sealed before. What was interrupted between the two is done by
 * saying it again. Throws InputError; nothing was sealed or written then, but where it says so.
 */
export async function adoptStore(project: Project, move: string | undefined): Promise<Adopted> {
  const store = await project.store()
  const { id } = store.leases
  const { where } = await store.facts()
  const file = join(project.root, 'tillwright.yaml')
  const { stateId: before } = project.settings
  if (before === id) {
    if (move !== undefined) throw refused('This store counts already, so that there is none to move from', NO_MOVE)
    return { id, where, file, already: true, sealed: null }
  }
  if (before === undefined && move !== undefined)
    throw refused('No store counts yet, so that there is none to move from', NO_MOVE)
  if (before !== undefined && move === undefined) throw countsElsewhere(before, id)
  const text = readFileSync(file, 'utf8')
  const written = withStateId(text, id)
  if (written === undefined) throw refused('tillwright.yaml cannot be edited as it is written', byHand(id))
  let sealed: string | null = null
  if (move !== undefined) {
    // That it can be written is seen before what cannot be undone.
    write(file, text, 'Nothing was sealed.')
    const fleet = await project.fleet()
    sealed = await giveUp(resolve(move), { id: before ?? '', to: { id, where }, fleet })
  }
  write(file, written, sealed === null ? 'Nothing was changed.' : `"${sealed}" is sealed: say this again.`)
  return { id, where, file, already: false, sealed }
}

function write(file: string, text: string, otherwise: string): void {
  try {
    replaceFile(file, text, { mode: statSync(file).mode & 0o777 })
  } catch (error) {
    throw refused(`"${file}" cannot be written: ${(error as Error).message}`, otherwise)
  }
}

const NO_MOVE = 'Leave --move away.'

function byHand(id: string): string {
  return `Write it by hand: state: {id: ${id}}`
}

function countsElsewhere(before: string, id: string): InputError {
  return refused(
    `tillwright.yaml counts on another state store (${before}); this one is ${id}`,
    'Devices that are out, and holds, would be forgotten. Give its file with --move FILE: where nothing is in progress in it, it is sealed. ' +
      'Where it is lost, change `state.id` of tillwright.yaml by hand, and have that reviewed.',
  )
}

/** Seals a store in which nothing is in progress; one that was sealed for this very one is given up already. */
async function giveUp(
  file: string,
  { id, to, fleet }: { readonly id: string; readonly to: Successor; readonly fleet: Fleet },
): Promise<string> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw refused(`There is no file "${file}"`, 'Name the state file that counts until now.')
  const { sealedFor, sealSqlite } = await import('../../stores/sqlite-seal.ts')
  const known = sealedFor(file)
  if (known?.id === id && known.successor === to.id) return file
  const store = await openStore({ file })
  try {
    if (store.leases.id !== id)
      throw refused(`"${file}" is not the store that counts, but ${store.leases.id}`, `That one is ${id}.`)
    await sealSqlite(file, to, async () => {
      const busy = await inProgress(store, fleet)
      if (busy !== undefined)
        throw refused(`"${file}" cannot be given up: ${busy}`, 'What is out, held or stopped would be forgotten.')
    })
  } finally {
    await store.close()
  }
  return file
}

/** What of a store nobody else would know. */
async function inProgress(store: RunStore, own: Fleet): Promise<string | undefined> {
  const running = (await store.runs()).find(({ state }) => state === 'running')
  if (running) return `run ${running.run} is in progress`
  const now = Date.now()
  const key = await store.fleets.keyOf(own)
  for (const fleet of await store.fleets.all()) {
    const { places, holds, breaker } = await store.admission.read(fleet)
    // What counts for nothing keeps nothing back.
    const place = places.find((one) => fleet !== key || !isOfNobody(one, own.devices))
    if (place) {
      const state = place.phase === 'out' ? 'out' : 'in progress'
      return `${place.device} is ${state} by run ${place.run}: a run has to see it in order first (till apply, till resume or till rollback)`
    }
    if (breaker.opened)
      return `the breaker is open: ${breaker.opened.why} See what failed, and close it (till breaker --close WHY)`
    const held = holds.find(({ until }) => now < until)
    if (held) {
      const from = held.from > now ? ` from ${new Date(held.from).toISOString()} on` : ''
      return `${held.by} holds ${held.on}${from}: ${held.why}`
    }
  }
  return undefined
}

function refused(summary: string, detail: string): InputError {
  const diagnostic: Diagnostic = { code: 'STATE_NOT_ADOPTED', severity: 'error', summary, detail }
  return new InputError([diagnostic])
}
