import { resolve } from 'node:path'
import { Flags } from '@oclif/core'
import { rootOf } from '../app/project.ts'
import { checkRepository, type RepositoryCheck } from '../app/revision/check-repository.ts'
import { checkDocument, isValid, VALIDATE_FORMATS } from '../app/revision/validate-formats.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { counted } from '../core/counted.ts'
import { InputError } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'

export default class Validate extends BaseCommand {
  static override summary =
    'Check the whole repository: project file, inventory, runbooks, modules, assignments. Touches no device.'
  static override description =
    `Every problem is shown in one go, with file, line and column. Exit codes: 0 nothing is wrong (there may be warnings),
2 something is. For pipelines, --format writes what was found on stdout: json (schema till.diagnostics/1), sarif (2.1.0, for
code scanning), junit (for test reports) or code-quality (for merge requests of GitLab).`
  static override examples = [
    { description: 'Before a commit', command: '<%= config.bin %> validate' },
    { description: 'In a pipeline', command: '<%= config.bin %> validate --json' },
    {
      description: 'As annotations of a pull request, by code scanning',
      command: '<%= config.bin %> validate --format sarif > validate.sarif',
    },
    { description: 'As a test report', command: '<%= config.bin %> validate --format junit > validate.xml' },
  ]
  static override flags = {
    format: Flags.string({
      char: 'f',
      description: 'how it is said on stdout',
      options: [...VALIDATE_FORMATS],
      default: 'text',
      helpGroup: 'OUTPUT',
    }),
    json: Flags.boolean({ description: 'the same as --format json', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Validate)
    const format = flags.json ? 'json' : (flags.format as (typeof VALIDATE_FORMATS)[number])
    const { check, root, hasStateId } = await this.#check(flags, format !== 'text')
    const valid = isValid(check.diagnostics)
    if (format !== 'text') await this.write(checkDocument(format, check, root))
    else {
      if (check.diagnostics.length > 0) this.reportDiagnostics(check.diagnostics)
      if (valid) await this.write(`${summaryOf(check.checked)}\n${hasStateId ? '' : ALONE}`)
    }
    this.exit(valid ? EXIT.ok : EXIT.usage)
  }

  /** A repository whose project file is wrong is a finding like any other, where findings are asked for as a document. */
  async #check(flags: { readonly project?: string | undefined }, asDocument: boolean) {
    const here = resolve(flags.project ?? '.')
    try {
      const project = await this.openProject(flags)
      const check = await checkRepository(project)
      await project.close()
      return { check, root: project.root, hasStateId: project.settings.stateId !== undefined }
    } catch (error) {
      if (!asDocument || !(error instanceof InputError)) throw error
      const checked = { stores: 0, devices: 0, modules: 0, runbooks: 0, assignments: 0 }
      return {
        check: { diagnostics: error.diagnostics, checked },
        root: error.diagnostics.some(({ code }) => code === 'PROJECT_UNKNOWN') ? here : rootOf(here),
        hasStateId: false,
      }
    }
  }
}

/** Nothing is wrong with it, but whoever thinks that caps hold for all should know. */
const ALONE = `To decide before a second machine changes the same devices: whose state counts.
Limits (how many are out at once, the breaker) hold on each machine alone, until
\`till state adopt\`, said on the one that counts, has written that into
tillwright.yaml. With one machine there is nothing to do.
`

function summaryOf(checked: RepositoryCheck['checked']): string {
  const { stores, devices, modules, runbooks, assignments } = checked
  const own = modules > 0 ? `, ${counted(modules, 'module')}` : ''
  return `${counted(stores, 'store')}, ${counted(devices, 'device')}${own}, ${counted(runbooks, 'runbook')} and ${counted(assignments, 'assignment')}: nothing is wrong.`
}
