import './shown-values.ts'
import type { ShellChannel } from '../../src/core/channel.ts'
import { fail } from '../../src/core/failure.ts'
import type { Device, StoreFacts } from '../../src/core/fleet.ts'
import type { ModuleContext } from '../../src/core/module.ts'
import { someDevice } from './some-device.ts'

const ALWAYS = ['00:00-24:00']

/** A store in Warsaw that never closes. */
export const someStore: StoreFacts = {
  id: 'PL-0412',
  name: 'Warszawa Marszałkowska',
  region: 'mazowieckie',
  address: { street: 'ul. Marszałkowska 12', postcode: '00-590', city: 'Warszawa' },
  time_zone: 'Europe/Warsaw',
  hours: {
    week: { mon: ALWAYS, tue: ALWAYS, wed: ALWAYS, thu: ALWAYS, fri: ALWAYS, sat: ALWAYS, sun: ALWAYS },
    exceptions: {},
  },
  link: { type: 'fibre' },
  owner: {},
  tags: [],
  vars: {},
}

/** What a module is given, of a device that hangs on nothing and has no open ports. */
export function someContext(
  shell: ShellChannel,
  more: Partial<Omit<ModuleContext, 'shell'>> & { readonly device?: Device } = {},
): ModuleContext {
  return {
    device: someDevice,
    store: someStore,
    shell,
    dial: async ({ port }) =>
      fail({ code: 'CONNECT_REFUSED', phase: 'connect', message: `Nothing listens on port ${port}.` }),
    now: () => new Date(),
    history: { samples: async () => [], fact: async () => null },
    signal: new AbortController().signal,
    ...more,
  }
}

/** The ways to a device that has no others than its shell. */
export const noOtherWays: Pick<ModuleContext, 'dial'> = { dial: someContext({} as ShellChannel).dial }
