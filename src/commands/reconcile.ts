import { setTimeout as delay } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { gitopsFolder } from '../app/gitops/gitops-folder.ts'
import { pulledText } from '../app/gitops/gitops-view.ts'
import { openFollow } from '../app/gitops/open-follow.ts'
import { type Pass, passOver, passOverHere } from '../app/gitops/reconcile-pass.ts'
import { reconciledDocument, reconciledText } from '../app/gitops/reconcile-view.ts'
import { jsonLine, jsonPage } from '../app/json-document.ts'
import { runReporters } from '../app/run/reporting.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { folderFlag } from '../cli/gitops-flags.ts'
import { startInTerminal } from '../cli/start-in-terminal.ts'
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
revision was refused, 5 where the remote did not answer.`
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
      description: 'the repository of this folder (or of --project) as it is; nothing is fetched or verified',
      exclusive: ['folder'],
    }),
    watch: Flags.boolean({ description: 'go on until Ctrl-C or SIGTERM' }),
    every: durationFlag({
      description: 'with --watch: time between two passes, give or take a tenth',
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
    const options = {
      reportOnly: flags.report,
      all: flags.all,
      parallel: flags.parallel,
      start: startInTerminal,
      reporters: json ? () => [] : runReporters({ json: false, ndjson: false, verbose, sandbox: false }),
      told: async (pass: Pick<Pass, 'pulled'>) => {
        if (!json && pass.pulled) await this.write(pulledText(pass.pulled, false))
      },
    }
    const stop = new AbortController()
    const onSignal = (): void => stop.abort()
    if (watch) process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    for (;;) {
      const pass = flags.here
        ? await passOverHere(await this.openProject(flags), options)
        : await passOver(await openFollow(gitopsFolder(flags.folder)), { ...options, signal: stop.signal })
      const document = reconciledDocument(pass.pulled, pass.done, pass.exitCode)
      if (json) await this.write(watch ? jsonLine(document) : jsonPage(document))
      else await this.write(reconciledText(pass.done, pass.root))
      if (!watch || pass.exitCode === EXIT.interrupted) this.exit(pass.exitCode)
      const pause = flags.every * (1 + JITTER * (2 * Math.random() - 1))
      await delay(pause, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) this.exit(EXIT.ok)
    }
  }
}
