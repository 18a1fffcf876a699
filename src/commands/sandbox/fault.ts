import { Args, Flags } from '@oclif/core'
import { addFaults } from '../../app/sandbox/sandbox-control.ts'
import { FAULT_HELP, statusInWords, statusJson } from '../../app/sandbox/sandbox-foreground.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class SandboxFault extends BaseCommand {
  static override summary = 'Change what is wrong with devices of the running sandbox.'
  static override description = `Holds from the next connection on. none=WHO takes faults away; WHO is a share (3%),
all, or devices (PL-0001/pos1, PL-00*/*).
${FAULT_HELP}`
  static override examples = [
    {
      description: 'A till that hangs at the login',
      command: '<%= config.bin %> sandbox fault tarpit-auth=PL-0001/pos1',
    },
    { description: 'All is well again', command: '<%= config.bin %> sandbox fault none=all' },
  ]
  static override strict = false
  static override args = {
    fault: Args.string({ required: true, description: 'NAME=WHO, several if you like' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document (schema till.sandbox/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(SandboxFault)
    const project = await this.openProject(flags)
    const status = await addFaults(project.paths.sandbox, argv.map(String))
    await project.close()
    await this.write(flags.json ? statusJson(status) : `${statusInWords(status)}\n`)
  }
}
