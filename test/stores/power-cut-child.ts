import { EVENT_SCHEMA, type RunEventBody } from '../../src/core/events.ts'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import type { RunStore } from '../../src/core/run-store.ts'
import { openSqliteHooks, openSqliteStore } from '../../src/stores/sqlite.ts'

/** A process that promises one thing, and whose machine loses its power in the next moment: `power-cut-child FILE WHAT`. */
const [, , path = '', what = ''] = process.argv
const RUN = '20261122T034716Z-7f3a9c'
const POS1 = { device: 'PL-0001/pos1', attempt: 1 }
const HEAD = { type: 'run.started', mode: 'apply', runbooks: [], inventory_digest: '', revision: null } as const
const BY = { by: 'anna', host: 'h', pid: process.pid, version: '0' }

const store = await openSqliteStore(path)
let seq = 0

async function append(...bodies: readonly RunEventBody[]): Promise<void> {
  const at = new Date().toISOString()
  await store.append(bodies.map((body) => ({ schema: EVENT_SCHEMA, run: RUN, seq: ++seq, at, ...body })) as never)
}

const PROMISES: Readonly<Record<string, (store: RunStore) => Promise<unknown>>> = {
  // Nothing is lost with it: the device is looked at again.
  look: () => append({ type: 'device.started', store: 'PL-0001', ...POS1 }),
  announcement: async () => {
    await append({ type: 'device.started', store: 'PL-0001', ...POS1 })
    await append({ type: 'step.converging', runbook: 'b', step: 's', module: 'm', changes: [], ...POS1 })
  },
  word: () => append({ type: 'device.past_doubt', by: 'anna', why: 'looked at', ...POS1 }),
  audit: ({ audit }) =>
    audit.append({ at: new Date().toISOString(), kind: 'trust.recorded', by: 'anna', host: 'h', about: {} }),
  approval: ({ admission }) =>
    admission.transact('chain' as FleetKey, (content) => {
      const word = { by: 'anna', at: Date.now(), why: 'wait' }
      return {
        result: undefined,
        content: { ...content, runs: { [RUN]: { approvals: [], released: {}, paused: word } } },
      }
    }),
  delivery: async () => (await openSqliteHooks(path)).receive([{ source: 'zabbix', sender: 'token', body: '{}' }]),
}

await append({ ...HEAD, devices: 1, ...BY }, { type: 'run.targets', wave: 1, devices: [POS1.device] })
await PROMISES[what]?.(store)
process.kill(process.pid, 'SIGKILL')
