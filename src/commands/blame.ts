import { Args, Flags } from '@oclif/core'
import { blameStep, blameText } from '../app/gitops/blame/blame-step.ts'
import { jsonPage } from '../app/json-document.ts'
import { deviceNamed } from '../app/safety/device-named.ts'
import { BaseCommand } from '../cli/base-command.ts'

export default class Blame extends BaseCommand {
  static override summary = 'Say which commit and line wants what a step wants of a device.'
  static override description =
    `From git and the files of this repository: the parameters of the step as they are written, the variables that they look at, each at
the level of the inventory that won (region, store, profile, device), the parameters of the runbook, and its assignment. What was
written last stands first. The device is not asked.`
  static override examples = [
    {
      description: 'Why is this till to have another agent?',
      command: '<%= config.bin %> blame PL-0412/pos1 agent-update/agent',
    },
    {
      description: 'The commit that wants it, for another program',
      command: '<%= config.bin %> blame PL-0412/pos1 package --json | jq -r .wanted[0].origin.commit',
    },
  ]
  static override args = {
    device: Args.string({ required: true, description: 'its full name: PL-0412/pos1' }),
    step: Args.string({
      required: true,
      description: 'id of a step that is assigned to it, RUNBOOK/ID, or ASSIGNMENT/ID',
    }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'as JSON (schema till.blame/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Blame)
    const project = await this.openProject(flags)
    const fleet = await project.fleet()
    const blamed = await blameStep(project, { fleet, device: deviceNamed(fleet, args.device), step: args.step })
    await project.close()
    const width = process.stdout.isTTY ? this.columns : undefined
    await this.write(flags.json ? jsonPage(blamed) : blameText(blamed, { width, color: this.color }))
  }
}
