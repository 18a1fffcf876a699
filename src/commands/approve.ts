import { Args, Flags } from '@oclif/core'
import { resolveUnfinished } from '../app/history/unfinished-runs.ts'
import { jsonPage } from '../app/json-document.ts'
import { hereFlag } from '../app/project.ts'
import { accountName } from '../app/run/account.ts'
import { approvalStatement, signedWord } from '../app/run/approval-signature.ts'
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
Whoever approves is the account that runs this command, on record in the run. Where the policy wants it signed (approval.signed) that
is not enough: --sign KEY signs which run, what it is going to do, which waves are released, and why, by ssh-keygen (namespace till-approval), and the key has to stand
in the list of signers of what this machine follows, or in plans.signers. Then till resume goes on with it.

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
    {
      description: 'By a key, where the policy wants it signed',
      command: `<%= config.bin %> approve latest --because CHG-4711 --sign ~/.ssh/id_ed25519`,
    },
    {
      description: 'Signed elsewhere: print it, ssh-keygen -Y sign -n till-approval -f KEY statement, then',
      command: `<%= config.bin %> approve latest --because CHG-4711 --signature statement.sig`,
    },
  ]
  static override args = {
    run: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
  }
  static override flags = {
    because: becauseFlag,
    sign: Flags.string({
      description: 'sign it by this SSH key: who approves is who has it in the list of signers',
      helpValue: 'KEY',
      exclusive: ['signature'],
    }),
    signature: Flags.string({
      description: 'signature that was made elsewhere of what --statement prints',
      helpValue: 'FILE',
    }),
    statement: Flags.boolean({
      description: 'print what is to be signed, and approve nothing',
      exclusive: ['sign', 'signature', 'json'],
    }),
    json: Flags.boolean({ description: 'as JSON (schema till.approval/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Approve)
    const project = await this.openProject(flags)
    const [fleet, store] = await Promise.all([project.fleet(), project.store()])
    const key = await store.fleets.keyOf(fleet)
    const run = await resolveUnfinished(store, args.run)
    const why = flags.because
    const isSigned = flags.sign !== undefined || flags.signature !== undefined
    const statement = () => approvalStatement(store, { fleet: key, run: run.run }, why)
    if (flags.statement) {
      const { text } = await statement()
      await project.close()
      return this.write(text)
    }
    const who = isSigned ? await signedWord(project, await statement(), flags) : { by: accountName() }
    const word = { ...who, at: Date.now(), why }
    const approved = await approveRun(store, { fleet: key, run }, word)
    await project.close()
    const more = hereFlag(project)
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
    ...(state.signed && { signed: true }),
    asked_by: state.askedBy,
    expires_at: new Date(state.expiresAt).toISOString(),
    given: state.given.map(({ by, at, why, proof }) => ({
      ...{ by, at: new Date(at).toISOString(), why },
      ...(proof && { proof }),
    })),
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
