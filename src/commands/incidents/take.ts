import { takeIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg } from '../../cli/incident-flags.ts'

export default class IncidentsTake extends IncidentCommand {
  static override summary = 'Say that you see to an incident.'
  static override description = [
    'The first to take it stops the clock of reaction, and the chain of people who are told goes no further. It is yours until another one',
    'takes it. With --json the answer is one document (schema till.incident/1).',
  ].join('\n')
  static override examples = [{ description: 'It is mine', command: '<%= config.bin %> incidents take I2f1c0a9d4b7e' }]
  static override args = { incident: incidentArg }
  static override flags = { ...incidentFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsTake)
    await this.change(flags, (store, changing) => takeIncident(store, args.incident, changing))
  }
}
