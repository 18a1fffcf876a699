import type { HookStore } from '../../core/hook-store.ts'
import type { Incident } from '../../core/incident.ts'
import type { RunStore } from '../../core/run-store.ts'
import { type DeviceEvidence, deviceEvidence } from '../evidence/device-evidence.ts'

/** When the fault of an incident began: with its first episode, before people were needed. */
export async function faultBegan(
  hooks: Pick<HookStore, 'episode'>,
  { opened_at }: Pick<Incident, 'opened_at'>,
  episodes: readonly string[],
): Promise<string> {
  const times = await Promise.all(episodes.map(async (id) => (await hooks.episode(id))?.opened_at ?? opened_at))
  return [opened_at, ...times].sort()[0] ?? opened_at
}

/** What is known of the device of an incident since its fault began. */
export async function incidentEvidence(
  stores: { readonly runs: RunStore; readonly hooks: Pick<HookStore, 'episode'> },
  incident: Pick<Incident, 'opened_at' | 'device'>,
  episodes: readonly string[],
): Promise<{ readonly since: string; readonly evidence: DeviceEvidence }> {
  const since = await faultBegan(stores.hooks, incident, episodes)
  return { since, evidence: await deviceEvidence(stores.runs, incident.device, since) }
}
