import { Args, Flags } from '@oclif/core'
import { examineWindows, type Finding } from '../../app/doctor/examine-windows.ts'
import { jsonPage } from '../../app/json-document.ts'
import { someDevices } from '../../app/revision/targets.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { type InputError, usageError } from '../../core/diagnostic.ts'
import { EXIT } from '../../core/outcome.ts'

export default class DoctorWindows extends BaseCommand {
  static override summary = 'Try on a Windows device what only a real Windows can tell.'
  static override description =
    `Starts PowerShell on the device and goes through what Tillwright relies on: text in any language, secrets by stdin, exit
codes, deadlines, large answers, uploads, what each module reads, and what guards say. Nothing is changed, but for a file in the temporary
folder that is removed again. See docs/windows.md.
Exit codes: 0 everything held, 4 something did not, 5 the device could not be reached.`
  static override examples = [
    { description: 'The first Windows till', command: '<%= config.bin %> doctor windows PL-0412/pos1' },
  ]
  static override args = { device: Args.string({ description: 'full name, as in PL-0412/pos1', required: true }) }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document (schema till.doctor/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DoctorWindows)
    const project = await this.openProject(flags)
    const fleet = await project.fleet()
    const [device] = await someDevices(project, fleet, { device: [args.device] })
    if (device?.os.family !== 'windows') throw notWindows(args.device, device?.os.family)
    const stop = new AbortController()
    const interrupt = (): void => stop.abort()
    process.once('SIGINT', interrupt)
    const findings: Finding[] = []
    for await (const finding of examineWindows(device, { project, fleet, signal: stop.signal })) {
      findings.push(finding)
      if (!flags.json) await this.write(line(finding))
    }
    process.off('SIGINT', interrupt)
    const failed = findings.filter(({ state }) => state !== 'ok').length
    if (flags.json)
      await this.write(jsonPage({ schema: 'till.doctor/1', device: device.name, ok: failed === 0, findings }))
    else await this.write(`${findings.length - failed} of ${findings.length} held.\n`)
    await project.close()
    if (stop.signal.aborted) this.exit(EXIT.interrupted)
    if (failed === 0) return
    this.exit(findings[0]?.state === 'failed' && failed === findings.length ? EXIT.unreachable : EXIT.failed)
  }
}

const STATES = { ok: 'ok      ', failed: 'FAILED  ', 'not-run': 'not run ' } as const

function line({ name, about, state, detail }: Finding): string {
  return `${STATES[state]}${name}: ${state === 'ok' ? detail : `${about}?\n          ${detail}`}\n`
}

function notWindows(name: string, family: string | undefined): InputError {
  const detail = `The inventory says that it runs ${family}. These checks are for devices with \`os.family: windows\`.`
  return usageError(`"${name}" is not a Windows device`, detail)
}
