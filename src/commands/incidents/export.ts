import { Flags } from '@oclif/core'
import { incidentSheet } from '../../app/incidents/incident-sheet.ts'
import { incidentView } from '../../app/incidents/incident-view.ts'
import { jsonDocument } from '../../app/json-document.ts'
import { knownOutages } from '../../app/outages/known-outages.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { sheetCsv } from '../../reporters/sheet-csv.ts'

export default class IncidentsExport extends IncidentCommand {
  static override summary = 'Write out all incidents with their times and promises, as CSV or JSON.'
  static override description = [
    'Those that are closed, too. CSV has one line an incident, for a spreadsheet; with --json it is one document (schema',
    'till.incidents/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'A month for the books',
      command: '<%= config.bin %> incidents export --since 2026-11-01 > november.csv',
    },
  ]
  static override flags = {
    since: Flags.string({ description: 'only those that were opened since then', helpValue: 'YYYY-MM-DD' }),
    ...incidentFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(IncidentsExport)
    await this.withIncidents(flags, async (store, project) => {
      const outages = await knownOutages(await project.store(), await project.fleet())
      const { since, partner } = flags
      const now = new Date()
      const incidents = (await store.incidents({ closed: true, since, partner })).map((each) =>
        incidentView(each, now, outages),
      )
      if (flags.json) await this.writeAll(jsonDocument({ schema: 'till.incidents/1' }, 'incidents', incidents))
      else await this.writeAll(sheetCsv(incidentSheet(incidents)))
    })
  }
}
