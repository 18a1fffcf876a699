import { Args, Flags } from '@oclif/core'
import { openHookStore } from '../../app/history/open-store.ts'
import { closeEpisode } from '../../app/hooks/close-episode.ts'
import { episodesTable, episodeView } from '../../app/hooks/episode-view.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class EpisodesClose extends BaseCommand {
  static override summary = 'Close a fault whose all-clear will never come.'
  static override description = [
    'Monitoring was taken down, or its all-clear was lost: until somebody says so, the fault counts as firing, and tills behind a line',
    'are its symptoms. What monitoring tells of again begins a new one. Exit codes: 0 it is closed; 2 it was, or a repair of it is',
    'under way. With --json the answer is one document (schema till.episodes/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'The all-clear of a line was lost',
      command: `<%= config.bin %> episodes close E2f1c0a9d4b7e --because 'the provider says it works'`,
    },
  ]
  static override args = { episode: Args.string({ required: true, description: 'its id', name: 'EPISODE' }) }
  static override flags = {
    because: Flags.string({ required: true, description: 'why; it stays on record', helpValue: 'WHY' }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EpisodesClose)
    const project = await this.openProject(flags)
    const store = await openHookStore(project.state)
    const view = episodeView(await closeEpisode(store, args.episode, flags.because.trim()))
    if (flags.json) await this.write(jsonLine({ schema: 'till.episodes/1', episodes: [view] }))
    else await this.write(episodesTable([view], { color: this.color }))
    await store.close()
    await project.close()
  }
}
