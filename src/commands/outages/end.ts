import { Args } from '@oclif/core'
import { endOutage } from '../../app/outages/change-outages.ts'
import { accountName } from '../../app/run/account.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class OutagesEnd extends BaseCommand {
  static override summary = 'End a known outage before its time: what still fires is seen to within ten minutes.'
  static override examples = [{ description: 'The line is back', command: '<%= config.bin %> outages end O1f2e3d4c' }]
  static override args = {
    outage: Args.string({ required: true, description: 'as it stands in till outages list' }),
  }
  static override flags = { sandbox: sandboxFlag }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OutagesEnd)
    const project = await this.openProject(flags)
    try {
      const [fleet, store] = await Promise.all([project.fleet(), project.store()])
      const { outage, why } = await endOutage({ fleet, store }, { outage: args.outage, by: accountName() })
      await this.write(`${outage} is over (${why}).\n`)
    } finally {
      await project.close()
    }
  }
}
