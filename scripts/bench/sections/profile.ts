import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startLightFleet } from '../lab/light.ts'
import { measure } from '../measure/measure.ts'
import { type CpuProfile, sharesOf } from '../report/profile.ts'
import { TILL, till } from '../tools/till.ts'
import { addressesOf } from './run-tool.ts'
import type { Section } from './section.ts'

const DEVICES = 1_000
const QUICK_DEVICES = 50

/** Where Tillwright's own time goes: a profile of all its threads over a run against the light server. */
export const profile: Section = {
  id: 'profile',
  title: 'Where the time goes',
  async run(bench) {
    if (!bench.tools.includes(till)) return
    const fleet = await startLightFleet(bench, 'profile')
    const meter = bench.program('meter')
    if (!fleet || !meter) return
    const folder = bench.folder('profile')
    const devices = bench.options.quick ? QUICK_DEVICES : DEVICES
    const hosts = addressesOf(devices).map((address) => ({ address, port: fleet.port }))
    till.prepare({ lab: fleet.lab, hosts, work: 'true', change: false, folder })
    const argv = [
      process.execPath,
      '--cpu-prof',
      '--cpu-prof-dir',
      join(folder, 'profiles'),
      ...TILL,
      'exec',
      '--',
      'true',
    ]
    const limits = { seconds: 300, sampleMs: 0, namespace: fleet.namespace }
    const { exitCode, values } = await measure(meter, { argv }, folder, limits)
    const profiles = readdirSync(join(folder, 'profiles')).map(
      (name) => JSON.parse(readFileSync(join(folder, 'profiles', name), 'utf8')) as CpuProfile,
    )
    for (const [part, percent] of Object.entries(sharesOf(profiles))) {
      const ms = ((values.cpu_ms / devices) * percent) / 100
      const sample = { section: 'profile', what: 'true', tool: part, devices, round: 0, right: exitCode === 0 }
      bench.record({ ...sample, values: { percent, part_ms: ms } })
      bench.say(`${part}: ${percent.toFixed(1)} %, ${ms.toFixed(2)} ms a device`)
    }
  },
}
