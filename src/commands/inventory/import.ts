import { join, relative } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { importInventory } from '../../app/inventory/foreign/import-inventory.ts'
import { columnsOf, kindsOf, STORE_IN_NAME, storeBy } from '../../app/inventory/foreign/import-options.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'

export default class InventoryImport extends BaseCommand {
  static override summary = 'Write an inventory file from an inventory of Ansible (INI, YAML, JSON) or from CSV.'
  static override description =
    `Everything becomes one file of the inventory, REGION.yaml, which must be valid together with the others; else nothing is
written. What could not be carried over is listed. Secrets are never copied: the file names variables of the environment.
Groups of Ansible become tags; values that all devices have in common stand once. The store of a host is found by --store-by:
name:REGEX (groups "store" and "device" of its name), group:REGEX (of the name of one of its groups), or var:NAME.`
  static override examples = [
    { description: 'Hosts named PL-0412-pos1', command: '<%= config.bin %> inventory import ansible hosts.ini' },
    {
      description: 'A group for each store, and routers in a group of their own',
      command:
        "<%= config.bin %> inventory import ansible inventories/prod --store-by 'group:^store_(.+)$' --kind routers=router",
    },
    {
      description: 'A list out of a spreadsheet',
      command:
        '<%= config.bin %> inventory import csv tills.csv --map store=Filiale --map device=Host --map vars.serial=Serial',
    },
  ]
  static override args = {
    from: Args.string({ required: true, description: 'what it is', options: ['ansible', 'csv'] }),
    path: Args.string({ required: true, description: 'file, or folder of an inventory of Ansible' }),
  }
  static override flags = {
    region: Flags.string({ description: 'region of the stores, and name of the file', default: 'imported' }),
    'store-by': Flags.string({ description: 'Ansible: where the store of a host is written', default: STORE_IN_NAME }),
    'other-store': Flags.string({ description: 'Ansible: store of hosts that tell none', default: 'unknown' }),
    kind: Flags.string({
      description: 'Ansible: kind of the devices of a group (default: till)',
      helpValue: 'GROUP=KIND',
      multiple: true,
    }),
    map: Flags.string({ description: 'CSV: which column is what', helpValue: 'FIELD=COLUMN', multiple: true }),
    'time-zone': Flags.string({ description: 'of the stores (default: that of the fleet, or of this machine)' }),
    force: Flags.boolean({ description: 'replace the file of an earlier import' }),
    json: Flags.boolean({ description: 'one JSON document (schema till.inventory.imported/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(InventoryImport)
    const project = await this.openProject(flags)
    const mapping = {
      storeBy: storeBy(flags['store-by']),
      otherStore: flags['other-store'],
      kinds: kindsOf(flags.kind ?? []),
    }
    const { path } = args
    const source =
      args.from === 'csv'
        ? ({ from: 'csv', path, columns: columnsOf(flags.map ?? []) } as const)
        : ({ from: 'ansible', path, mapping } as const)
    const { region, force } = flags
    const target = { folder: project.paths.inventory, region, force, timeZone: flags['time-zone'] }
    const { file, stores, devices, diagnostics } = await importInventory(source, target)
    const name = relative(project.root, file)
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.inventory.imported/1', file: name, stores, devices, diagnostics }))
      return
    }
    if (diagnostics.length > 0) this.reportDiagnostics(diagnostics)
    const here = relative(process.cwd(), join(project.root, name))
    await this.write(`${counted(devices, 'device')} in ${counted(stores, 'store')} written to ${here}\n`)
  }
}
