import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../app/base-command.ts'
import { DEVICE_COLUMNS, explainName, shownJson, valueColumns } from '../../app/inventory-view.ts'
import { textTable } from '../../app/text-table.ts'

export default class InventoryShow extends BaseCommand {
  static override summary = 'Show every effective value of a device or a store, and where it was written.'
  static override description =
    `Values cascade fleet, region, store, profile, device: maps are merged, anything else is replaced, null removes.
With --json the answer has the schema till.inventory.explained/1.`
  static override examples = [
    { description: 'A device', command: '<%= config.bin %> inventory show PL-0412/pos1' },
    { description: 'A store', command: '<%= config.bin %> inventory show PL-0412' },
    {
      description: 'Who set the server of the agent?',
      command: `<%= config.bin %> inventory show PL-0412/pos1 --json | jq '.values[] | select(.path == "vars.agent.server")'`,
    },
  ]
  static override args = {
    name: Args.string({ required: true, description: 'a device (PL-0412/pos1) or a store (PL-0412)' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(InventoryShow)
    const project = await this.openProject(flags)
    const shown = explainName(await project.fleet(), args.name)
    if (flags.json) {
      await this.write(`${JSON.stringify(shownJson(shown, project.root), null, 2)}\n`)
      return
    }
    const width = process.stdout.isTTY ? this.columns : undefined
    for (const line of textTable(shown.values, valueColumns(project.root), { width })) await this.write(line)
    if (shown.device || shown.store.devices.length === 0) return
    await this.write('\n')
    for (const line of textTable(shown.store.devices, DEVICE_COLUMNS, { width })) await this.write(line)
  }
}
