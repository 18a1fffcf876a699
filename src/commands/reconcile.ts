import { setTimeout as delay } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { gitopsFolder } from '../app/gitops/gitops-folder.ts'
import { pulledText } from '../app/gitops/gitops-view.ts'
import { currentCheckout, openFollow } from '../app/gitops/open-follow.ts'
import { type Pass, passOver, passOverHere } from '../app/gitops/reconcile-pass.ts'
import { reconciledDocument, reconciledText } from '../app/gitops/reconcile-view.ts'
import { jsonLine, jsonPage } from '../app/json-document.ts'
import { runReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { folderFlag } from '../cli/gitops-flags.ts'
import { startInTerminal } from '../cli/start-in-terminal.ts'
import { InputError } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'

/** Of the time between two passes; so that controllers do not all come at once. */
const JITTER = 0.1

export default class Reconcile extends BaseCommand {
  static override summary =
    'Fetch and verify what is followed, look at the devices of all assignments that are due, and mend what they allow.'
  static override description =
    `A revision comes into force only if every new commit is signed as the policy wants it and it loads; otherwise the last good one
stays, and devices are kept to that. Assignments of mode mend are applied, those of report and ask are only looked at; a device
that was mended twice and differs again is told and left as it is. Exit codes: as for drift and apply; and 6 where the newest
revision was refused, or another controller of the same state has the one that counts (then no device is looked at), 5 where the remote did not answer.`
  static override examples = [
    { description: 'One pass, as a timer makes it', command: '<%= config.bin %> reconcile' },
    { description: 'Go on until it is stopped', command: '<%= config.bin %> reconcile --watch --every 5m' },
    { description: 'What would it find, without mending?', command: '<%= config.bin %> reconcile --report --all' },
    {
      description: 'The repository of this folder as it is, without fetching',
      command: '<%= config.bin %> reconcile --here',
    },
  ]
  static override flags = {
    folder: folderFlag,
    here: Flags.boolean({
      description:
        'the repository of this folder (or of --project) as it is; nothing is fetched or verified, and nothing is done where a controller of the same state has something newer in force',
      exclusive: ['folder'],
    }),
    watch: Flags.boolean({ description: 'go on until Ctrl-C or SIGTERM' }),
    every: durationFlag({
      description:
        'with --watch: time between two passes, give or take a tenth; so often what is followed is pulled while a run lasts, too',
      default: 300_000,
      defaultHelp: async () => '5m',
      helpValue: '5m',
    }),
    report: Flags.boolean({ description: 'mend nothing, whatever assignments say' }),
    all: Flags.boolean({ description: 'assignments that are not due, too; suspended ones stay so' }),
    parallel: Flags.integer({ char: 'p', description: 'devices at a time', min: 1, max: 10_000 }),
    verbose: Flags.boolean({ char: 'v', description: 'also show what is as it should be', helpGroup: 'OUTPUT' }),
    json: Flags.boolean({
      description: 'one JSON document (schema till.reconciled/1); with --watch, a line a pass',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Reconcile)
    const { json, verbose, watch } = flags
    const project = flags.here ? flags.project : currentCheckout(gitopsFolder(flags.folder))
    const options = {
      reportOnly: flags.report,
      all: flags.all,
      parallel: flags.parallel,
      start: startInTerminal,
      pullEveryMs: flags.every,
      reporters: json ? () => [] : runReporters({ json: false, ndjson: false, verbose, sandbox: false, project }),
      told: async (pass: Pick<Pass, 'pulled'>) => {
        if (!json && pass.pulled) await this.write(pulledText(pass.pulled, false))
      },
    }
    const stop = new AbortController()
    const onSignal = (): void => stop.abort()
    if (watch) process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    const { signal } = stop
    const goOver = async (): Promise<Pass> =>
      flags.here
        ? passOverHere(await this.openProject(flags), { ...options, signal })
        : passOver(await openFollow(gitopsFolder(flags.folder)), { ...options, signal })
    for (let passes = 0; ; passes += 1) {
      const pass = await goOver().catch((error: unknown) => {
        if (signal.aborted) return undefined
        if (!watch || !isPassing(error, passes > 0)) throw error
        if (json) process.stdout.write(jsonLine({ schema: 'till.diagnostics/1', diagnostics: error.diagnostics }))
        else this.reportDiagnostics(error.diagnostics)
        return undefined
      })
      if (pass) await this.#show(pass, { json, watch })
      if (pass && (!watch || pass.exitCode === EXIT.interrupted)) this.exit(pass.exitCode)
      const pause = flags.every * (1 + JITTER * (2 * Math.random() - 1))
      await delay(pause, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) this.exit(EXIT.ok)
    }
  }

  async #show(pass: Pass, { json, watch }: { readonly json: boolean; readonly watch: boolean }): Promise<void> {
    const document = reconciledDocument(pass.pulled, pass.done, pass.exitCode)
    if (!json) await this.write(reconciledText(pass))
    else await this.write(watch ? jsonLine(document) : jsonPage(document))
  }
}

/**
 * Whether a watcher goes on after it: another pass holds the lock, or somebody is editing a file that was good before. What is
 * wrong from the start is told at once.
 */
function isPassing(error: unknown, wasGood: boolean): error is InputError {
  return error instanceof InputError && (wasGood || error.diagnostics.every(({ code }) => code === 'GITOPS_BUSY'))
}
