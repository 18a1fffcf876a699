import { Args } from '@oclif/core'
import { BaseCommand } from '../app/base-command.ts'
import { SCHEMAS } from '../app/schemas.ts'

export default class Schema extends BaseCommand {
  static override summary = 'Print a JSON Schema: of a file that you write, or of what till writes.'
  static override description =
    `Give it to your editor, and it completes and underlines; or to a program that reads what till writes.
In VS Code: "yaml.schemas": { "./runbook.schema.json": "runbooks/*.yaml" }.`
  static override examples = [
    { description: 'For runbooks', command: '<%= config.bin %> schema runbook > runbook.schema.json' },
    { description: 'For the event stream', command: '<%= config.bin %> schema event' },
  ]
  static override args = {
    name: Args.string({ required: true, description: 'which one', options: Object.keys(SCHEMAS) }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Schema)
    await this.write(`${JSON.stringify(SCHEMAS[args.name], null, 2)}\n`)
  }
}
