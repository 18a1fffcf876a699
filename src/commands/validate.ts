import { Flags } from '@oclif/core'
import { BaseCommand } from '../app/base-command.ts'
import { checkRepository, type RepositoryCheck } from '../app/check-repository.ts'
import { jsonPage } from '../app/json-document.ts'
import { EXIT } from '../core/outcome.ts'

export default class Validate extends BaseCommand {
  static override summary =
    'Check the whole repository: project file, inventory, runbooks, modules, assignments. Touches no device.'
  static override description =
    `Every problem is shown in one go, with file, line and column. Exit codes: 0 nothing is wrong (there may be warnings),
2 something is.`
  static override examples = [
    { description: 'Before a commit', command: '<%= config.bin %> validate' },
    { description: 'In a pipeline', command: '<%= config.bin %> validate --json' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'as one JSON document on stdout (schema till.diagnostics/1)' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Validate)
    const project = await this.openProject(flags)
    const { diagnostics, checked } = await checkRepository(project)
    await project.close()
    const valid = !diagnostics.some(({ severity }) => severity === 'error')
    if (flags.json) {
      await this.write(jsonPage({ schema: 'till.diagnostics/1', valid, checked, diagnostics }))
    } else {
      if (diagnostics.length > 0) this.reportDiagnostics(diagnostics)
      if (valid) await this.write(`${summaryOf(checked)}\n`)
    }
    this.exit(valid ? EXIT.ok : EXIT.usage)
  }
}

function summaryOf(checked: RepositoryCheck['checked']): string {
  const { stores, devices, modules, runbooks, assignments } = checked
  const own = modules > 0 ? `, ${count(modules, 'module')}` : ''
  return `${count(stores, 'store')}, ${count(devices, 'device')}${own}, ${count(runbooks, 'runbook')} and ${count(assignments, 'assignment')}: nothing is wrong.`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
