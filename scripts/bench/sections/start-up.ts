import { join } from 'node:path'
import { measure } from '../measure/measure.ts'
import { REPOSITORY } from '../tools/till.ts'
import { writeChain } from './chain.ts'
import { inWords } from './run-tool.ts'
import type { Bench, Section } from './section.ts'

const COMMANDS = [
  ['version', ['--version']],
  ['help', ['--help']],
  ['list', ['inventory', 'list', '--limit', '1']],
  ['why', ['why', 'PL-0001/pos1']],
] as const
const TIMES = 9
/** `till why` ends with 6 where the device may not be changed now, as it may be at any time of day. */
export const ANSWERS = [0, 6]

/** What it costs to start at all: on a repository of one store. */
export const startUp: Section = {
  id: 'start-up',
  title: 'Starting up',
  async run(bench: Bench) {
    const meter = bench.program('meter')
    if (!meter) return
    const folder = bench.folder('start-up')
    writeChain(folder, 1)
    const others = bench.tools.flatMap((tool) => (tool.id === 'against' ? tool.needs.slice(0, 1) : []))
    const builds = [
      { id: 'till', program: join(REPOSITORY, 'bin/till') },
      ...others.map((program) => ({ id: 'against', program })),
    ]
    for (let round = 0; round < (bench.options.quick ? 3 : TIMES); round += 1) {
      for (const [what, args] of COMMANDS) {
        for (const { id: tool, program } of builds) {
          const limits = { seconds: 60, sampleMs: 20 }
          const { exitCode, values } = await measure(meter, { argv: [program, ...args] }, folder, limits)
          // The first look at an inventory fills the cache; that is measured elsewhere.
          if (round === 0 && what === 'list') continue
          const right = ANSWERS.includes(exitCode)
          const sample = { section: 'start-up', what, tool, devices: 1, round, right, values }
          bench.record(sample)
          bench.say(inWords(sample))
        }
      }
    }
  },
}
