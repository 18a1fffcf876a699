import { Flags } from '@oclif/core'
import { graphDot, graphMermaid, graphText, inventoryGraph } from '../../app/inventory/inventory-graph.ts'
import { jsonPage } from '../../app/json-document.ts'
import { selectDevices } from '../../app/revision/selection.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'

export default class InventoryGraph extends BaseCommand {
  static override summary =
    'Show regions, stores and devices as a tree: what is reached through what, what hangs on what.'
  static override description =
    'For pictures, --format dot is for Graphviz and mermaid for Markdown. --json: till.inventory.graph/1.'
  static override examples = [
    { description: 'One store', command: '<%= config.bin %> inventory graph --store PL-0412' },
    {
      description: 'A picture of it',
      command: '<%= config.bin %> inventory graph --store PL-0412 --format dot | dot -Tsvg > store.svg',
    },
  ]
  static override flags = {
    ...selectionFlags,
    format: Flags.string({
      char: 'f',
      description: 'how it is written',
      options: ['text', 'dot', 'mermaid'],
      default: 'text',
      helpGroup: 'OUTPUT',
    }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(InventoryGraph)
    const project = await this.openProject(flags)
    const fleet = await project.fleet()
    const devices = await selectDevices(fleet, flags, { store: () => project.store() })
    const nodes = inventoryGraph(devices, fleet.stores)
    if (flags.json) await this.write(jsonPage({ schema: 'till.inventory.graph/1', fleet: fleet.name, nodes }))
    else if (flags.format === 'dot') await this.writeAll(graphDot(nodes))
    else if (flags.format === 'mermaid') await this.writeAll(graphMermaid(nodes))
    else await this.writePaged([...graphText(nodes)].join(''))
    await project.close()
  }
}
