import { Args, Flags } from '@oclif/core'
import { jsonPage } from '../app/json-document.ts'
import { openRunbook, parseParams } from '../app/revision/runbooks.ts'
import { deviceNamed } from '../app/safety/device-named.ts'
import { explainer, whyJson, whyText } from '../app/safety/why.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { paramFlag, sandboxFlag } from '../cli/run-flags.ts'
import { EXIT } from '../core/outcome.ts'

export default class Why extends BaseCommand {
  static override summary = 'Say when a device may be changed, and why not now: by what, by whom, until when.'
  static override description =
    `Puts every rule to the question as a run of that one device would: windows, freezes, holds, caps, the last working one, leases, the
breaker. Asks no device and takes nothing. Exit codes: 0 it may be changed now, 6 not now.`
  static override examples = [
    { description: 'Why is this till deferred?', command: '<%= config.bin %> why PL-0412/pos1' },
    {
      description: 'By the policy and the purpose of a runbook',
      command: '<%= config.bin %> why PL-0412/pos1 --runbook service-restart',
    },
  ]
  static override args = { device: Args.string({ required: true, description: 'its full name: PL-0412/pos1' }) }
  static override flags = {
    sandbox: sandboxFlag,
    runbook: Flags.string({ description: 'by the policy and the purpose of this runbook', helpValue: 'NAME' }),
    param: paramFlag,
    repair: Flags.boolean({ description: 'as a repair, and not as a rollout', exclusive: ['runbook'] }),
    json: Flags.boolean({ description: 'as JSON (schema till.why/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Why)
    const project = await this.openProject(flags)
    const device = deviceNamed(await project.fleet(), args.device)
    const runbooks = flags.runbook === undefined ? [] : [openRunbook(project, flags.runbook, parseParams(flags.param))]
    const explain = await explainer(project, { runbooks, ...(flags.repair && { purpose: 'repair' }) })
    await project.close()
    const why = explain(device)
    await this.write(flags.json ? jsonPage(whyJson(why)) : whyText(why))
    this.exit(why.reasons.length === 0 ? EXIT.ok : EXIT.held)
  }
}
