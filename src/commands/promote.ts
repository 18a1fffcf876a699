import { Args, Flags } from '@oclif/core'
import { promotion, promotionText } from '../app/gitops/promote/promotion.ts'
import { jsonPage } from '../app/json-document.ts'
import { BaseCommand } from '../cli/base-command.ts'

export default class Promote extends BaseCommand {
  static override summary = 'Say what merging one branch into another would mean; merge nothing.'
  static override description =
    `Where pilot stores follow one branch and the chain another: stores, assignments and policies that differ, and how many devices it
touches by region, profile and version. Both are read out of git's objects; no device is asked, nothing is executed, and the merge
stays with you.`
  static override examples = [
    {
      description: 'What would bringing the pilot to the chain mean?',
      command: '<%= config.bin %> promote pilot main',
    },
    {
      description: 'How many devices, for a pipeline',
      command: '<%= config.bin %> promote pilot main --json | jq .touched.devices',
    },
  ]
  static override args = {
    from: Args.string({ required: true, description: 'the branch, tag or commit that would be merged' }),
    into: Args.string({ required: true, description: 'the one that it would be merged into' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'as JSON (schema till.promotion/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Promote)
    const project = await this.openProject(flags)
    const promoted = await promotion(project, args)
    await project.close()
    await this.write(flags.json ? jsonPage(promoted) : promotionText(promoted))
  }
}
