import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LightFleet, startLightFleet } from '../lab/light.ts'
import { measure } from '../measure/measure.ts'
import { TILL, till } from '../tools/till.ts'
import { addressesOf, inWords, sampleOf } from './run-tool.ts'
import type { Bench, Section } from './section.ts'

const LIMIT_S = 300

/** Memory of devices in flight: so many connections held open at once, by a command that waits until all are there. */
export const inFlight: Section = {
  id: 'in-flight',
  title: 'Connections held open at once',
  async run(bench) {
    if (!bench.tools.includes(till)) return
    const fleet = await startLightFleet(bench, 'in-flight')
    if (!fleet) return
    for (const count of bench.options.inFlight) await hold(bench, fleet, count)
  },
}

async function hold(bench: Bench, fleet: LightFleet, count: number): Promise<void> {
  const meter = bench.program('meter')
  if (!meter) return
  const folder = bench.folder(`in-flight-${count}`)
  const hosts = addressesOf(count).map((address) => ({ address, port: fleet.port }))
  const job = { lab: fleet.lab, hosts, work: 'true', change: false, folder } as const
  till.prepare(job)
  const gate = join(folder, 'gate')
  execFileSync('mkfifo', [gate])
  // The shell waits in open(2) until somebody writes: no process beside it, and no CPU.
  const command = [
    'exec',
    '--parallel',
    String(count),
    '--timeout',
    String(LIMIT_S),
    '--',
    `read -r go <'${gate}' || :`,
  ]
  const waiting = measure(meter, { argv: [...TILL, ...command] }, folder, {
    seconds: LIMIT_S,
    sampleMs: 500,
    namespace: fleet.namespace,
  })
  const held = await allHeld(fleet, count, waiting)
  // Long enough for the meter to look.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  openTheGate(gate)
  const ran = { cost: await waiting, output: readFileSync(join(folder, 'out.log'), 'utf8'), job }
  const run = { section: 'in-flight', what: 'hold', round: 0, namespace: fleet.namespace, seconds: LIMIT_S }
  const right = ran.cost.exitCode === 0 && held >= count
  const sample = sampleOf(till, run, ran, { right, values: { held } })
  bench.record(sample)
  bench.say(inWords(sample))
}

async function allHeld(fleet: LightFleet, count: number, run: Promise<unknown>): Promise<number> {
  let over = false
  void run.then(() => {
    over = true
  })
  let most = 0
  for (const until = Date.now() + (LIMIT_S - 60) * 1_000; most < count && !over && Date.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    most = Math.max(most, fleet.sessions())
  }
  return most
}

/** Lets all readers go; where nobody reads any more there is nobody to let go. */
function openTheGate(gate: string): void {
  try {
    closeSync(openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
  }
}
