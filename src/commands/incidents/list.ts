import { Flags } from '@oclif/core'
import { incidentsTable, incidentView } from '../../app/incidents/incident-view.ts'
import { jsonLine } from '../../app/json-document.ts'
import { knownOutages } from '../../app/outages/known-outages.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'

export default class IncidentsList extends IncidentCommand {
  static override summary = 'List the faults that people see to, newest first.'
  static override description = [
    'An incident begins where a repair did not help or there is none, where too many faults begin at once (one incident for all of',
    'them), where a revision is not taken, or by hand. Its state is one of: open (nobody has it), taken, paused, cleared (nothing',
    'fires any more; it is to be closed), closed. NEXT is the clock that runs out first. With --json the answer is one document',
    '(schema till.incidents/1).',
  ].join('\n')
  static override examples = [
    { description: 'What is open', command: '<%= config.bin %> incidents list' },
    { description: 'What a partner has to do', command: '<%= config.bin %> incidents list --partner acme' },
    {
      description: 'What is late, for another program',
      command: `<%= config.bin %> incidents list --json | jq '.incidents[] | select(any(.clocks[]; .late and .state != "met"))'`,
    },
  ]
  static override flags = {
    all: Flags.boolean({ description: 'those that are closed, too' }),
    limit: Flags.integer({ char: 'n', description: 'at most so many', default: 1000, min: 1 }),
    ...incidentFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(IncidentsList)
    await this.withIncidents(flags, async (store, project) => {
      const outages = await knownOutages(await project.store(), await project.fleet())
      const { all: closed, limit, partner } = flags
      const now = new Date()
      const incidents = (await store.incidents({ closed, limit, partner })).map((each) =>
        incidentView(each, now, outages),
      )
      if (flags.json) await this.write(jsonLine({ schema: 'till.incidents/1', incidents }))
      else if (incidents.length === 0) process.stderr.write(closed ? 'No incidents yet.\n' : 'No open incidents.\n')
      else {
        const width = process.stdout.isTTY ? this.columns : undefined
        await this.writePaged(incidentsTable(incidents, { width, color: this.color }))
      }
    })
  }
}
