import { continueIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg } from '../../cli/incident-flags.ts'

export default class IncidentsContinue extends IncidentCommand {
  static override summary = 'Let the clocks of an incident run again.'
  static override description = 'With --json the answer is one document (schema till.incident/1).'
  static override examples = [
    { description: 'The part is here', command: '<%= config.bin %> incidents continue I2f1c0a9d4b7e' },
  ]
  static override args = { incident: incidentArg }
  static override flags = { ...incidentFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsContinue)
    await this.change(flags, (store, changing) => continueIncident(store, args.incident, changing))
  }
}
