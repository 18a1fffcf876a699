import { Args, Flags } from '@oclif/core'
import { checkInventory } from '../../app/inventory/inventory-files.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'

export default class InventoryValidate extends BaseCommand {
  static override summary =
    'Check the inventory: everything that is wrong with it, at once, with file, line and column.'
  static override description =
    'Exit codes: 0 nothing is wrong, 2 something is. With --json, what is wrong has the schema till.diagnostics/1.'
  static override examples = [
    { description: 'The inventory of this repository', command: '<%= config.bin %> inventory validate' },
    { description: 'A folder anywhere', command: '<%= config.bin %> inventory validate ./proposed-inventory' },
    { description: 'In a pipeline', command: '<%= config.bin %> inventory validate --json' },
  ]
  static override args = {
    folder: Args.string({ description: 'folder of inventory files, if not that of the repository' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(InventoryValidate)
    const project = args.folder === undefined ? await this.openProject(flags) : undefined
    const folder = args.folder ?? project?.paths.inventory ?? '.'
    const { counts } = await checkInventory(folder, project ? { cacheFolder: project.paths.cache } : {})
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.inventory.check/1', valid: true, ...counts }))
      return
    }
    const { stores, devices, regions, profiles, files } = counts
    await this.write(
      `${counted(stores, 'store')} with ${counted(devices, 'device')}, ${counted(regions, 'region')} and ${counted(profiles, 'profile')} in ${counted(files, 'file')}: nothing is wrong.\n`,
    )
  }
}
