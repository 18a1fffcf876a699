import { Flags } from '@oclif/core'
import { knownMarks } from '../../app/history/known-marks.ts'
import { type Duplicate, duplicatesOf } from '../../app/inventory/duplicates.ts'
import { jsonDocument } from '../../app/json-document.ts'
import { recordedKeys } from '../../app/reach/recorded-keys.ts'
import { selectDevices } from '../../app/revision/selection.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { counted } from '../../core/counted.ts'
import { EXIT } from '../../core/outcome.ts'
import { plainText } from '../../reporters/plain-text.ts'

export default class InventoryDuplicates extends BaseCommand {
  static override summary = 'List devices that claim the same identity, with the evidence.'
  static override description =
    `Two tills from one disk image, a printer that was moved, a number that was written down twice. Compares what the
inventory says (fiscal.unique_number, agent.hostname, addresses, host keys) and what was last seen of devices (serial, unique
number, machine id, host keys); asks none of them. The exit code is 3 when there are some. With --json the answer is one document
(schema till.duplicates/1).`
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> inventory duplicates' },
    {
      description: 'Clones of a disk image',
      command: `<%= config.bin %> inventory duplicates --json | jq '.duplicates[] | select(.what == "machine_id")'`,
    },
  ]
  static override flags = {
    ...selectionFlags,
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(InventoryDuplicates)
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const devices = await selectDevices(fleet, flags, { store: () => project.store() })
    const marks = await knownMarks(await project.store())
    const found = duplicatesOf(devices, { marks, hostKeys: recordedKeys(project), root: project.root })
    const head = { schema: 'till.duplicates/1', devices: devices.length, count: found.length }
    if (flags.json) await this.writeAll(jsonDocument(head, 'duplicates', found))
    else await this.writeAll(found.map(textOf))
    process.stderr.write(
      `${counted(found.length, 'identity is', 'identities are')} claimed more than once, among ${counted(devices.length, 'device')}\n`,
    )
    await project.close()
    if (found.length > 0) process.exitCode = EXIT.drift
  }
}

function textOf({ what, value, claims, advice }: Duplicate): string {
  const lines = claims.map(({ device, by, evidence }) => `  ${plainText(device)}  ${by} ${plainText(evidence)}\n`)
  return `${what} ${plainText(value)}\n${lines.join('')}  ${advice}\n`
}
