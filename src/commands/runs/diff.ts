import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../../app/base-command.ts'
import { compareRuns, type DeviceDifference, type Ending } from '../../app/compare-runs.ts'
import { resolveRun } from '../../app/resolve-run.ts'
import { sandboxFlag } from '../../app/run-flags.ts'
import { shortTime, styledState } from '../../app/run-history.ts'
import type { RunSummary } from '../../core/run.ts'
import { formatCount } from '../../reporters/format-duration.ts'
import { jsonText } from '../../reporters/json-text.ts'
import { plainText } from '../../reporters/plain-text.ts'

export default class RunsDiff extends BaseCommand {
  static override summary = 'Show which devices ended differently in two runs, and which of their steps.'
  static override description =
    `Steps whose state is the same are named when what they found or changed differs. With --json the answer is one
document (schema till.runs-diff/1).`
  static override examples = [
    {
      description: 'What is new since a run of yesterday?',
      command: '<%= config.bin %> runs diff 20261121T2200 latest',
    },
    {
      description: 'Devices that got worse, for another program',
      command: `<%= config.bin %> runs diff 20261121T2200 latest --json | jq -r '.devices[] | select(.after.state == "failed") | .device'`,
    },
  ]
  static override args = {
    first: Args.string({ required: true, description: 'id of a run, its beginning, or "latest"' }),
    second: Args.string({ required: true, description: 'the run to compare it with' }),
  }
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunsDiff)
    const project = await this.openProject(flags)
    const store = await project.store()
    const [first, second] = [await resolveRun(store, args.first), await resolveRun(store, args.second)]
    const devices = await compareRuns(store, first, second)
    if (flags.json) await this.#json(first, second, devices)
    else await this.#text(first, second, devices)
    await project.close()
  }

  async #json(first: RunSummary, second: RunSummary, devices: readonly DeviceDifference[]): Promise<void> {
    const head = jsonText({ schema: 'till.runs-diff/1', first: first.run, second: second.run })
    await this.write(`${head.slice(0, -1)},"devices":[`)
    for (const [index, device] of devices.entries()) await this.write(`${index === 0 ? '' : ','}\n${jsonText(device)}`)
    await this.write('\n]}\n')
  }

  async #text(first: RunSummary, second: RunSummary, devices: readonly DeviceDifference[]): Promise<void> {
    for (const run of [first, second]) {
      await this.write(`${run.run}  ${shortTime(run.started_at)}  ${run.mode} ${run.runbooks.join(', ')}\n`)
    }
    for (const device of devices) {
      const between = `${this.#ending(device.before)} → ${this.#ending(device.after)}`
      const steps = device.steps.map((step) => {
        const [before, after] = [step.before ?? 'not there', step.after ?? 'not there']
        return `  ${plainText(step.step)}: ${before === after ? `${after}, but other changes` : `${before} → ${after}`}\n`
      })
      await this.write(`${plainText(device.device)}  ${between}\n${steps.join('')}`)
    }
    const count =
      devices.length === 0
        ? 'No device'
        : `${formatCount(devices.length)} ${devices.length === 1 ? 'device' : 'devices'}`
    process.stderr.write(`${count} ended differently\n`)
  }

  #ending(ending: Ending | null): string {
    if (ending === null) return 'not there'
    const notes = [ending.code ?? '', ending.unknown ? 'unknown steps' : ''].filter((note) => note !== '')
    const state = this.color ? styledState(ending.state, ending.state) : ending.state
    return notes.length === 0 ? state : `${state} (${notes.join(', ')})`
  }
}
