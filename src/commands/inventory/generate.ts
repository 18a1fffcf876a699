import { Flags } from '@oclif/core'
import { MOST_STORES, writeFleet } from '../../app/inventory/inventory-files.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'

export default class InventoryGenerate extends BaseCommand {
  static override summary = 'Write the inventory of a made-up chain in Poland, to try things on.'
  static override description =
    `The same seed and number of stores give the same files. A folder that holds anything is left alone unless --force
is given; then the files of an earlier fleet are replaced, and everything else in the folder stays.`
  static override examples = [
    {
      description: 'A small chain to play with',
      command: '<%= config.bin %> inventory generate --stores 20 --output /tmp/chain',
    },
    {
      description: 'Another chain of full size',
      command: '<%= config.bin %> inventory generate --seed 7 --output inventory --force',
    },
  ]
  static override flags = {
    seed: Flags.string({ description: 'any text; the same one gives the same fleet', default: '1' }),
    stores: Flags.integer({ description: 'how many stores', default: 3500, min: 1, max: MOST_STORES }),
    output: Flags.string({ char: 'o', description: 'folder to write to', required: true }),
    force: Flags.boolean({ description: 'replace the files of an earlier fleet' }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(InventoryGenerate)
    const { seed, stores, force } = flags
    const { files, characters } = await writeFleet(flags.output, { seed, stores, force })
    if (flags.json) {
      const answer = { schema: 'till.inventory.generated/1', folder: flags.output, seed, stores, files }
      await this.write(jsonPage(answer))
      return
    }
    const size = (characters / 1_000_000).toFixed(1)
    await this.write(
      `${counted(stores, 'store')} in ${counted(files.length, 'file')} (${size} MB) in ${flags.output}\n`,
    )
  }
}
