import { Args, Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { findModule, shownJson, shownText } from '../../app/modules/module-view.ts'
import { modulesHere } from '../../app/modules/modules-here.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class ModuleShow extends BaseCommand {
  static override summary =
    'Show what a module does, what a step gives it, what later steps see, and a step to begin with.'
  static override description = 'With --json the answer has the schema till.module/1.'
  static override examples = [
    { description: 'One that is shipped', command: '<%= config.bin %> module show service' },
    {
      description: 'The schema of its parameters',
      command: '<%= config.bin %> module show service --json | jq .params',
    },
  ]
  static override args = { name: Args.string({ required: true, description: 'a module' }) }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleShow)
    const known = findModule(await modulesHere(flags.project), args.name)
    const width = process.stdout.isTTY ? this.columns : undefined
    await this.write(flags.json ? jsonPage(shownJson(known)) : shownText(known, width))
  }
}
