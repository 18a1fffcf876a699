// npm run faults: processes over one PostgreSQL and one sandbox fleet, and random faults among them. See CONTRIBUTING.md.
import { parseArgs } from 'node:util'
import { summaryOf, tryFaults } from '../test/faults/trial.ts'
import { hasPostgres } from '../test/peers/postgres-server.ts'

const USAGE = `npm run faults -- [FLAGS]

  --faults N       so many random faults (500)
  --devices N      devices of the sandbox (2000)
  --seed N         the same faults again (default: a new one, which is told)
  --controllers N  processes of till apply and till resume at a time (3)
  --workers N      processes of till worker (4)
  --tickers N      processes of till reconcile (3)
  --servers N      processes of till serve (0)
  --slots N        devices at a time of each worker (20)
  --per-run N      devices that one run is asked for (200)
  --gap MS         between two faults, in the middle (1500)
  --minutes N      no more faults after so long (60)
  --keep FOLDER    writes the tables, and what processes said and devices noted, into it
  --help           this text

As root, on Linux, with PostgreSQL 15 of Debian. Ends with 3 where something was found that must never be.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: '500' },
      devices: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      controllers: { type: 'string', default: '3' },
      workers: { type: 'string', default: '4' },
      tickers: { type: 'string', default: '3' },
      servers: { type: 'string', default: '0' },
      slots: { type: 'string', default: '20' },
      'per-run': { type: 'string', default: '200' },
      gap: { type: 'string', default: '1500' },
      minutes: { type: 'string', default: '60' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (!hasPostgres) throw new Error('It needs root, and PostgreSQL 15 of Debian (apt-get install postgresql).')
  const {
    faults,
    devices,
    seed,
    controllers,
    workers,
    tickers,
    servers,
    slots,
    'per-run': perRun,
    gap,
    minutes,
  } = values
  const began = performance.now()
  const tell = (text: string): void => {
    process.stderr.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${text}\n`)
  }
  tell(`seed ${seed}`)
  const verdict = await tryFaults({
    seed: whole(seed),
    faults: whole(faults),
    devices: whole(devices),
    controllers: whole(controllers),
    workers: whole(workers),
    tickers: whole(tickers),
    servers: whole(servers),
    slots: whole(slots),
    perRun: whole(perRun),
    gapMs: whole(gap),
    mostMs: whole(minutes) * 60_000,
    tell,
    keep: values.keep,
  })
  process.stdout.write(`${summaryOf(verdict)}\n`)
  return verdict.violations.length === 0 ? 0 : 3
}

function whole(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new Error(`"${text}" is no whole number.`)
  return number
}

process.exitCode = await main()
