import { Flags } from '@oclif/core'
import { openHookStore } from '../../app/history/open-store.ts'
import { episodesTable, episodeView } from '../../app/hooks/episode-view.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class EpisodesList extends BaseCommand {
  static override summary = 'List the faults that monitoring told of, newest first.'
  static override description = [
    'An episode is one fault from the first alert to the all-clear, however often and by whomever it was told. Its state is one of:',
    'waiting, repairing, repaired (the alert has to go out yet), clear, closed, would-run (the rule only watches), asks (for an',
    'approval), needs-people, symptom (of a fault of its store), held (by the breaker, a cap or safety). With --json the answer is one',
    'document (schema till.episodes/1).',
  ].join('\n')
  static override examples = [
    { description: 'What is open', command: '<%= config.bin %> episodes list' },
    {
      description: 'What people have to look at, for another program',
      command: `<%= config.bin %> episodes list --json | jq -r '.episodes[] | select(.state == "needs-people") | .device'`,
    },
  ]
  static override flags = {
    all: Flags.boolean({ description: 'those that are closed, too' }),
    limit: Flags.integer({ char: 'n', description: 'at most so many', default: 1000, min: 1 }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(EpisodesList)
    const project = await this.openProject(flags)
    const store = await openHookStore(project.state)
    const episodes = (await store.episodes({ closed: flags.all, limit: flags.limit })).map(episodeView)
    if (flags.json) await this.write(jsonLine({ schema: 'till.episodes/1', episodes }))
    else if (episodes.length === 0) process.stderr.write(flags.all ? 'No episodes yet.\n' : 'No open episodes.\n')
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(episodesTable(episodes, { width, color: this.color }))
    }
    await store.close()
    await project.close()
  }
}
