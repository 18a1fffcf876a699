import { Args, Flags } from '@oclif/core'
import { forgetSignature, proveKey, signPlan } from '../app/revision/plan-signature.ts'
import { openRunbook, parseParams, referenceTo } from '../app/revision/runbooks.ts'
import { someDevices } from '../app/revision/targets.ts'
import { driftedDevices, planReporters } from '../app/run/reporting.ts'
import { heldBackText, warningsText, wavesText } from '../app/safety/held-back.ts'
import { planPolicy } from '../app/safety/policy-in-force.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { failingStates, onFlag, paramFlag, runFlags } from '../cli/run-flags.ts'
import { showPreview } from '../cli/show-preview.ts'
import { InputError } from '../core/diagnostic.ts'
import { DAY_MS } from '../core/duration.ts'
import type { Device } from '../core/fleet.ts'
import { EXIT } from '../core/outcome.ts'
import type { Runbook } from '../core/runbook.ts'

const NO_RUNBOOK = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: 'No runbook is named',
  detail: 'For example: till plan agent-update; with --against REF, all that are assigned are meant.',
} as const

export default class Plan extends BaseCommand {
  static override summary = 'Read the devices and show what a runbook would change; change nothing.'
  static override description =
    `Exit codes: 0 everything is as desired, 3 drift was found or a check does not hold, 4 some device failed, 5 some device
was unreachable or could not be judged, 2 bad input; --fail-on narrows them. With --output the plan is written to a file, for review and for
\`till apply PLAN.json\`.`
  static override examples = [
    {
      description: 'What would this runbook change, in one store?',
      command: '<%= config.bin %> plan agent-update --store PL-0412',
    },
    {
      description: 'A plan to be reviewed and applied by a pipeline',
      command: '<%= config.bin %> plan service-restart --region mazowieckie --output plan.json',
    },
    {
      description: 'One that is signed by the key of the pipeline, and may be applied for a day',
      command: '<%= config.bin %> plan service-restart --output plan.json --sign ci_key --expires 1d',
    },
    {
      description: 'What would merging a branch change, on paper and on ten of the devices that it touches?',
      command: '<%= config.bin %> plan --against feature/agent-8 --sample 10 --markdown preview.md',
    },
    {
      description: 'With a selector and a parameter',
      command: `<%= config.bin %> plan agent-update --where "device.kind == 'till'" --param version=7.0.5`,
    },
  ]
  static override args = {
    runbook: Args.string({
      description: 'name of a runbook of this repository, or a file. Default, with --against: all that are assigned',
    }),
  }
  static override flags = {
    ...runFlags,
    on: onFlag,
    param: paramFlag,
    output: Flags.string({
      char: 'o',
      aliases: ['out'],
      description: 'write the plan to this file (schema till.plan/1)',
      helpGroup: 'OUTPUT',
    }),
    expires: durationFlag({
      description: 'how long the plan in the file may be applied (default: 7d)',
      dependsOn: ['output'],
      helpValue: '7d',
      helpGroup: 'OUTPUT',
    }),
    against: Flags.string({
      description:
        'plan what merging this branch or commit would make another; nothing of it is executed, and what nobody reviewed stays on paper',
      exclusive: ['ndjson', 'output', 'sign', 'from-run', 'on', 'workers'],
      helpValue: 'REF',
      helpGroup: 'PREVIEW',
    }),
    sample: Flags.integer({
      description:
        'look at so many of the devices that it touches, of each profile and version one first; default: all',
      min: 0,
      dependsOn: ['against'],
      helpGroup: 'PREVIEW',
    }),
    seed: Flags.string({
      description: 'what the sample is drawn by; default: the content, so that the same content has the same sample',
      dependsOn: ['against'],
      helpGroup: 'PREVIEW',
    }),
    sign: Flags.string({
      description: 'sign the file by this SSH key, into FILE.sig; `till apply --signers` asks for it',
      dependsOn: ['output'],
      helpValue: 'KEY',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Plan)
    const controller = await this.openController(flags)
    const { project } = controller
    if (flags.against !== undefined) {
      const asked = { ...flags, against: flags.against, runbook: args.runbook, params: parseParams(flags.param) }
      this.exit(await showPreview(controller, { ...asked, failOn: failingStates(flags) }, (text) => this.write(text)))
    }
    if (args.runbook === undefined) throw new InputError([NO_RUNBOOK])
    const runbook = openRunbook(project, args.runbook, parseParams(flags.param), (told) => this.sayBeside(told))
    const fleet = await controller.fleet()
    const devices = await someDevices(project, fleet, { ...flags, targets: runbook.targets })
    if (flags.sign !== undefined) await proveKey(flags.sign)
    if (flags.output !== undefined) await forgetSignature(flags.output)
    const drifted = driftedDevices()
    const end = await this.seeThrough(controller, {
      mode: 'plan',
      project,
      fleet,
      work: devices.map((device) => ({ device, runbooks: [runbook] })),
      runbooks: [referenceTo(runbook)],
      parallel: flags.parallel,
      workers: flags.workers,
      on: flags.on,
      failOn: failingStates(flags),
      reporters: async (...run) => [
        ...(await planReporters(flags, {
          runbook,
          project,
          fleet,
          policy: planPolicy(project, runbook),
          validMs: flags.expires ?? 7 * DAY_MS,
        })(...run)),
        drifted.reporter,
      ],
    })
    if (!flags.json && !flags.ndjson) await this.#tellSafety(flags, { runbook, devices, drifted: drifted.names })
    // Half a plan is not what the key stands for.
    const isWhole = end.exitCode !== EXIT.interrupted
    if (flags.output !== undefined && flags.sign !== undefined && isWhole) await signPlan(flags.output, flags.sign)
    this.exit(end.exitCode)
  }

  /** What an apply would meet: devices that may not be changed now, and what no canary stands for. */
  async #tellSafety(
    flags: { readonly project?: string | undefined; readonly sandbox: boolean },
    seen: { readonly runbook: Runbook; readonly devices: readonly Device[]; readonly drifted: ReadonlySet<string> },
  ): Promise<void> {
    const project = await this.openProject(flags)
    const { runbook, devices, drifted } = seen
    const waves = wavesText(project, [runbook], { devices })
    const told =
      waves + (await heldBackText(project, [runbook], drifted)) + (await warningsText(project, [runbook], drifted))
    await project.close()
    await this.write(told)
  }
}
