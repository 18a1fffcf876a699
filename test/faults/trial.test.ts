import { expect, test } from 'vitest'
import { hasPostgres } from '../peers/postgres-server.ts'
import { canIsolate } from '../sandbox/sandboxes.ts'
import { summaryOf, tryFaults } from './trial.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

// `npm run faults` is the same with more of everything.
test.skipIf(!hasPostgres || !canIsolate)(
  `nothing happens twice or not at all among random faults (seed ${SEED})`,
  async () => {
    const said: string[] = []
    const verdict = await tryFaults({
      seed: SEED,
      faults: 10,
      devices: 12,
      controllers: 2,
      workers: 2,
      tickers: 2,
      servers: 0,
      slots: 4,
      perRun: 6,
      gapMs: 1_000,
      mostMs: 20_000,
      tell: (text) => said.push(text),
    })
    expect(verdict.violations, [`play again with SEED=${SEED}`, ...said, summaryOf(verdict)].join('\n')).toEqual([])
    expect(verdict.evidence.runs.filter(({ ends }) => ends.length > 0).length).toBeGreaterThan(0)
  },
  600_000,
)
