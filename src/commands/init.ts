import { relative } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../app/base-command.ts'
import { jsonPage } from '../app/json-document.ts'
import { CI_SYSTEMS, type CiSystem } from '../app/starter/ci-files.ts'
import { type WrittenStarter, writeStarter } from '../app/starter/write-starter.ts'

export default class Init extends BaseCommand {
  static override summary = 'Make a repository of your own: inventory, first runbook, editor settings, pipeline.'
  static override description =
    `Files that are there stay as they are; what is missing is written. The schemas in schemas/ let an editor complete, explain
and underline: VS Code with the YAML extension, or any other with yaml-language-server.`
  static override examples = [
    { description: 'In a new folder', command: '<%= config.bin %> init my-chain' },
    { description: 'Here, with a pipeline for GitLab only', command: '<%= config.bin %> init --ci gitlab' },
    { description: 'Without a pipeline', command: '<%= config.bin %> init my-chain --ci none' },
  ]
  static override args = { folder: Args.string({ description: 'folder of the repository', default: '.' }) }
  static override flags = {
    ci: Flags.string({
      description: 'which pipelines to write (default: all)',
      options: [...CI_SYSTEMS, 'none'],
      multiple: true,
    }),
    json: Flags.boolean({ description: 'one JSON document (schema till.init/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init)
    const ci = (flags.ci ?? CI_SYSTEMS).filter((system): system is CiSystem => system !== 'none')
    const starter = await writeStarter(args.folder, { ci })
    if (flags.json) {
      const { folder, written, kept } = starter
      await this.write(jsonPage({ schema: 'till.init/1', folder, written, kept }))
    } else await this.write(told(starter))
  }
}

function told({ folder, written, kept, ignoreMissing }: WrittenStarter): string {
  const here = relative(process.cwd(), folder)
  const enter = here === '' ? '' : `cd ${here} && `
  const lines = [
    ...written.map((path) => `written  ${path}`),
    ...kept.map((path) => `kept     ${path}`),
    ...(ignoreMissing
      ? ['', 'Add a line ".till/" to .gitignore: state of this machine does not belong into git.']
      : []),
    '',
    'What comes next:',
    `  ${enter}till validate                   # is everything as it should be?`,
    `  ${enter}till sandbox up --detach        # the store on this machine, to try things on`,
    `  ${enter}till plan first-look --sandbox  # what would change? then: till apply first-look --sandbox`,
    'and with a real till, its address in inventory/stores.yaml:',
    '  till trust --store S-0001               # compare and record its host key',
    '  till plan first-look --store S-0001',
  ]
  return `${lines.join('\n')}\n`
}
