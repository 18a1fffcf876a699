import { Flags } from '@oclif/core'
import { gitopsFolder } from '../../app/gitops/gitops-folder.ts'
import { gitopsStatus, statusText } from '../../app/gitops/gitops-view.ts'
import { openFollow } from '../../app/gitops/open-follow.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { folderFlag } from '../../cli/gitops-flags.ts'
import { EXIT } from '../../core/outcome.ts'

export default class GitopsStatus extends BaseCommand {
  static override summary = 'Show which revision is in force, since when, and what was refused and why.'
  static override description =
    'Asks nobody: the answer is what the last look found. Exit codes: 0 the newest revision that was seen is in force, 6 nothing is yet, the last look ended otherwise, or another controller of the same state has the revision that counts.'
  static override examples = [
    { description: 'Which revision is in force?', command: '<%= config.bin %> gitops status' },
    {
      description: 'For monitoring, with the last entries of the record',
      command: '<%= config.bin %> gitops status --json',
    },
  ]
  static override flags = {
    folder: folderFlag,
    json: Flags.boolean({ description: 'one JSON document (schema till.gitops.status/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(GitopsStatus)
    const status = await gitopsStatus(await openFollow(gitopsFolder(flags.folder)))
    await this.write(flags.json ? jsonPage(status) : statusText(status))
    this.exit(status.ok ? EXIT.ok : EXIT.held)
  }
}
