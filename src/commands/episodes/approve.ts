import { Args, Flags } from '@oclif/core'
import { approveEpisode } from '../../app/hooks/approve-episode.ts'
import { episodesTable, episodeView } from '../../app/hooks/episode-view.ts'
import { openHooks } from '../../app/hooks/open-hooks.ts'
import { jsonLine } from '../../app/json-document.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { startInTerminal } from '../../cli/start-in-terminal.ts'
import { EXIT } from '../../core/outcome.ts'

export default class EpisodesApprove extends BaseCommand {
  static override summary = 'Approve the repair that a rule asks for (mode: ask).'
  static override description = [
    'One approval is for one repair. If no other process works on its alerts, the repair is made now, by this command. Exit',
    'codes: 0 it is approved, and made where this command made it; 4 the repair failed; 6 something holds it back; 2 it asks for',
    'nothing. With --json the answer is one document (schema till.episodes/1).',
  ].join('\n')
  static override examples = [
    { description: 'One episode', command: '<%= config.bin %> episodes approve E2f1c0a9d4b7e' },
  ]
  static override args = { episode: Args.string({ required: true, description: 'its id', name: 'EPISODE' }) }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EpisodesApprove)
    const hooks = await openHooks(await this.openProject(flags), flags, startInTerminal)
    const { episode, worker, why } = await approveEpisode(hooks, args.episode)
    const view = episodeView(episode)
    if (flags.json) await this.write(jsonLine({ schema: 'till.episodes/1', episodes: [view] }))
    else if (worker)
      await this.write(`Approved. The server with pid ${worker.pid} on ${worker.host} makes the repair.\n`)
    else await this.write(`${episodesTable([view], { color: this.color })}${why === null ? '' : `${why}\n`}`)
    await hooks.close()
    const last = view.attempts.at(-1)?.result
    if (worker || last === 'helped') return
    this.exit(last === undefined || last === 'held' || last === 'running' ? EXIT.held : EXIT.failed)
  }
}
