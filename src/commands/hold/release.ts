import { Args } from '@oclif/core'
import { releaseHolds } from '../../app/safety/holds.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class HoldRelease extends BaseCommand {
  static override summary = 'Let a store or a device be changed again; takes every hold on it away.'
  static override examples = [
    { description: 'The technician is done', command: '<%= config.bin %> hold release PL-0412/pos1' },
  ]
  static override args = {
    what: Args.string({ required: true, name: 'STORE|DEVICE', description: 'as it stands in till hold list' }),
  }
  static override flags = { sandbox: sandboxFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HoldRelease)
    const project = await this.openProject(flags)
    const released = await releaseHolds(project, args.what)
    await project.close()
    for (const { on, by, why } of released) await this.write(`${on} is no longer held by ${by} (${why}).\n`)
  }
}
