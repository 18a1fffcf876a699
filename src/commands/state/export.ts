import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { reportPeriod } from '../../app/reports/report-period.ts'
import { exportState } from '../../app/state/export-state.ts'
import { fileWriter } from '../../app/writer.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { counted } from '../../core/counted.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export default class StateExport extends BaseCommand {
  static override summary = 'Write all of the state as JSON Lines.'
  static override description =
    `A first line says what it is, then comes a line for each row, by table, and a last line counts them: without it, the export was cut.
It is the state of one moment, and runs go on meanwhile. Secrets are masked in it as in everything that is kept; keys of sessions and the
text that others sent as signals are left out (the first line says what else). See schema till.state-export/1.

Exit codes: 0 all is written, 2 nothing was, 130 interrupted.`
  static override examples = [
    {
      description: 'Into a file, which appears when it is whole',
      command: '<%= config.bin %> state export --out state.jsonl',
    },
    {
      description: 'Runs that ended in the last week, and how devices ended in them',
      command: `<%= config.bin %> state export --since 7d | jq -c 'select(.table == "run_devices").row'`,
    },
    { description: 'Packed', command: '<%= config.bin %> state export | gzip > state.jsonl.gz' },
  ]
  static override flags = {
    since: Flags.string({
      description:
        'only what is of the time since then: runs that ended later, and what belongs to them; a day or minute of UTC, or a length of time before now. Last states and the audit log are whole in any case',
      helpValue: 'TIME',
    }),
    out: Flags.string({
      char: 'o',
      description: 'a file for it, in place of stdout; it appears when it is whole',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
    json: Flags.boolean({
      description: 'with --out: what was written, as one JSON document (schema till.state-exported/1)',
      dependsOn: ['out'],
      helpGroup: 'OUTPUT',
    }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateExport)
    const since =
      flags.since === undefined ? undefined : reportPeriod({ since: flags.since }, Date.now()).of('UTC').from
    const project = await this.openProject(flags)
    const stop = new AbortController()
    const onSignal = (): void => stop.abort()
    for (const signal of SIGNALS) process.on(signal, onSignal)
    const file = flags.out === undefined ? undefined : await fileWriter(flags.out)
    try {
      const write = async (text: string): Promise<void> => {
        if (file) {
          await file.write(text)
          // Closing tells why.
          if (file.failed) stop.abort()
          return
        }
        await this.write(text)
        // Whoever read it has seen enough.
        if (process.stdout.destroyed) stop.abort()
      }
      const options = { since: since === undefined ? undefined : new Date(since), write, signal: stop.signal }
      const told = await exportState(project, options)
      await file?.close()
      if (flags.out !== undefined) await this.#tell({ file: flags.out, ...told }, flags.json)
    } catch (error) {
      if (file?.failed) await file.close()
      await file?.abandon()
      if (!stop.signal.aborted) throw error
      if (!process.stdout.destroyed) this.exit(130)
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal)
      await project.close()
    }
  }

  async #tell(told: { readonly file: string; readonly rows: number; readonly bytes: number }, json: boolean) {
    if (json) await this.write(jsonLine({ schema: 'till.state-exported/1', ...told }))
    else await this.write(`In ${told.file}: ${counted(told.rows, 'row')}, ${(told.bytes / 1_000_000).toFixed(1)} MB.\n`)
  }
}
