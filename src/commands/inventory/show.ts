import { Args, Flags } from '@oclif/core'
import { devicesTable, explainName, shownJson, valuesTable } from '../../app/inventory/inventory-view.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'

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
      await this.write(jsonPage(shownJson(shown, project.root)))
      return
    }
    const width = process.stdout.isTTY ? this.columns : undefined
    await this.writePaged(valuesTable(shown.values, project.root, width))
    if (shown.device || shown.store.devices.length === 0) return
    await this.write(`\n${devicesTable(shown.store.devices, width)}`)
  }
}
