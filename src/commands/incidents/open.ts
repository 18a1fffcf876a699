import { Args, Flags } from '@oclif/core'
import { openByHand } from '../../app/incidents/open-by-hand.ts'
import { accountName } from '../../app/run/account.ts'
import { IncidentCommand, incidentFlags } from '../../cli/incident-command.ts'

export default class IncidentsOpen extends IncidentCommand {
  static override summary = 'Open an incident by hand.'
  static override description = [
    'For what people see and monitoring does not. Where one of the same fault at the same device or store is open by hand already, it is',
    'that one. With --json the answer is one document (schema till.incident/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'A till that somebody called about',
      command: '<%= config.bin %> incidents open "Drawer does not open" --fault drawer-stuck --device PL-0412/pos1',
    },
  ]
  static override args = { title: Args.string({ required: true, description: 'what is the matter', name: 'TITLE' }) }
  static override flags = {
    fault: Flags.string({ description: 'its fault class', required: true, helpValue: 'FAULT' }),
    device: Flags.string({ description: 'the device, by its full name', helpValue: 'DEVICE' }),
    store: Flags.string({
      description: 'the store, where it is not about one device',
      helpValue: 'STORE',
      exclusive: ['device'],
    }),
    severity: Flags.string({ description: 'how bad it is', default: 'high' }),
    json: incidentFlags.json,
    sandbox: incidentFlags.sandbox,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsOpen)
    await this.withIncidents(flags, async (store, project) => {
      const { fault, device, store: place, severity } = flags
      const call = { title: args.title, fault, severity, device, store: place, by: accountName() }
      await this.answer(store, await openByHand(project, { store, sandbox: flags.sandbox }, call), flags, project)
    })
  }
}
