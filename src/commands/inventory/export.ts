import { Flags } from '@oclif/core'
import { ansibleIni, ansibleYaml, devicesCsv } from '../../app/inventory/foreign/export-inventory.ts'
import { deviceJson } from '../../app/inventory/inventory-view.ts'
import { jsonDocument } from '../../app/json-document.ts'
import { selectDevices } from '../../app/revision/selection.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class InventoryExport extends BaseCommand {
  static override summary = 'Write devices for other tools: JSON, an inventory of Ansible in YAML or INI, or CSV.'
  static override description =
    `For Ansible, devices are hosts named STORE_DEVICE in groups region_*, store_*, kind_*, os_*, profile_* and tag_*; secrets are
looked up where the inventory says that they are, never written out. JSON is that of \`inventory list\` (till.inventory/1).`
  static override examples = [
    { description: 'For a playbook', command: '<%= config.bin %> inventory export --format ansible-yaml > hosts.yaml' },
    {
      description: 'One region for a spreadsheet',
      command: '<%= config.bin %> inventory export --region slaskie --format csv > slaskie.csv',
    },
  ]
  static override flags = {
    ...selectionFlags,
    format: Flags.string({
      char: 'f',
      description: 'how it is written',
      options: ['json', 'ansible', 'ansible-yaml', 'csv'],
      default: 'json',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(InventoryExport)
    const project = await this.openProject(flags)
    const fleet = await project.fleet()
    const devices = await selectDevices(fleet, flags, { store: () => project.store() })
    if (flags.format === 'ansible') await this.write(ansibleIni(devices, fleet))
    else if (flags.format === 'ansible-yaml') await this.write(ansibleYaml(devices, fleet))
    else if (flags.format === 'csv') await this.write(devicesCsv(devices, fleet))
    else {
      const head = { schema: 'till.inventory/1', fleet: fleet.name, count: devices.length }
      await this.writeAll(
        jsonDocument(
          head,
          'devices',
          devices.map((device) => deviceJson(device, project.root)),
        ),
      )
    }
    await project.close()
  }
}
