import { findIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg } from '../../cli/incident-flags.ts'

export default class IncidentsShow extends IncidentCommand {
  static override summary = 'Show one incident: whose it is, its clocks, and what happened to it.'
  static override description = 'With --json the answer is one document (schema till.incident/1).'
  static override examples = [
    { description: 'One incident', command: '<%= config.bin %> incidents show I2f1c0a9d4b7e' },
  ]
  static override args = { incident: incidentArg }
  static override flags = { ...incidentFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsShow)
    await this.withIncidents(flags, async (store, project) => {
      await this.answer(store, await findIncident(store, args.incident, { partner: flags.partner }), flags, project)
    })
  }
}
