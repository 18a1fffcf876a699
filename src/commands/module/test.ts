import { Args, Flags } from '@oclif/core'
import { jsonPage } from '../../app/json-document.ts'
import { modulesToTest } from '../../app/modules/modules-here.ts'
import { closingLine, resultLines } from '../../app/modules/test/report.ts'
import { testModules } from '../../app/modules/test/test-modules.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class ModuleTest extends BaseCommand {
  static override summary = 'Run the cases of the repository’s own modules, on this machine.'
  static override description =
    `Cases stand in NAME.test.yaml beside the module. Each is run in sh, dash, busybox ash and bash, as far as they are here, in a
folder of its own and over the channel that devices get: observe must write nothing there, and a change that is made twice
must do no harm. PowerShell sides are run by pwsh or powershell if there is one. Exit codes: 0 all is as expected; 2 a file
is wrong, or nothing could be run; 4 a case failed. With --json the answer has the schema till.module.test/1.`
  static override examples = [
    { description: 'One module', command: '<%= config.bin %> module test till-licence' },
    { description: 'All of them, in a pipeline', command: '<%= config.bin %> module test --json' },
  ]
  static override args = { name: Args.string({ description: 'a module; all that have cases otherwise' }) }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleTest)
    const project = await this.openProject(flags)
    const modules = modulesToTest(project.modules(), args.name)
    const report = await testModules(modules, async (result) => {
      if (!flags.json) await this.write(resultLines(result))
    })
    if (flags.json) await this.write(jsonPage({ schema: 'till.module.test/1', ...report }))
    else await this.write(closingLine(report))
    // Where nothing was run, nothing is known.
    const failed = report.results.some(({ state }) => state === 'failed')
    this.exit(failed ? EXIT.failed : report.ok ? EXIT.ok : EXIT.usage)
  }
}
