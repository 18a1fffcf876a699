import { Args, Flags } from '@oclif/core'
import { deviceEvidence } from '../../app/evidence/device-evidence.ts'
import { evidenceLines } from '../../app/evidence/evidence-text.ts'
import { openHookStore } from '../../app/history/open-store.ts'
import { episodeStory, episodesTable, episodeView } from '../../app/hooks/episode-view.ts'
import { findEpisode } from '../../app/hooks/find-episode.ts'
import { jsonLine } from '../../app/json-document.ts'
import { hereFlag } from '../../app/project.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'

export default class EpisodesShow extends BaseCommand {
  static override summary = 'Show one fault: what was told of it, what was decided, what was done.'
  static override description = 'With --json the answer is one document (schema till.episode/1).'
  static override examples = [{ description: 'One episode', command: '<%= config.bin %> episodes show E2f1c0a9d4b7e' }]
  static override args = { episode: Args.string({ required: true, description: 'its id', name: 'EPISODE' }) }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EpisodesShow)
    const project = await this.openProject(flags)
    const store = await openHookStore(project.state)
    const episode = await findEpisode(store, args.episode)
    const events = await store.events(episode.episode)
    const view = episodeView(episode)
    const evidence = await deviceEvidence(await project.store(), episode.device, episode.opened_at)
    if (flags.json) await this.write(jsonLine({ schema: 'till.episode/1', ...view, events, evidence }))
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      const here = hereFlag(project)
      const known = evidenceLines(evidence, { since: episode.opened_at, flags: here }).map((line) => `${line}\n`)
      const blocks = [
        episodesTable([view], { width, color: this.color }),
        known.join(''),
        episodeStory(events, { width, flags: here }),
      ]
      await this.writePaged(blocks.filter((block) => block !== '').join('\n'))
    }
    await store.close()
    await project.close()
  }
}
