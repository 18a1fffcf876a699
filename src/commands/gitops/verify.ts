import { Flags } from '@oclif/core'
import { gitopsFolder } from '../../app/gitops/gitops-folder.ts'
import { pulledDocument, pulledText } from '../../app/gitops/gitops-view.ts'
import { openFollow } from '../../app/gitops/open-follow.ts'
import { pullRevision } from '../../app/gitops/pull-revision.ts'
import { jsonPage } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { folderFlag } from '../../cli/gitops-flags.ts'
import { explainError } from '../../core/explain-error.ts'
import { EXIT } from '../../core/outcome.ts'

export default class GitopsVerify extends BaseCommand {
  static override summary = 'Fetch, and say whether the newest revision would be trusted; put nothing in force.'
  static override description =
    `Every commit since the one in force is looked at, merges and what they merge too: by whom it is signed, whether that was valid
when it came in, and whether they may sign for what it changes. Then the revision is loaded. Exit codes: 0 it is or would be in
force, 6 it is refused, 5 the remote did not answer, 2 something is missing on this machine.`
  static override examples = [
    { description: 'Would it be taken?', command: '<%= config.bin %> gitops verify' },
    { description: 'For a program', command: '<%= config.bin %> gitops verify --json' },
  ]
  static override flags = {
    folder: folderFlag,
    json: Flags.boolean({ description: 'one JSON document (schema till.gitops.verified/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(GitopsVerify)
    const follow = await openFollow(gitopsFolder(flags.folder))
    const pulled = await pullRevision(follow, { dry: true })
    await this.write(flags.json ? jsonPage(pulledDocument(pulled)) : pulledText(pulled, true))
    this.exit(pulled.code === undefined ? EXIT.ok : explainError(pulled.code).exit_code)
  }
}
