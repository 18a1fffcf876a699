import { Args, Flags } from '@oclif/core'
import { hereFlag } from '../../app/project.ts'
import { heldUntil, hold } from '../../app/safety/holds.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class HoldCommand extends BaseCommand {
  static override summary = 'Ask that a store or a device is not touched until some time.'
  static override description =
    `Nothing of Tillwright changes what is held, and nothing that would take it out with it: not from a terminal, a pipeline, a hook or a
schedule. Only who breaks the glass does. A hold of your own on the same store or device is replaced.`
  static override examples = [
    {
      description: 'A technician is at work',
      command: `<%= config.bin %> hold PL-0412/pos1 --until 18:00 --because 'cabling, call Ola first'`,
    },
    {
      description: 'A whole store, for two days',
      command: `<%= config.bin %> hold PL-0412 --until 2d --because 'refurbishment'`,
    },
  ]
  static override args = {
    what: Args.string({ required: true, name: 'STORE|DEVICE', description: 'PL-0412, or PL-0412/pos1' }),
  }
  static override flags = {
    sandbox: sandboxFlag,
    until: Flags.string({
      required: true,
      description: 'how long (4h), or until when by the clocks of the store: 18:00, or "2026-12-01 18:00"',
      helpValue: 'TIME',
    }),
    because: Flags.string({ required: true, description: 'why; who is held back reads it', helpValue: 'WHY' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HoldCommand)
    const project = await this.openProject(flags)
    const made = await hold(project, args.what, flags)
    const until = heldUntil(await project.fleet(), made)
    await project.close()
    await this.write(
      `${made.on} is held by ${made.by} until ${until}.\n  → till hold release ${made.on}${hereFlag(project)}\n`,
    )
  }
}
