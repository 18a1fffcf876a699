import { Flags } from '@oclif/core'
import { sandboxStatus } from '../../app/sandbox/sandbox-control.ts'
import { statusInWords, statusJson } from '../../app/sandbox/sandbox-foreground.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class SandboxStatusCommand extends BaseCommand {
  static override summary = 'Say what the running sandbox is doing.'
  static override description = 'Exit code 2 when none is running.'
  static override examples = [
    { description: 'How many programs has it run?', command: '<%= config.bin %> sandbox status --json | jq .served' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document (schema till.sandbox/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStatusCommand)
    const project = await this.openProject(flags)
    const status = await sandboxStatus(project.paths.sandbox)
    await project.close()
    await this.write(flags.json ? statusJson(status) : `${statusInWords(status)}\n`)
  }
}
