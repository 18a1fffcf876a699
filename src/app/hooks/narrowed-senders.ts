import type { Sender } from '../../core/server-settings.ts'
import type { Project } from '../project.ts'
import { type KnownSender, readSenders } from './open-senders.ts'

/**
 * Those whom both let in: what is in force, and a newer tillwright.yaml that something keeps from being in force. Each may do what both say,
 * by the secret of the newer one. `fewer` names those who lose by it.
 */
export async function narrowedSenders(
  inForce: readonly KnownSender[],
  newer: Project,
): Promise<{ readonly senders: readonly KnownSender[]; readonly fewer: readonly string[] }> {
  const { known, unread } = await readSenders(newer)
  const named = new Map(newer.settings.server().senders.map((sender) => [sender.name, sender]))
  const proven = new Map(known.map((one) => [one.sender.name, one]))
  const senders: KnownSender[] = []
  const fewer: string[] = []
  for (const old of inForce) {
    const { name } = old.sender
    const next = named.get(name)
    const may = next && least(old.sender, next)
    // What cannot be read for now is as it was.
    const isOnlyAway = unread.has(name) && JSON.stringify(next?.proof) === JSON.stringify(old.sender.proof)
    const found = isOnlyAway ? old : proven.get(name)
    if (may && found) senders.push({ ...found, sender: { ...found.sender, ...may } })
    if (!found || !may || !isAll(may, old.sender)) fewer.push(name)
  }
  return { senders, fewer }
}

type Reach = Pick<Sender, 'sources' | 'acknowledges'>

/** undefined: nothing is left, or it may tell of other devices by now. */
function least(one: Sender, other: Sender): Reach | undefined {
  if (one.devices?.text !== other.devices?.text) return undefined
  const sources = isFree(one) ? other.sources : isFree(other) ? one.sources : one.sources.filter(isAmong(other.sources))
  const acknowledges = one.acknowledges.filter(isAmong(other.acknowledges))
  const isLeft = (isFree(one) && isFree(other)) || sources.length + acknowledges.length > 0
  return isLeft ? { sources, acknowledges } : undefined
}

function isAmong(names: readonly string[]): (name: string) => boolean {
  return (name) => names.includes(name)
}

/** Whoever names neither sends as every source. */
function isFree({ sources, acknowledges }: Sender): boolean {
  return sources.length === 0 && acknowledges.length === 0
}

function isAll(may: Reach, old: Sender): boolean {
  return may.sources.join() === old.sources.join() && may.acknowledges.join() === old.acknowledges.join()
}
