import { Flags } from '@oclif/core'
import { closeIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg, wordFlags } from '../../cli/incident-flags.ts'

export default class IncidentsClose extends IncidentCommand {
  static override summary = 'Close an incident: its cause is known, its steps are done, and nothing fires any more.'
  static override description = [
    'What is missing is told, and nothing is noted then. Exit codes: 0 it is closed; 2 it cannot be yet. With --json the answer is one',
    'document (schema till.incident/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'It is over',
      command: '<%= config.bin %> incidents close I2f1c0a9d4b7e --cause "paper jam" --done "receipt printed"',
    },
    {
      description: 'Monitoring will never send the all-clear',
      command:
        '<%= config.bin %> incidents close I2f1c0a9d4b7e --cause "till was scrapped" --despite "the host is gone"',
    },
  ]
  static override args = { incident: incidentArg }
  static override flags = {
    ...wordFlags,
    despite: Flags.string({ description: 'why it is over although its alert still fires', helpValue: 'TEXT' }),
    ...incidentFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsClose)
    const { cause, done: steps, action, owner, due, 'action-done': actionDone, despite } = flags
    const words = { cause, steps, action, owner, due, actionDone }
    await this.change(flags, (store, changing) => closeIncident(store, args.incident, { ...changing, words, despite }))
  }
}
