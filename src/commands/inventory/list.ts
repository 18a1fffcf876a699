import { Flags } from '@oclif/core'
import { deviceJson, devicesTable } from '../../app/inventory/inventory-view.ts'
import { jsonDocument, jsonLines } from '../../app/json-document.ts'
import type { Project } from '../../app/project.ts'
import { selectDevices } from '../../app/revision/selection.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import type { Device } from '../../core/fleet.ts'

export default class InventoryList extends BaseCommand {
  static override summary = 'List the devices of the inventory, all of them or those that a selector hits.'
  static override description =
    `The same flags pick devices for plan, apply, drift and exec: what is listed here is what they would work on.
With --json the answer is one document (schema till.inventory/1), with --ndjson one device a line.`
  static override examples = [
    { description: 'One store', command: '<%= config.bin %> inventory list --store PL-0412' },
    {
      description: 'Linux tills on a slow line',
      command: `<%= config.bin %> inventory list --kind till --where "device.os.family == 'linux' && store.link.rtt_ms > 100"`,
    },
    {
      description: 'Names for another program',
      command: '<%= config.bin %> inventory list --region mazowieckie --ndjson | jq -r .name',
    },
  ]
  static override flags = {
    ...selectionFlags,
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    ndjson: Flags.boolean({ description: 'one device a line, as JSON', exclusive: ['json'], helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(InventoryList)
    const project = await this.openProject(flags)
    const fleet = await project.fleet()
    const devices = await selectDevices(fleet, flags, { store: () => project.store() })
    if (flags.json) await this.#json(fleet.name, devices, project)
    else if (flags.ndjson) await this.#lines(devices, project)
    else await this.#table(devices, fleet.devices.size)
    await project.close()
  }

  async #json(name: string, devices: readonly Device[], { root }: Project): Promise<void> {
    const head = { schema: 'till.inventory/1', fleet: name, count: devices.length }
    await this.writeAll(jsonDocument(head, 'devices', inJson(devices, root)))
  }

  async #lines(devices: readonly Device[], { root }: Project): Promise<void> {
    await this.writeAll(jsonLines(inJson(devices, root)))
  }

  async #table(devices: readonly Device[], all: number): Promise<void> {
    const width = process.stdout.isTTY ? this.columns : undefined
    if (devices.length > 0) await this.writePaged(devicesTable(devices, width))
    const stores = new Set(devices.map((device) => device.store)).size
    const of = devices.length === all ? '' : ` of ${all}`
    // Beside the list, so that counting its lines counts devices.
    process.stderr.write(
      `${devices.length}${of} ${all === 1 ? 'device' : 'devices'} in ${stores} ${stores === 1 ? 'store' : 'stores'}\n`,
    )
  }
}

function* inJson(devices: readonly Device[], root: string): Generator<object> {
  for (const device of devices) yield deviceJson(device, root)
}
