import { Flags } from '@oclif/core'
import { pauseIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg } from '../../cli/incident-flags.ts'

export default class IncidentsPause extends IncidentCommand {
  static override summary = 'Pause the clocks of an incident, for a reason.'
  static override description = [
    'They stand still until `till incidents continue`, and nobody else is told meanwhile. The reason stays on record. With --json the',
    'answer is one document (schema till.incident/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'Waiting for a part',
      command: '<%= config.bin %> incidents pause I2f1c0a9d4b7e --reason "printer head ordered"',
    },
  ]
  static override args = { incident: incidentArg }
  static override flags = {
    reason: Flags.string({ description: 'why they stand still', required: true, helpValue: 'TEXT' }),
    ...incidentFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsPause)
    await this.change(flags, (store, changing) => {
      return pauseIncident(store, args.incident, { ...changing, why: flags.reason })
    })
  }
}
