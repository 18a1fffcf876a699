import { Args, Flags } from '@oclif/core'
import { addOutage } from '../../app/outages/change-outages.ts'
import { hereFlag } from '../../app/project.ts'
import { accountName } from '../../app/run/account.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { counted } from '../../core/counted.ts'
import { usageError } from '../../core/diagnostic.ts'

export default class OutagesAdd extends BaseCommand {
  static override summary = 'Say that something is known to be out of order until some time, so that nobody is called.'
  static override description =
    `Until then faults of what it covers are kept and shown, but no hook repairs there, no incident begins of them, and chains of
incidents that are open stand still; they name it. What still fires at its end is seen to as if it had begun then. Availability and SLA
count the time as it was found; with --closed, for stocktaking or a refit, it is maintenance, which contracts may leave out. Where --from
is in the past that holds for it as well, and changes what reports say of months that are not closed; who said so, and when, is in till
audit list. What people and pipelines change is not held
up: that is till hold. A region, a kind or an expression covers what the inventory has of it at each time.`
  static override examples = [
    {
      description: 'The provider works on the lines of a region tonight',
      command: `<%= config.bin %> outages add --region mazowieckie --kind router --from 23:00 --until 6h --because 'works of the provider, ticket 4711'`,
    },
    {
      description: 'A store is closed for stocktaking',
      command: `<%= config.bin %> outages add PL-0412 --closed --until 8h --because stocktaking`,
    },
    {
      description: 'One printer waits for its part',
      command: `<%= config.bin %> outages add PL-0412/fiscal1 --until 3d --because 'head ordered'`,
    },
  ]
  static override args = {
    what: Args.string({ name: 'STORE|DEVICE', description: 'PL-0412, or PL-0412/pos1' }),
  }
  static override flags = {
    sandbox: sandboxFlag,
    from: Flags.string({
      description:
        'when it begins: in how long (2h), at the next 23:00, or a day ("2026-12-01", "2026-12-01 18:00"); default: now',
      helpValue: 'TIME',
    }),
    until: Flags.string({
      required: true,
      description:
        'how long from its beginning (4h), or by the clocks of the store: the next 05:00 after it, the end of a day (2026-12-01), or "2026-12-01 18:00"; what has begun already is counted from now',
      helpValue: 'TIME',
    }),
    because: Flags.string({
      required: true,
      description: 'why; everybody who would be called reads it',
      helpValue: 'WHY',
    }),
    closed: Flags.boolean({
      default: false,
      description: 'the store does not trade meanwhile: the time is maintenance',
    }),
    store: selectionFlags.store,
    device: selectionFlags.device,
    region: selectionFlags.region,
    kind: selectionFlags.kind,
    where: selectionFlags.where,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OutagesAdd)
    const { region, kind, where, closed, from, until, because } = flags
    const named = args.what === undefined ? [] : [args.what]
    const devices = [...(flags.device ?? []), ...named.filter((name) => name.includes('/'))]
    const stores = [...(flags.store ?? []), ...named.filter((name) => !name.includes('/'))]
    if (devices.length + stores.length === 0 && !region && !kind && where === undefined)
      throw usageError(
        'Where the outage is, is not said',
        'Name a STORE or STORE/DEVICE, or give --region, --kind or --where.',
      )
    const scope = {
      ...(stores.length > 0 && { stores }),
      ...(devices.length > 0 && { devices }),
      ...(region && { regions: region }),
      ...(kind && { kinds: kind as never }),
      ...(where !== undefined && { where }),
    }
    const project = await this.openProject(flags)
    try {
      const [fleet, store] = await Promise.all([project.fleet(), project.store()])
      const wanted = { scope, from, until, because: because.trim(), closed, by: accountName() }
      const { outage, devices: count, span } = await addOutage({ fleet, store }, wanted)
      await this.write(
        `${outage.outage} covers ${counted(count, 'device')} ${span}.\n  → till outages end ${outage.outage}${hereFlag(project)}\n`,
      )
    } finally {
      await project.close()
    }
  }
}
