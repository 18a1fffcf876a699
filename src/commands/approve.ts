import { Args, Flags } from '@oclif/core'
import { resolveUnfinished } from '../app/history/unfinished-runs.ts'
import { jsonPage } from '../app/json-document.ts'
import { accountName } from '../app/run/account.ts'
import { type Approved, approveRun } from '../app/run/control-run.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { becauseFlag, sandboxFlag } from '../cli/run-flags.ts'
import { EXIT } from '../core/outcome.ts'

export default class Approve extends BaseCommand {
  static override summary = 'Say that a run which waits for somebody goes on.'
  static override description =
    `A policy may want people to agree before a run, or each of its waves, begins (approval), and has a pause behind the canary, or
behind a wave that was stopped by failures. Look at what was done first: till runs show RUN. Who has asked for the run cannot
approve it where the policy wants four eyes; an approval that is not given and used in time is over, and the next resume asks anew.
Whoever approves is the account that runs this command, on record in the run. Then till resume goes on with it.

Exit codes: 0 it may go on, 6 others have to approve as well, 2 it waits for nobody, or not for you.`
  static override examples = [
    {
      description: 'The canary was looked at',
      command: `<%= config.bin %> approve 20261122T0347 --because 'both tills print and take cards'`,
    },
    {
      description: 'The newest run of which something is left',
      command: `<%= config.bin %> approve latest --because CHG-4711`,
    },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    because: becauseFlag,
    json: Flags.boolean({ description: 'as JSON (schema till.approval/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Approve)
    const project = await this.openProject(flags)
    const [fleet, store] = await Promise.all([project.fleet(), project.store()])
    const run = await resolveUnfinished(store, args.run)
    const word = { by: accountName(), at: Date.now(), why: flags.because }
    const approved = await approveRun(store, { fleet: fleet.name, run }, word)
    await project.close()
    const more = flags.sandbox ? ' --sandbox' : ''
    await this.write(flags.json ? document(run.run, approved) : text(run.run, approved, more))
    this.exit(approved.isReady ? EXIT.ok : EXIT.held)
  }
}

function document(run: string, { approvals, released, isReady }: Approved): string {
  const given = approvals.map((state) => ({
    id: state.id,
    wave: state.wave === undefined ? null : state.wave + 1,
    people: state.people,
    four_eyes: state.fourEyes,
    asked_by: state.askedBy,
    expires_at: new Date(state.expiresAt).toISOString(),
    given: state.given.map(({ by, at, why }) => ({ by, at: new Date(at).toISOString(), why })),
  }))
  return jsonPage({ schema: 'till.approval/1', run, ready: isReady, released, approvals: given })
}

function text(run: string, { approvals, released, isReady }: Approved, more: string): string {
  const waves = released.map((wave) => `It goes on behind wave ${wave}.\n`)
  const waits = approvals
    .filter((state) => state.voices < state.people)
    .map(
      (state) =>
        `${state.voices} of ${state.people} have approved${state.wave === undefined ? '' : ` wave ${state.wave + 1}`}.\n`,
    )
  return [...waves, ...waits, isReady ? `Approved. Go on with it: till resume ${run}${more}\n` : ''].join('')
}
