import { Args } from '@oclif/core'
import { commentIncident } from '../../app/incidents/change-incident.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'
import { incidentArg, wordFlags } from '../../cli/incident-flags.ts'
import { type InputError, usageError } from '../../core/diagnostic.ts'

export default class IncidentsComment extends IncidentCommand {
  static override summary =
    'Note something about an incident: a word, its cause, a step that is done, what is to be done.'
  static override description = [
    'Also of one that is closed: a corrective action outlives it. With --json the answer is one document (schema till.incident/1).',
  ].join('\n')
  static override examples = [
    { description: 'A word', command: '<%= config.bin %> incidents comment I2f1c0a9d4b7e "the shop was called"' },
    {
      description: 'The cause, and what is to be done',
      command:
        '<%= config.bin %> incidents comment I2f1c0a9d4b7e --cause "cable unplugged" --action "fix the cables" --owner ann --due 2026-12-24',
    },
  ]
  static override args = { incident: incidentArg, text: Args.string({ description: 'a word about it', name: 'TEXT' }) }
  static override flags = { ...wordFlags, ...incidentFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsComment)
    const { cause, done: steps, action, owner, due, 'action-done': actionDone } = flags
    const words = { text: args.text, cause, steps, action, owner, due, actionDone }
    if (Object.values(words).every((each) => each === undefined || each === false)) throw nothingSaid()
    await this.change(flags, (store, changing) => commentIncident(store, args.incident, { ...changing, words }))
  }
}

function nothingSaid(): InputError {
  const detail = 'Give a text, --cause, --done, --action, --owner, --due or --action-done.'
  return usageError('Nothing is said of the incident', detail)
}
