import { Flags } from '@oclif/core'
import { jsonDocument } from '../../app/json-document.ts'
import { listHolds } from '../../app/safety/holds.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import type { Fleet } from '../../core/fleet.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'

export default class HoldList extends BaseCommand {
  static override summary = 'List the stores and devices that somebody asked not to touch.'
  static override examples = [
    { description: 'What is held, by whom, until when', command: '<%= config.bin %> hold list' },
  ]
  static override flags = {
    sandbox: sandboxFlag,
    json: Flags.boolean({ description: 'as JSON (schema till.holds/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(HoldList)
    const project = await this.openProject(flags)
    const holds = [...(await listHolds(project))].sort((a, b) => (a.on < b.on ? -1 : 1))
    const fleet = await project.fleet()
    await project.close()
    const shown = holds.map(({ on, by, why, from, until }) => ({
      ...{ on, by, why },
      from: new Date(from).toISOString(),
      until: new Date(until).toISOString(),
    }))
    if (flags.json) {
      for (const part of jsonDocument({ schema: 'till.holds/1' }, 'holds', shown)) await this.write(part)
      return
    }
    if (shown.length === 0) await this.write('Nothing is held.\n')
    for (const { on, by, until, why } of holds)
      await this.write(`${on}  until ${shownTime(until, clockOf(fleet, on))}  ${by}: ${why}\n`)
  }
}

/** What is held may have left the inventory since. */
function clockOf(fleet: Fleet, on: string): string {
  return fleet.stores.get(on)?.time_zone ?? fleet.stores.get(fleet.devices.get(on)?.store ?? '')?.time_zone ?? 'UTC'
}
