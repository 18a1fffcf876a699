import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { endSandbox } from '../../app/sandbox/sandbox-control.ts'
import { BaseCommand } from '../../cli/base-command.ts'

const SAID = {
  ended: 'The sandbox has ended.',
  cleared: 'The sandbox had died; what it left behind is gone.',
  none: 'No sandbox is running.',
}

export default class SandboxDown extends BaseCommand {
  static override summary = 'End the sandbox and take away what it left.'
  static override description =
    'Also clears away what a sandbox left that was killed. It is no error when there is none.'
  static override examples = [{ description: 'End it', command: '<%= config.bin %> sandbox down' }]
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxDown)
    const project = await this.openProject(flags)
    const how = await endSandbox(project.paths.sandbox)
    await project.close()
    await this.write(flags.json ? jsonLine({ schema: 'till.sandbox/1', down: how }) : `${SAID[how]}\n`)
  }
}
