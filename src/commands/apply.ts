import { Args, Flags } from '@oclif/core'
import { isPlanFile, loadPlan } from '../app/revision/load-plan.ts'
import { planRules } from '../app/revision/plan-rules.ts'
import { openRunbook, parseParams, referenceTo } from '../app/revision/runbooks.ts'
import { someDevices } from '../app/revision/targets.ts'
import { quietReporters, runReporters } from '../app/run/reporting.ts'
import type { PlannedWork } from '../app/run/run-request.ts'
import { wavesText } from '../app/safety/held-back.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { confirm } from '../cli/confirm.ts'
import { devicesText, planAndAsk } from '../cli/plan-first.ts'
import { failingStates, onFlag, paramFlag, runFlags, safetyFlags } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'
import { usageError } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'

export default class Apply extends BaseCommand {
  static override summary = 'Bring devices to the state that a runbook describes, or apply a reviewed plan.'
  static override description =
    `Each device is read first; only what differs is changed, and read again. Given a plan file, exactly what was reviewed is
changed: a device whose state has moved since is left alone and counted as failed (PLAN_MOVED). On a terminal it is shown first what
would be changed, and asked; elsewhere --yes or a plan file is needed.

Ctrl-C once finishes what is being changed and stops; twice stops now. Exit codes: 0 every device is as desired, 3 some
check does not hold, 4 some device failed or is in doubt, 5 some device was unreachable or could not be judged, 6 held back by
safety, 130 interrupted, 2 bad input.`
  static override examples = [
    { description: 'One store, after a question', command: '<%= config.bin %> apply agent-update --store PL-0412' },
    { description: 'What was reviewed, in a pipeline', command: '<%= config.bin %> apply plan.json --yes --json' },
    {
      description: 'The same, only if the pipeline of the review has signed it',
      command: '<%= config.bin %> apply plan.json --signers /etc/tillwright/plan_signers --yes',
    },
    {
      description: 'Once more, where it failed',
      command: '<%= config.bin %> apply agent-update --from-run latest:failed',
    },
  ]
  static override args = {
    what: Args.string({
      required: true,
      description: 'name or file of a runbook, or a plan file',
      name: 'RUNBOOK|PLAN',
    }),
  }
  static override flags = {
    ...runFlags,
    on: onFlag,
    param: paramFlag,
    output: Flags.string({
      char: 'o',
      description: 'also write the result to this file (schema till.result/1)',
      helpGroup: 'OUTPUT',
    }),
    signers: Flags.string({
      description: 'the plan has to be signed by somebody in this list (ssh-keygen(1), ALLOWED SIGNERS)',
      env: 'TILL_PLAN_SIGNERS',
      helpValue: 'FILE',
    }),
    revocations: Flags.string({
      description: 'keys that plans may not be signed by any more, or a KRL',
      env: 'TILL_PLAN_REVOCATIONS',
      helpValue: 'FILE',
    }),
    ...safetyFlags,
    yes: Flags.boolean({ char: 'y', description: 'do not ask; needed where nobody can be asked, but for a plan file' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Apply)
    const controller = await this.openController(flags)
    const { project } = controller
    const fleet = await controller.fleet()
    const { work, runbook, plan, planExpiresAt, planIsSigned } = isPlanFile(args.what)
      ? await this.#planned(args.what, { project, fleet, flags })
      : await this.#selected(args.what, { project, fleet, flags })
    const asked = {
      project,
      fleet,
      work,
      runbooks: [referenceTo(runbook)],
      parallel: flags.parallel,
      workers: flags.workers,
      on: flags.on,
      failOn: failingStates(flags),
      goOn: flags['go-on'],
    }
    if (!flags.yes && work.length > 0) {
      const word =
        plan === undefined
          ? await planAndAsk(controller, asked, {
              runbooks: [runbook],
              question: `Apply ${runbook.name} to`,
              reporters: quietReporters(flags, [runbook]),
              otherwise:
                'Elsewhere give --yes, or apply a plan that was reviewed: till plan RUNBOOK --output plan.json',
            })
          : { kind: (await confirm(`Apply ${runbook.name} to ${devicesText(work)}?`)) ? 'yes' : 'no' }
      if ('exitCode' in word) this.exit(word.exitCode)
      if (word.kind === 'no') {
        this.log('Nothing was changed.')
        this.exit(EXIT.interrupted)
      }
    }
    if (flags.yes)
      process.stderr.write(wavesText(project, [runbook], { devices: devicesOf(work), goOn: flags['go-on'] }))
    const end = await this.seeThrough(controller, {
      ...asked,
      mode: 'apply',
      reporters: runReporters(flags, [runbook]),
      plan,
      planExpiresAt,
      planIsSigned,
      waitMs: flags.wait,
      breakGlass: flags['break-glass'],
      maxFailures: flags['max-failures'],
    })
    this.exit(end.exitCode)
  }

  async #planned(
    file: string,
    context: Pick<PlannedWork, 'project' | 'fleet'> & {
      flags: { signers?: string | undefined; revocations?: string | undefined }
    },
  ) {
    const { project, fleet, flags } = context
    refuseToNarrow(file, flags)
    const { lists } = planRules(project, wantedSigners(flags))
    const { runbook, work, id, expiresAt } = await loadPlan(file, { project, fleet, signedBy: lists })
    return { work, runbook, plan: id, planExpiresAt: expiresAt, planIsSigned: lists.length > 0 }
  }

  async #selected(
    name: string,
    context: Pick<PlannedWork, 'project' | 'fleet'> & {
      flags: { param?: string[] | undefined } & Parameters<typeof someDevices>[2]
    },
  ) {
    const { project, fleet, flags } = context
    const runbook = openRunbook(project, name, parseParams(flags.param), (told) => this.sayBeside(told))
    const devices = await someDevices(project, fleet, { ...flags, targets: runbook.targets })
    return {
      work: devices.map((device) => ({ device, runbooks: [runbook] })),
      runbook,
      plan: undefined,
      planExpiresAt: undefined,
      planIsSigned: false,
    }
  }
}

function devicesOf(work: PlannedWork['work']) {
  return work.map(({ device }) => device)
}

function wantedSigners({ signers, revocations }: { signers?: string | undefined; revocations?: string | undefined }) {
  return signers === undefined ? undefined : { signers, revocations }
}

/** A plan is applied as it was reviewed; a flag that seems to narrow it must not be passed over in silence. */
function refuseToNarrow(file: string, flags: object): void {
  const given = ['param', ...Object.keys(selectionFlags)].filter((name) => name in flags)
  if (given.length === 0) return
  const names = given.map((name) => `--${name}`).join(', ')
  const summary = `${names} cannot stand beside a plan: "${file}" names its devices and parameters`
  const detail = 'Leave it out, or plan again with it and have the new plan reviewed.'
  throw usageError(summary, detail)
}
