import { closeSync, openSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { IncidentStore } from '../core/incident-store.ts'
import type { RunStore } from '../core/run-store.ts'
import { recordRun } from './recorded-runs.ts'

/** The other process in the contract of stores: `node store-child MODULE EXPORT LOCATION ROLE ARGUMENTS…`. */
const [, , modulePath = '', exportName = '', location = '', role = '', ...rest] = process.argv
const exports = (await import(modulePath)) as Record<string, (location: string) => Promise<unknown>>
const open = exports[exportName] as ((location: string) => Promise<RunStore>) | undefined
if (open === undefined) throw new Error(`"${modulePath}" exports no "${exportName}"`)
const store = await open(location)

const roles: Readonly<Record<string, () => Promise<void>>> = {
  /** Appends without end, and says after each batch how far it is durable. */
  async append() {
    const [run = '', devices = '0'] = rest
    const events = recordRun(
      Array.from({ length: Number(devices) }, (_, i) => ({
        device: `PL-0001/pos${i}`,
        state: 'changed',
        steps: [{ step: 'a', state: 'changed', changes: [{ path: 'x', before: 1, after: 2 }] }],
      })),
      { run, mode: 'apply', at: new Date().toISOString(), started: { host: hostname(), pid: process.pid } },
    )
    for (let first = 0; first < events.length - 1; first += 7) {
      await store.append(events.slice(first, Math.min(first + 7, events.length - 1)))
      process.stdout.write(`${Math.min(first + 7, events.length - 1)}\n`)
    }
  },
  /** Takes and gives back leases; a file per device, made exclusively while it is held, proves that nobody else has it. */
  async contend() {
    const [run = '', folder = '', rounds = '0'] = rest
    let granted = 0
    await store.leases.beat(run, 60_000)
    for (let round = 0; round < Number(rounds); round += 1) {
      const device = `PL-0001/pos${round % 3}`
      const lease = await store.leases.acquire([device], { run, controller: run })
      if (!lease.granted) {
        await delay(1)
        continue
      }
      granted += 1
      const mark = `${folder}/${round % 3}`
      closeSync(openSync(mark, 'wx'))
      await delay(1)
      unlinkSync(mark)
      await store.leases.release(lease.token)
    }
    process.stdout.write(`${granted}\n`)
  },
  /** Takes a lease and waits to be killed. */
  async hold() {
    const [run = '', device = ''] = rest
    await store.leases.beat(run, 3_600_000)
    const { granted } = await store.leases.acquire([device], { run, controller: run })
    process.stdout.write(`${granted}\n`)
    await delay(60_000)
  },
  /** Takes messages that go out as one, says how they are called, and waits to be killed. */
  async claim() {
    const [name = '', gathered = '0'] = rest
    const incidents = (await exports[name]?.(location)) as IncidentStore
    const gatherMs = (): number => Number(gathered)
    const at = new Date(Date.now() + 2 * gatherMs())
    const [batch] = await incidents.escalations.claim(at, { limit: 1, underWay: new Set(), gatherMs })
    process.stdout.write(`${batch?.name}\n`)
    await delay(60_000)
  },
}

await roles[role]?.()
await store.close()
