import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onEnd } from '../lab/undo.ts'
import { measure } from '../measure/measure.ts'
import { REPOSITORY, TILL } from '../tools/till.ts'
import { inWords } from './run-tool.ts'
import type { Bench, Section } from './section.ts'

/** One task: printers of the sandbox, their faults, and what a right result says of them. */
interface Task {
  readonly what: string
  readonly select: readonly string[]
  readonly faults: readonly string[]
  readonly isRight: (result: Result) => boolean
}

interface Result {
  readonly devices: readonly { readonly device: string; readonly classification?: { readonly fault: string } }[]
}

const PRINTERS = "device.kind in ['fiscal-printer', 'receipt-printer', 'label-printer', 'office-printer']"
const MANY = 4_000
const FEW = 200
/** One of the large stores of the sample fleet. */
const STORE = 'PL-0159'
const isWell = ({ devices }: Result): boolean => devices.length > 0 && devices.every((one) => !one.classification)
const isHalfDead = ({ devices }: Result): boolean =>
  devices.filter(({ classification }) => classification?.fault === 'not-known').length * 2 === devices.length

const TASKS: readonly Task[] = [
  { what: 'store', select: ['--store', STORE], faults: ['slow=150ms'], isRight: isWell },
  { what: 'many', select: ['--limit', String(MANY)], faults: [], isRight: isWell },
  { what: 'dead', select: ['--limit', '100'], faults: ['blackhole=50%'], isRight: isHalfDead },
]

/** `printer-check` over printers of the sandbox: three stages of each, by its own protocol. */
export const printers: Section = {
  id: 'printers',
  title: 'Printers of the sandbox',
  async run(bench) {
    const meter = bench.program('meter')
    if (!meter) return
    const folder = bench.folder('printers')
    for (const name of ['inventory', 'runbooks'])
      cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'tillwright.yaml'), 'inventory: inventory/\nrunbooks: runbooks/\n')
    onEnd(() => void till(folder, 'sandbox', 'down'))
    for (const task of TASKS) await runTask(bench, { meter, folder, task })
  },
}

function till(folder: string, ...args: readonly string[]): string {
  const [program = '', ...rest] = TILL
  return spawnSync(program, [...rest, ...args], { cwd: folder, encoding: 'utf8' }).stderr
}

async function runTask(bench: Bench, run: { meter: string; folder: string; task: Task }): Promise<void> {
  const { meter, folder, task } = run
  const select = bench.options.quick ? task.select.map((word) => word.replace(String(MANY), String(FEW))) : task.select
  const faults = task.faults.flatMap((fault) => ['--fault', fault])
  const trouble = till(folder, 'sandbox', 'up', '--detach', '--where', PRINTERS, ...select, ...faults)
  const argv = [...TILL, 'plan', 'printer-check', '--sandbox', '--json']
  for (let round = 0; round < bench.options.rounds; round += 1) {
    const { values, tooLong } = await measure(meter, { argv }, folder, { seconds: 180, sampleMs: 100 })
    const result = resultIn(join(folder, 'out.log'))
    if (!result) {
      bench.skip('printers', `${task.what}: ${trouble}`)
      break
    }
    const devices = result.devices.length
    const right = !tooLong && task.isRight(result)
    const own = { ...values, cpu_device_ms: values.cpu_ms / devices }
    const sample = { section: 'printers', what: task.what, tool: 'till', devices, round, right, values: own }
    bench.record(sample)
    bench.say(inWords(sample))
  }
  till(folder, 'sandbox', 'down')
}

function resultIn(file: string): Result | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Result
  } catch {
    return undefined
  }
}
