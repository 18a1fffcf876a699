import { Flags } from '@oclif/core'
import type { Selection } from '../app/revision/selection.ts'
import { DEVICE_KINDS } from '../core/fleet.ts'
import { shellWord } from '../core/remedy.ts'

/** The flags by which every command picks devices. All that are given must hold; repeated ones are alternatives. */
export const selectionFlags = {
  where: Flags.string({
    char: 'w',
    description: `CEL over store and device: "device.kind == 'till' && store.region == 'mazowieckie'"`,
    helpGroup: 'SELECT',
  }),
  store: Flags.string({ char: 's', description: 'store id', multiple: true, helpGroup: 'SELECT' }),
  region: Flags.string({ char: 'r', description: 'region id', multiple: true, helpGroup: 'SELECT' }),
  kind: Flags.string({
    char: 'k',
    description: 'kind of device',
    multiple: true,
    options: [...DEVICE_KINDS],
    helpGroup: 'SELECT',
  }),
  device: Flags.string({
    char: 'd',
    description: 'full name, as in PL-0412/pos1',
    multiple: true,
    helpGroup: 'SELECT',
  }),
  limit: Flags.integer({ char: 'n', description: 'at most so many devices', min: 1, helpGroup: 'SELECT' }),
  'from-run': Flags.string({
    description: 'devices of an earlier run, by state or fault: RUN, RUN:failed, latest:sale-blocked',
    helpGroup: 'SELECT',
  }),
}

/** The same selection for another command, each flag with a space before it. */
export function selectionText(selection: Selection): string {
  return (Object.keys(selectionFlags) as (keyof typeof selectionFlags)[])
    .flatMap((name) => [selection[name] ?? []].flat().map((value) => ` --${name}=${shellWord(String(value))}`))
    .join('')
}
