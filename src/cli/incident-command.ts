import { Flags } from '@oclif/core'
import { openHookStore, openIncidentStore } from '../app/history/open-store.ts'
import { incidentEvidence } from '../app/incidents/incident-evidence.ts'
import { incidentPage, incidentView } from '../app/incidents/incident-view.ts'
import { jsonLine } from '../app/json-document.ts'
import { knownOutages } from '../app/outages/known-outages.ts'
import { hereFlag, type Project } from '../app/project.ts'
import { accountName } from '../app/run/account.ts'
import type { Incident } from '../core/incident.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import { BaseCommand } from './base-command.ts'
import { sandboxFlag } from './run-flags.ts'

/** Episodes of one incident that are shown: a storm has thousands. */
const MOST_EPISODES = 20

export const incidentFlags = {
  partner: Flags.string({ description: 'as this partner: there are no incidents but its own', env: 'TILL_PARTNER' }),
  json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
  sandbox: sandboxFlag,
}

interface IncidentFlags {
  readonly project?: string | undefined
  readonly sandbox: boolean
  readonly json: boolean
  readonly partner?: string | undefined
}

/** What commands about incidents share: the store, and what they answer. */
export abstract class IncidentCommand extends BaseCommand {
  protected async withIncidents<T>(
    flags: IncidentFlags,
    work: (store: IncidentStore, project: Project) => Promise<T>,
  ): Promise<T> {
    const project = await this.openProject(flags)
    const store = await openIncidentStore(project.state)
    try {
      return await work(store, project)
    } finally {
      await store.close()
      await project.close()
    }
  }

  /** Changes an incident in the name of whoever runs this, and shows it as it is then. */
  protected async change(
    flags: IncidentFlags,
    work: (
      store: IncidentStore,
      changing: { readonly by: string; readonly partner?: string | undefined; readonly now: Date },
    ) => Promise<Incident>,
  ): Promise<void> {
    const { partner } = flags
    await this.withIncidents(flags, async (store, project) => {
      const changed = await work(store, { by: partner ?? accountName(), partner, now: new Date() })
      await this.answer(store, changed, flags, project)
    })
  }

  protected async answer(
    store: IncidentStore,
    incident: Incident,
    flags: IncidentFlags,
    project: Project,
  ): Promise<void> {
    const { view, more } = await this.whole(store, incident, project)
    const { since: _, ...answer } = more
    if (flags.json) await this.write(jsonLine({ schema: 'till.incident/1', ...view, ...answer }))
    else {
      const width = process.stdout.isTTY ? this.columns : undefined
      await this.writePaged(incidentPage(view, more, { width, color: this.color, flags: hereFlag(project) }))
    }
  }

  /** An incident with what happened to it, and what is known of its device. */
  protected async whole(store: IncidentStore, incident: Incident, project: Project) {
    const view = incidentView(incident, new Date(), await knownOutages(await project.store(), await project.fleet()))
    const [events, episodes, messages] = await Promise.all([
      store.events(incident.incident),
      store.episodes(incident.incident, MOST_EPISODES),
      store.escalations.messages(incident.incident),
    ])
    const hooks = await openHookStore(project.state)
    try {
      const stores = { runs: await project.store(), hooks }
      const { since, evidence } = await incidentEvidence(stores, incident, episodes.episodes)
      return { view, more: { events, episodes, messages, evidence, since } }
    } finally {
      await hooks.close()
    }
  }
}
