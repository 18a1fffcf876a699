import { incidentsTable, incidentView } from '../../app/incidents/incident-view.ts'
import { overdueIncidents } from '../../app/incidents/review.ts'
import { jsonLine } from '../../app/json-document.ts'
import { knownOutages } from '../../app/outages/known-outages.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { EXIT } from '../../core/outcome.ts'

export default class IncidentsReview extends IncidentCommand {
  static override summary = 'List the incidents of which something is overdue.'
  static override description = [
    'Those with a clock that has run out and is not met, and those, also closed ones, whose corrective action should have been done by',
    'now. Exit codes: 0 nothing is overdue; 3 something is. With --json the answer is one document (schema till.incidents/1).',
  ].join('\n')
  static override examples = [
    { description: 'For the meeting on Monday', command: '<%= config.bin %> incidents review' },
  ]
  static override flags = { ...incidentFlags }

  async run(): Promise<void> {
    const { flags } = await this.parse(IncidentsReview)
    const count = await this.withIncidents(flags, async (store, project) => {
      const outages = await knownOutages(await project.store(), await project.fleet())
      const now = new Date()
      const overdue = await overdueIncidents(store, { now, partner: flags.partner })
      const incidents = overdue.map((each) => incidentView(each, now, outages))
      const actions = incidents.flatMap(({ incident, action }) => {
        return action && action.done_at === null
          ? [`${incident}: until ${action.due}, ${action.owner}: ${action.action}`]
          : []
      })
      if (flags.json) await this.write(jsonLine({ schema: 'till.incidents/1', incidents }))
      else if (incidents.length === 0) process.stderr.write('Nothing is overdue.\n')
      else {
        const width = process.stdout.isTTY ? this.columns : undefined
        const list = actions.length === 0 ? '' : `\nTo be done:\n${actions.join('\n')}\n`
        await this.writePaged(`${incidentsTable(incidents, { width, color: this.color })}${list}`)
      }
      return incidents.length
    })
    if (count > 0) this.exit(EXIT.drift)
  }
}
