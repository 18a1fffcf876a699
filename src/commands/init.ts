import { join, relative, resolve } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { importInventory } from '../app/inventory/foreign/import-inventory.ts'
import { STORE_IN_NAME, storeBy } from '../app/inventory/foreign/import-options.ts'
import { jsonPage } from '../app/json-document.ts'
import { findRoot } from '../app/project.ts'
import { CI_SYSTEMS, type CiSystem } from '../app/revision/starter/ci-files.ts'
import { type WrittenStarter, writeStarter } from '../app/revision/starter/write-starter.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { inputError } from '../core/diagnostic.ts'
import { shellWord } from '../core/remedy.ts'

export default class Init extends BaseCommand {
  static override summary = 'Make a repository of your own: inventory, first runbook, editor settings, pipeline.'
  static override description =
    `Files that are there stay as they are; what is missing is written. Where there is a tillwright.yaml or an inventory
already, no store and no runbook are added: only editor settings, schemas and pipeline. Within a repository none is begun
unless --nested says so. The schemas in schemas/ let an editor complete, explain
and underline: VS Code with the YAML extension, or any other with yaml-language-server.`
  static override examples = [
    { description: 'In a new folder', command: '<%= config.bin %> init my-chain' },
    { description: 'Here, with a pipeline for GitLab only', command: '<%= config.bin %> init --ci gitlab' },
    { description: 'With the hosts of Ansible', command: '<%= config.bin %> init my-chain --from-ansible hosts.ini' },
    { description: 'Without a pipeline', command: '<%= config.bin %> init my-chain --ci none' },
  ]
  static override args = { folder: Args.string({ description: 'folder of the repository', default: '.' }) }
  static override flags = {
    ci: Flags.string({
      description: 'which pipelines to write (default: all)',
      options: [...CI_SYSTEMS, 'none'],
      multiple: true,
    }),
    'from-ansible': Flags.string({
      description: 'with the hosts of this inventory of Ansible in place of a store to begin with',
      helpValue: 'PATH',
    }),
    nested: Flags.boolean({ description: 'also within another repository' }),
    json: Flags.boolean({ description: 'one JSON document (schema till.init/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init)
    if (!flags.nested) refuseNested(args.folder)
    const ci = (flags.ci ?? CI_SYSTEMS).filter((system): system is CiSystem => system !== 'none')
    const path = flags['from-ansible']
    const instead = path === undefined ? {} : { 'inventory/stores.yaml': undefined }
    const written = await writeStarter(args.folder, { ci, instead })
    const starter = path === undefined ? written : await this.#withHosts(written, path)
    if (flags.json) {
      const { folder, written, kept, diagnostics } = starter
      await this.write(jsonPage({ schema: 'till.init/1', folder, written, kept, diagnostics }))
    } else {
      if (starter.diagnostics.length > 0) this.reportDiagnostics(starter.diagnostics)
      await this.write(told(starter))
    }
  }

  /** What else there is to say of hosts, `till inventory import` takes as flags. */
  async #withHosts(starter: WrittenStarter, path: string): Promise<WrittenStarter> {
    const mapping = { storeBy: storeBy(STORE_IN_NAME), otherStore: 'unknown', kinds: new Map<string, string>() }
    const target = { folder: join(starter.folder, 'inventory'), region: 'imported', force: false }
    const imported = importInventory({ from: 'ansible', path, mapping }, target)
    const { file, diagnostics } = await imported.catch(async (error) => {
      await starter.undo()
      throw error
    })
    return { ...starter, diagnostics, written: [...starter.written, relative(starter.folder, file)] }
  }
}

/** Whoever says `till init shop` within shop, by a slip, means the one that is there. */
function refuseNested(folder: string): void {
  const root = resolve(folder)
  const outer = findRoot(root)
  if (outer === undefined || outer === root) return
  const summary = `"${relative(process.cwd(), root) || root}" lies within a repository that is there already, "${outer}"`
  const detail = `For what is missing there: till init ${shellWord(relative(process.cwd(), outer) || '.')}. For a second one within it: --nested.`
  throw inputError('USAGE_INVALID', summary, detail)
}

function told({ folder, written, kept, ignoreMissing, wasBegun }: WrittenStarter): string {
  const here = relative(process.cwd(), folder)
  const lines = [
    ...written.map((path) => `written  ${path}`),
    ...kept.map((path) => `kept     ${path}`),
    ...(ignoreMissing ? ['', 'Add a line ".till/" to .gitignore: state of this machine does not belong in git.'] : []),
    '',
    'What comes next:',
    ...(here === '' ? [] : [`  cd ${here}`]),
    '  till validate                    # is everything as it should be?',
    ...(wasBegun ? [] : FIRST_STEPS),
  ]
  return `${lines.join('\n')}\n`
}

const FIRST_STEPS = [
  '  till sandbox up --detach         # the store on this machine, to try things on',
  '  till plan first-look --sandbox   # what would change? then: till apply first-look --sandbox',
  'and with real tills, their addresses in inventory/:',
  '  till trust                       # compare and record their host keys',
  '  till plan first-look --limit 1',
]
