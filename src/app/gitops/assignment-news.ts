import { createHash } from 'node:crypto'
import type { AssignmentMemory } from '../../core/assignment-schedule.ts'
import type { Device } from '../../core/fleet.ts'

/** Devices, and the digest of what is wanted of each. */
interface Wanting {
  readonly devices: readonly Device[]
  readonly wanted: (device: Device) => string
}

/** sha256 of what an assignment wants of all its devices. */
export function wantedOfAll({ devices, wanted }: Wanting): string {
  const hash = createHash('sha256')
  for (const device of devices) hash.update(`${device.name} ${wanted(device)}\n`)
  return hash.digest('hex')
}

/** By what a pass goes. */
interface Going {
  readonly revision: string | undefined
  readonly reportOnly: boolean
}

/**
 * Whether an assignment wants something else by now than when it was last gone through. Under the commit of that time it cannot, so
 * its devices are not even looked for. What a look saw is news to the next pass that mends, and to no other look.
 */
export async function isNews(
  memory: AssignmentMemory | undefined,
  { revision, reportOnly }: Going,
  wanting: () => Promise<Wanting>,
): Promise<boolean> {
  const { last } = memory ?? {}
  const { wanted, revision: before } = (reportOnly ? last?.looked : undefined) ?? last ?? {}
  if (wanted === undefined || memory?.suspended !== undefined) return false
  return (revision === undefined || revision !== before) && wantedOfAll(await wanting()) !== wanted
}
