import { Args, Flags } from '@oclif/core'
import { hooksOf } from '../../app/hooks/open-hooks.ts'
import { triedTable } from '../../app/hooks/tried-table.ts'
import { readRecorded, tryAlerts } from '../../app/hooks/try-alerts.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class HookTest extends BaseCommand {
  static override summary = 'Hold recorded alerts against the rules, and say what would be done.'
  static override description = [
    'For pipelines: nothing is kept and nothing is done. A file is what `till hook record` wrote, or one payload, whose source',
    '--source names. Exit codes: 0 each alert that fires finds its device and a rule, and its parameters are allowed; 3 one does',
    'not; 2 bad input. With --json the answer is one document (schema till.hook-test/1).',
  ].join('\n')
  static override examples = [
    { description: 'What was recorded, in a pipeline', command: '<%= config.bin %> hook test alerts.ndjson --json' },
    { description: 'One payload', command: '<%= config.bin %> hook test payload.json --source grafana' },
  ]
  static override strict = false
  static override args = {
    file: Args.string({ required: true, description: 'files with recorded alerts', name: 'FILE' }),
  }
  static override flags = {
    source: Flags.string({ description: 'whose payload a file is that was not recorded by till' }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(HookTest)
    const project = await this.openProject(flags)
    const hooks = await hooksOf(project, { sandbox: false })
    const alerts = (argv as string[]).flatMap((file) => tryAlerts(hooks, readRecorded(file, flags.source)))
    if (flags.json) await this.write(jsonLine({ schema: 'till.hook-test/1', alerts }))
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(triedTable(alerts, { width, color: this.color }))
    }
    await project.close()
    this.exit(alerts.some(({ state, why }) => state === 'firing' && why !== null) ? EXIT.drift : EXIT.ok)
  }
}
