import { Args } from '@oclif/core'
import { SCHEMAS, schemaIn } from '../app/revision/schemas.ts'
import { BaseCommand } from '../cli/base-command.ts'

export default class Schema extends BaseCommand {
  static override summary = 'Print a JSON Schema: of a file that you write, or of what till writes.'
  static override description =
    `Give it to your editor, and it completes and underlines; or to a program that reads what till writes.
In VS Code: "yaml.schemas": { "./runbook.schema.json": "runbooks/*.yaml" }. Inside a repository, the schema of runbooks
knows the modules of its own; write it anew when those change.`
  static override examples = [
    { description: 'For runbooks', command: '<%= config.bin %> schema runbook > runbook.schema.json' },
    { description: 'For the event stream', command: '<%= config.bin %> schema event' },
  ]
  static override args = {
    name: Args.string({ required: true, description: 'which one', options: Object.keys(SCHEMAS) }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Schema)
    const schema = await schemaIn(flags.project ?? process.cwd(), args.name)
    await this.write(`${JSON.stringify(schema, null, 2)}\n`)
  }
}
