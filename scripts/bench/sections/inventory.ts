import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cost, measure } from '../measure/measure.ts'
import { ansible } from '../tools/ansible.ts'
import { REPOSITORY, TILL } from '../tools/till.ts'
import { isThere } from '../tools/tool.ts'
import { DEVICES_OF_A_STORE, writeAnsibleChain, writeChain } from './chain.ts'
import { inWords } from './run-tool.ts'
import type { Bench, Section } from './section.ts'
import { ANSWERS } from './start-up.ts'

const STORES = 3_500
const QUICK_STORES = 350
const ROUNDS = 3
/** References: nothing but a parser over the same data. What is not installed is left out. */
const PARSERS = [
  ['yaml', 'yaml (npm), parse only', "const{parse}=require('yaml')", 'parse(text,{maxAliasCount:-1})'],
  ['js-yaml', 'js-yaml (npm), parse only', "const{load}=require('js-yaml')", 'load(text)'],
  ['json', 'JSON.parse', '', 'JSON.parse(text)'],
] as const

/** Loading a chain of 17,500 devices: cold, warm, after one file changed; beside others over the same data. */
export const inventory: Section = {
  id: 'inventory',
  title: 'Loading an inventory',
  async run(bench: Bench) {
    const meter = bench.program('meter')
    if (!meter) return
    const stores = bench.options.quick ? QUICK_STORES : STORES
    const devices = stores * DEVICES_OF_A_STORE
    const record = (what: string, tool: string, round: number, { exitCode, tooLong, values }: Cost): void => {
      const sample = {
        section: 'inventory',
        what,
        tool,
        devices,
        round,
        right: ANSWERS.includes(exitCode) && !tooLong,
        values,
      }
      bench.record(sample)
      bench.say(inWords(sample))
    }
    const folder = bench.folder('chain')
    const files = writeChain(folder, stores)
    bench.say(
      `inventory: ${devices} devices, ${(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6).toFixed(1)} MB`,
    )
    const limits = { seconds: 300, sampleMs: 20 }
    const list = { argv: [...TILL, 'inventory', 'list', '--limit', '1'] }
    const why = { argv: [...TILL, 'why', 'PL-0001/pos1'] }
    for (let round = 0; round < ROUNDS; round += 1) {
      rmSync(join(folder, '.till'), { recursive: true, force: true })
      record('cold', 'till', round, await measure(meter, list, folder, limits))
      record('warm', 'till', round, await measure(meter, list, folder, limits))
      record('device', 'till', round, await measure(meter, why, folder, limits))
      appendFileSync(files[1] ?? '', `# round ${round}\n`)
      record('changed', 'till', round, await measure(meter, list, folder, limits))
    }
    await parsers(bench, meter, files, record)
    if (!bench.options.quick && isThere(ansible) && bench.tools.includes(ansible)) {
      const own = bench.folder('chain-ansible')
      writeAnsibleChain(own, stores)
      const all = { argv: ['ansible-inventory', '-i', 'hosts.yaml', '--list', '--output', 'all.json'] }
      record('cold', 'ansible', 0, await measure(meter, all, own, { ...limits, sampleMs: 200 }))
    }
  },
}

type Record = (what: string, tool: string, round: number, cost: Cost) => void

async function parsers(bench: Bench, meter: string, files: readonly string[], record: Record): Promise<void> {
  const folder = bench.folder('parsers')
  mkdirSync(join(folder, 'json'))
  const { parse } = (await import('yaml')) as { parse(text: string, options: object): unknown }
  const json = files.map((file, n) => {
    const target = join(folder, 'json', `${n}.json`)
    writeFileSync(target, JSON.stringify(parse(readFileSync(file, 'utf8'), { maxAliasCount: -1, uniqueKeys: false })))
    return target
  })
  for (const [id, , load, call] of PARSERS) {
    const list = JSON.stringify(id === 'json' ? json : files)
    const program = `${load};for(const f of ${list}){const text=require('fs').readFileSync(f,'utf8');${call}}`
    const command = { argv: [process.execPath, '-e', program], cwd: REPOSITORY }
    const cost = await measure(meter, command, folder, { seconds: 120, sampleMs: 20 })
    if (cost.exitCode === 0) record('cold', id, 0, cost)
  }
  const program =
    'import sys,yaml,json\nL=yaml.CSafeLoader\nfor f in json.loads(sys.argv[1]): yaml.load(open(f),Loader=L)'
  const command = { argv: ['/usr/bin/python3', '-c', program, JSON.stringify(files)] }
  const cost = await measure(meter, command, folder, { seconds: 120, sampleMs: 50 })
  if (cost.exitCode === 0) record('cold', 'pyyaml', 0, cost)
}
