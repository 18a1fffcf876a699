import type { DeviceShell } from '../../core/chain.ts'
import type { Device, StoreFacts } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext, Observation } from '../../core/module.ts'
import { MODULES } from '../../modules/index.ts'

/** What is looked at. */
export interface Examined {
  readonly shell: DeviceShell
  readonly device: Device
  readonly store: StoreFacts
}

/** One thing that only a real Windows can tell. */
export interface Check {
  readonly name: string
  /** What holds if it is passed. */
  readonly about: string
  /** Resolves to what was seen; rejects with a sentence on what is wrong. */
  readonly run: (examined: Examined) => Promise<string>
}

export class Unmet extends Error {}

export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Unmet(otherwise)
}

/** What a module sees on the device. */
export async function lookBy(
  name: string,
  params: JsonObject,
  { shell, device, store }: Examined,
): Promise<Observation> {
  const module = MODULES.find((one) => one.name === name)
  if (!module) throw new Error(`there is no module "${name}"`)
  const context: ModuleContext = {
    device,
    shell,
    store,
    dial: () => Promise.reject(new Error('there are no other ways here')),
    now: () => new Date(),
    history: { samples: async () => [], fact: async () => null },
    signal: new AbortController().signal,
  }
  const seen = await module.observe(context, params)
  if (!seen.ok) throw new Unmet(seen.failure.message)
  return seen.value
}
