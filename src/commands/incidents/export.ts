import { Args, Flags } from '@oclif/core'
import { bundleJson, bundlesSince } from '../../app/evidence/device-evidence.ts'
import { findIncident } from '../../app/incidents/change-incident.ts'
import { incidentDocument } from '../../app/incidents/incident-document.ts'
import { incidentSheet } from '../../app/incidents/incident-sheet.ts'
import { incidentPage, incidentView } from '../../app/incidents/incident-view.ts'
import { jsonDocument, jsonLine } from '../../app/json-document.ts'
import { knownOutages } from '../../app/outages/known-outages.ts'
import { hereFlag } from '../../app/project.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import { sheetCsv } from '../../reporters/sheet-csv.ts'

export default class IncidentsExport extends IncidentCommand {
  static override summary = 'Write out all incidents with their times and promises, or one of them with its evidence.'
  static override description = [
    'Those that are closed, too. CSV has one line an incident, for a spreadsheet; with --json it is one document (schema',
    'till.incidents/1). One that is named is written whole, as Markdown for a ticket or as JSON (schema',
    'till.incident-export/1): what happened to it, what changed its device last, and all that steps of the module collect',
    'have gathered since its fault began.',
  ].join('\n')
  static override examples = [
    {
      description: 'A month for the books',
      command: '<%= config.bin %> incidents export --since 2026-11-01 > november.csv',
    },
    { description: 'One for a ticket', command: '<%= config.bin %> incidents export I2f1c0a9d4b7e > ticket.md' },
  ]
  static override args = {
    incident: Args.string({ description: 'its id; all of them where it is left out', name: 'INCIDENT' }),
  }
  static override flags = {
    format: Flags.string({
      description: 'Default: csv for all of them, markdown for one. json is --json',
      options: ['csv', 'markdown', 'json'],
    }),
    since: Flags.string({ description: 'only those that were opened since then', helpValue: 'YYYY-MM-DD' }),
    ...incidentFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsExport)
    const { incident, format = flags.json ? 'json' : args.incident === undefined ? 'csv' : 'markdown' } = {
      ...args,
      ...flags,
    }
    if ((incident === undefined) !== (format === 'csv') && format !== 'json')
      throw new InputError([wrongFormat(format)])
    if (incident !== undefined) return this.#one(incident, { ...flags, json: format === 'json' })
    await this.withIncidents(flags, async (store, project) => {
      const outages = await knownOutages(await project.store(), await project.fleet())
      const { since, partner } = flags
      const now = new Date()
      const incidents = (await store.incidents({ closed: true, since, partner })).map((each) =>
        incidentView(each, now, outages),
      )
      if (format === 'json') await this.writeAll(jsonDocument({ schema: 'till.incidents/1' }, 'incidents', incidents))
      else await this.writeAll(sheetCsv(incidentSheet(incidents)))
    })
  }

  async #one(id: string, flags: Parameters<IncidentCommand['withIncidents']>[0]): Promise<void> {
    await this.withIncidents(flags, async (store, project) => {
      const incident = await findIncident(store, id, { partner: flags.partner })
      const { view, more } = await this.whole(store, incident, project)
      const { since, ...answer } = more
      const bundles = incident.device === null ? [] : await bundlesSince(await project.store(), incident.device, since)
      if (flags.json) {
        const document = { schema: 'till.incident-export/1', ...view, ...answer, bundles: bundles.map(bundleJson) }
        await this.write(jsonLine(document))
      } else {
        await this.write(
          incidentDocument(view.title, incidentPage(view, more, { color: false, flags: hereFlag(project) }), bundles),
        )
      }
    })
  }
}

function wrongFormat(format: string): Diagnostic {
  const summary = format === 'csv' ? 'One incident is no table' : 'Markdown is for one incident'
  const detail =
    format === 'csv' ? 'Write --format markdown or --format json.' : 'Name it: till incidents export INCIDENT.'
  return { code: 'USAGE_INVALID', severity: 'error', summary, detail }
}
