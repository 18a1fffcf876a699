import type { RunStore } from '../../core/run-store.ts'
import type { DeviceMark } from '../../core/sample.ts'

/** Marks by name. */
export type KnownMarks = ReadonlyMap<string, DeviceMark>

/** The last marks of every device that has some, by device. */
export async function knownMarks(store: RunStore): Promise<ReadonlyMap<string, KnownMarks>> {
  const all = new Map<string, Map<string, DeviceMark>>()
  for await (const mark of store.marks()) {
    const own = all.get(mark.device) ?? new Map<string, DeviceMark>()
    own.set(mark.name, mark)
    all.set(mark.device, own)
  }
  return all
}
