import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startLightFleet } from '../lab/light.ts'
import { measure } from '../measure/measure.ts'
import { TILL, till } from '../tools/till.ts'
import { addressesOf, inWords, sampleOf } from './run-tool.ts'
import type { Section } from './section.ts'

const DEVICES = 17_500
const QUICK_DEVICES = 200
const LIMIT_S = 600
/** About 1 KB, different for each device, without starting a program. */
const ANSWER = 'set -- $SSH_CONNECTION; i=0; while [ $i -lt 64 ]; do echo "$3 line $i"; i=$((i + 1)); done'

/** Whether memory grows with the results: the same inventory, and a tenth of its devices or all of them. */
export const results: Section = {
  id: 'results',
  title: 'Results written as JSON',
  async run(bench) {
    if (!bench.tools.includes(till)) return
    const fleet = await startLightFleet(bench, 'results')
    const meter = bench.program('meter')
    if (!fleet || !meter) return
    const folder = bench.folder('results')
    const all = bench.options.quick ? QUICK_DEVICES : DEVICES
    const hosts = addressesOf(all).map((address) => ({ address, port: fleet.port }))
    const job = { lab: fleet.lab, hosts, work: 'true', change: false, folder } as const
    till.prepare(job)
    for (const count of [all / 10, all]) {
      const argv = [...TILL, 'exec', '--limit', String(count), '--json', '--', ANSWER]
      const limits = { seconds: LIMIT_S, sampleMs: 500, namespace: fleet.namespace }
      const cost = await measure(meter, { argv }, folder, limits)
      const log = join(folder, 'out.log')
      const { devices } = JSON.parse(readFileSync(log, 'utf8')) as { devices: readonly { state: string }[] }
      const right = cost.exitCode === 0 && devices.length === count
      const run = { section: 'results', what: 'json', round: 0, namespace: fleet.namespace, seconds: LIMIT_S }
      const ran = { cost, output: '', job: { ...job, hosts: hosts.slice(0, count) } }
      const sample = sampleOf(till, run, ran, { right, values: { json_mb: statSync(log).size / 1e6 } })
      bench.record(sample)
      bench.say(inWords(sample))
    }
  },
}
