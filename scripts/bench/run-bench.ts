// npm run bench: measures Tillwright beside its peers and says what came out. What it sets up it takes down.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { benchOf } from './bench.ts'
import { onEnd, undoAll, undoOnSignals } from './lab/undo.ts'
import { endMeasuredOnEnd } from './measure/measure.ts'
import { readFlags, USAGE } from './options.ts'
import { goalsOf } from './report/goals.ts'
import { machine } from './report/machine.ts'
import type { BenchmarkResult } from './report/result.ts'
import { RESULT_SCHEMA } from './report/result.ts'
import { figuresOf } from './report/statistics.ts'
import { tables } from './report/text.ts'
import { SECTIONS } from './sections/index.ts'
import { allTools, TOOL_IDS } from './tools/index.ts'
import { WINRM_TOOLS } from './tools/winrm.ts'

async function main(): Promise<number> {
  const began = new Date()
  const args = process.argv.slice(2)
  const { options, out, json, help } = readFlags(
    args,
    SECTIONS.map(({ id }) => id),
    TOOL_IDS,
  )
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  undoOnSignals()
  const work = mkdtempSync(join(tmpdir(), `till-bench-${process.pid}-`))
  onEnd(() => rmSync(work, { recursive: true, force: true }))
  endMeasuredOnEnd()
  const bench = benchOf(options, work, { ssh: allTools(work, options.against), winrm: WINRM_TOOLS })
  for (const section of SECTIONS) {
    if (options.sections.length > 0 && !options.sections.includes(section.id)) continue
    bench.say(`== ${section.title}`)
    try {
      await section.run(bench)
    } catch (error) {
      bench.skip(section.id, `it broke off: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const figures = figuresOf(bench.samples)
  const result: BenchmarkResult = {
    schema: RESULT_SCHEMA,
    started_at: began.toISOString(),
    duration_s: Math.round((Date.now() - began.getTime()) / 1_000),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    machine: machine(),
    tools: bench.notes(),
    samples: bench.samples,
    figures,
    goals: goalsOf(figures),
    skipped: bench.skipped,
  }
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${JSON.stringify(result, null, 1)}\n`)
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : tables(result))
  process.stderr.write(`bench: written to ${out}\n`)
  return bench.samples.length > 0 && bench.samples.every(({ right, tool }) => right || tool !== 'till') ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
} finally {
  await undoAll()
}
