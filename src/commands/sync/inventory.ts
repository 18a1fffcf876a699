import { Args, Flags } from '@oclif/core'
import { jsonDocument } from '../../app/json-document.ts'
import { holds } from '../../app/revision/selection.ts'
import { type DeviceDifference, inventoryDifference, proposalYaml } from '../../app/sync/inventory-difference.ts'
import { deviceListOf, readDeviceList } from '../../app/sync/read-list.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { counted } from '../../core/counted.ts'
import { EXIT } from '../../core/outcome.ts'
import { plainText } from '../../reporters/plain-text.ts'

const MOST_UNREADABLE = 20

export default class SyncInventory extends BaseCommand {
  static override summary =
    'Hold the inventory against a list of devices that somebody else keeps, and propose what to change.'
  static override description =
    `Reads all pages of a list of device_lists in tillwright.yaml, and writes what it says otherwise as entries of the inventory, with what
stands there now and where. It writes nothing into the inventory: take over what is right, and have it reviewed. A list that is stale, cut off,
empty, or no JSON is refused as a whole; while an entry cannot be read, none is called missing. Exit codes: 0 nothing differs, 3 something does, 4 the list could
not be used, or some of it not. With --json the answer is one document (schema till.inventory-difference/1).`
  static override examples = [
    {
      description: 'What does the vendor of the terminals know better?',
      command: '<%= config.bin %> sync inventory terminals',
    },
    {
      description: 'Addresses that changed, for another program',
      command: `<%= config.bin %> sync inventory terminals --json | jq '.devices[] | select(any(.fields[]; .field == "address"))'`,
    },
  ]
  static override args = {
    list: Args.string({ required: true, description: 'as device_lists of tillwright.yaml names it' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'as JSON', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SyncInventory)
    const project = await this.openProject(flags)
    try {
      const list = deviceListOf(project, args.list)
      const fleet = await project.fleet()
      const { devices, unreadable, pages, asOf } = await readDeviceList(project, list)
      const { where } = list
      const isMissed = where !== undefined && unreadable.length === 0
      const found = inventoryDifference(fleet, devices, (device) => isMissed && holds(where, fleet, device))
      const { differences, same } = found
      const counts = { ...countsOf(differences), same, unreadable: unreadable.length }
      if (flags.json) {
        const head = { schema: 'till.inventory-difference/1', list: list.name, as_of: asOf, pages, counts, unreadable }
        await this.writeAll(jsonDocument(head, 'devices', differences))
      } else {
        await this.write(proposalYaml(differences))
        for (const text of unreadable.slice(0, MOST_UNREADABLE)) process.stderr.write(`${plainText(text)}\n`)
        const { add, change, missing, 'no-store': noStore } = counts
        const more = [counted(pages, 'page'), ...(asOf === null ? [] : [`as of ${asOf}`])].join(', ')
        process.stderr.write(
          `${list.name} (${more}): ${add} new, ${change} otherwise, ${missing} missing, ${noStore} of stores that are not there, ${same} the same, ${unreadable.length} unreadable\n`,
        )
      }
      if (unreadable.length > 0) process.exitCode = EXIT.failed
      else if (differences.length > 0) process.exitCode = EXIT.drift
    } finally {
      await project.close()
    }
  }
}

function countsOf(differences: readonly DeviceDifference[]) {
  const count = (wanted: DeviceDifference['action']): number =>
    differences.filter(({ action }) => action === wanted).length
  return { add: count('add'), change: count('change'), missing: count('missing'), 'no-store': count('no-store') }
}
