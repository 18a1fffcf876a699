import { Flags } from '@oclif/core'
import { jsonDocument } from '../../app/json-document.ts'
import { heldUntil, listHolds } from '../../app/safety/holds.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

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
    for (const held of holds) await this.write(`${held.on}  until ${heldUntil(fleet, held)}  ${held.by}: ${held.why}\n`)
  }
}
