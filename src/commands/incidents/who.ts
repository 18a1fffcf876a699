import { Args, Flags } from '@oclif/core'
import { whoIs } from '../../app/incidents/who.ts'
import { whoText } from '../../app/incidents/who-text.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class IncidentsWho extends BaseCommand {
  static override summary = 'Tell who is responsible for a fault of a device, and by which row of the matrix.'
  static override description = [
    'Rows that were passed over are told with the reason. Exit codes: 0 somebody is; 2 nobody, or no such device. With --json the answer is',
    'one document (schema till.incident-who/1).',
  ].join('\n')
  static override examples = [
    { description: 'Who sees to it', command: '<%= config.bin %> incidents who PL-0412/pos1 --fault sale-blocked' },
  ]
  static override args = { device: Args.string({ required: true, description: 'its full name', name: 'DEVICE' }) }
  static override flags = {
    fault: Flags.string({ description: 'the fault class', required: true, helpValue: 'FAULT' }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsWho)
    const { fault, sandbox } = flags
    const project = await this.openProject(flags)
    const who = await whoIs(project, { device: args.device, fault, sandbox })
    await project.close()
    await this.write(flags.json ? jsonLine({ schema: 'till.incident-who/1', ...who }) : whoText(who))
  }
}
