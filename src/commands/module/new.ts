import { Args } from '@oclif/core'
import { writeNewModule } from '../../app/modules/new-module.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class ModuleNew extends BaseCommand {
  static override summary = 'Write a module of your own that works, with comments and cases, to begin with.'
  static override description = 'Two files in the folder of modules. What is there already is never written over.'
  static override examples = [
    { description: 'Begin one', command: '<%= config.bin %> module new till-licence' },
    { description: 'Try it', command: '<%= config.bin %> module test till-licence' },
  ]
  static override args = {
    name: Args.string({ required: true, description: 'its name in runbooks: small letters, digits, - and _' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleNew)
    const project = await this.openProject(flags)
    const files = writeNewModule(project.paths.modules, args.name)
    await this.write(`Written: ${files.join(', ')}\nTry it: till module test ${args.name}\n`)
  }
}
