import { Flags } from '@oclif/core'
import { selectDevices } from '../../app/revision/selection.ts'
import { checkFaults, type SandboxStatus, sandboxStatus, startDetached } from '../../app/sandbox/sandbox-control.ts'
import { ofFirstStores, type SandboxSelection, sandboxSelection } from '../../app/sandbox/sandbox-devices.ts'
import {
  FAULT_HELP,
  leftOutInWords,
  runSandbox,
  statusInWords,
  statusJson,
} from '../../app/sandbox/sandbox-foreground.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { usageError } from '../../core/diagnostic.ts'
import { EXIT } from '../../core/outcome.ts'

const IMITATES =
  'Windows is imitated: what modules do there works, a text of PowerShell does not (docs/sandbox.md says more).\n'

export default class SandboxUp extends BaseCommand {
  static override summary =
    'Start a fleet on this machine: an SSH or WinRM server for each device, with files of its own.'
  static override description =
    `Serves the devices of the inventory that speak SSH or WinRM, each on a loopback address of its own; commands with
--sandbox then work on them. On Linux devices, programs are the real ones, run in Linux namespaces in which nothing of
this machine can be changed; systemctl, apt-get and the like are imitated, on files of the device. Windows devices
imitate Windows: there is no PowerShell behind them, only what modules do there, so that a text of PowerShell in a step
is refused. Printers answer in their own protocol; ports of other devices without a shell answer, nothing more.
Ends with Ctrl-C or, with --detach, with \`till sandbox down\`.

A fault is NAME=WHO, where WHO is a share (3%), all, or devices (PL-0001/pos1, PL-00*/*):
${FAULT_HELP}`
  static override examples = [
    {
      description: 'Ten stores, a third of their devices drifted, until Ctrl-C',
      command: '<%= config.bin %> sandbox up --stores 10 --drift 0.33',
    },
    {
      description: 'A bad day: dead lines, black holes, and 150 ms of round trip everywhere',
      command: '<%= config.bin %> sandbox up --detach --fault refused=3% --fault blackhole=2% --fault slow=150ms',
    },
  ]
  static override flags = {
    ...selectionFlags,
    stores: Flags.integer({
      description: 'only the first so many stores of the selection',
      min: 1,
      helpGroup: 'SELECT',
    }),
    seed: Flags.integer({ description: 'another seed, other devices with drift and faults', default: 1 }),
    drift: Flags.string({
      description: 'share of devices that are not as the inventory wants, from 0 to 1',
      default: '0',
    }),
    fault: Flags.string({ description: 'what is wrong with which devices', multiple: true, helpValue: 'NAME=WHO' }),
    keep: Flags.boolean({ description: 'keep the files of the devices for the next time' }),
    detach: Flags.boolean({ description: 'return when it is up, and leave it running' }),
    json: Flags.boolean({
      description: 'one JSON document when it is up (schema till.sandbox/1)',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxUp)
    const project = await this.openProject(flags)
    const drift = Number(flags.drift)
    if (!(drift >= 0 && drift <= 1))
      throw usageError(`--drift: "${flags.drift}" is no share`, 'It is a number from 0 to 1: 0.3 for a third.')
    checkFaults(flags.fault ?? [])
    const fleet = await project.fleet()
    const selected = await selectDevices(fleet, flags, { store: () => project.store() })
    const selection = sandboxSelection(
      ofFirstStores(selected, flags.stores),
      (device) => fleet.stores.get(device.store)?.time_zone,
    )
    const { devices, windows, printers, listeners } = selection
    if (devices.length + windows.length + printers.length === 0)
      throw usageError(
        'The selection has no device that the sandbox can imitate',
        'Devices with a shell, printers whose language is told, and ports can be: see docs/sandbox.md.',
      )
    await project.close()
    const folder = project.paths.sandbox
    if (flags.detach) {
      const start = await startDetached(folder, ['sandbox', 'up', ...this.argv.filter((word) => word !== '--detach')])
      if (start.up) return this.report(await sandboxStatus(folder), selection, flags.json)
      process.stderr.write(start.said)
      this.exit(start.exitCode)
    }
    const { seed, keep, fault: faults = [] } = flags
    const problem = await runSandbox(
      { folder, devices, windows, printers, listeners, seed, drift, faults, keep },
      {
        ready: async (sandbox) => this.report(await sandbox.status(), selection, flags.json),
        tick: process.stderr.isTTY ? (status) => process.stderr.write(`\r\x1b[K${statusInWords(status)}`) : undefined,
      },
    )
    if (process.stderr.isTTY) process.stderr.write('\n')
    if (problem === undefined) return
    process.stderr.write(`error ${problem}\n`)
    this.exit(EXIT.bug)
  }

  private async report(status: SandboxStatus, selection: SandboxSelection, json: boolean): Promise<void> {
    if (json) return this.write(statusJson(status, selection.left_out))
    await this.write(`${statusInWords(status)}\n${leftOutInWords(selection)}`)
    if (status.windows > 0) await this.write(IMITATES)
    await this.write('Work on it with --sandbox: till plan RUNBOOK --sandbox\n')
  }
}
