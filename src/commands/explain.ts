import { Args, Flags } from '@oclif/core'
import { codesTable, explainCode, explanationText } from '../app/explain-text.ts'
import { jsonPage } from '../app/json-document.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { ERROR_CODES, explainError } from '../core/explain-error.ts'

export default class Explain extends BaseCommand {
  static override summary = 'Say what an error code means: what happened, why usually, what to do.'
  static override description = 'Without a code, all of them are listed. With --json the schema is till.errors/1.'
  static override examples = [
    { description: 'A code that a run has shown', command: '<%= config.bin %> explain HOST_KEY_MISMATCH' },
    { description: 'All codes', command: '<%= config.bin %> explain' },
    { description: 'For a knowledge base', command: '<%= config.bin %> explain --json' },
  ]
  static override args = { code: Args.string({ description: 'the code, as it is shown behind an error' }) }
  static override flags = { json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }) }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain)
    const errors = args.code === undefined ? ERROR_CODES.map(explainError) : [explainCode(args.code)]
    if (flags.json) await this.write(jsonPage({ schema: 'till.errors/1', errors }))
    else if (args.code === undefined) await this.writePaged(codesTable(process.stdout.isTTY ? this.columns : undefined))
    else for (const error of errors) await this.write(explanationText(error, Math.min(this.columns, 100)))
  }
}
