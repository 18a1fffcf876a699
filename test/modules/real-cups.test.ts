import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { posixQueues } from '../../src/devices/spooler/posix-queues.ts'
import type { SpooledQueue } from '../../src/devices/spooler/spooled-queue.ts'
import { MODULES } from '../../src/modules/index.ts'
import { hasCups, makeQueue, type PrintServer, startCups } from '../peers/print-servers.ts'
import { shells } from '../shell/shells.ts'
import { openWorld, removeFarms } from './device-world.ts'
import { someContext } from './some-context.ts'

const spooler = MODULES.find(({ name }) => name === 'spooler')

describe.runIf(hasCups).each(shells)('the queues of a real CUPS, in $name', { timeout: 60_000 }, (shell) => {
  let cups: PrintServer & { lp(queue: string, text: string): void }
  beforeAll(async () => {
    cups = await startCups()
    makeQueue(cups, 'receipts', 'socket://127.0.0.1:9')
    makeQueue(cups, 'idle', 'socket://127.0.0.1:9')
    makeQueue(cups, 'by-lpd', 'lpd://127.0.0.1:9/receipts')
    makeQueue(cups, 'by-ipp', 'ipp://127.0.0.1:9/ipp/print')
    cups.lp('receipts', 'a receipt')
  }, 60_000)
  afterAll(async () => {
    await cups?.stop()
    removeFarms()
  })

  test('a dead printer shows by the age of its job', async () => {
    const lpstat = `exec env CUPS_SERVER=127.0.0.1:${cups.port} /usr/bin/lpstat "$@"`
    const world = await openWorld(shell.path, { bin: { lpstat } })
    try {
      const changes = async (params: JsonObject): Promise<readonly unknown[]> => {
        const seen = await spooler?.observe(someContext(world.shell), params)
        if (!seen?.ok) throw new Error(seen?.failure.message)
        const compared = seen.value.compare({ triggered: false })
        return 'changes' in compared ? compared.changes : [compared.unknown]
      }
      expect(await changes({ max_age: '10m' })).toEqual([])
      const end = Date.now() + 10_000
      let found: readonly unknown[] = []
      while (found.length === 0 && Date.now() < end) found = await changes({ max_age: '1s' })
      expect(found).toEqual([{ path: 'receipts.jobs', before: 'stuck', after: 'moving' }])
      expect(await changes({ queue: 'idle', max_age: '1s' })).toEqual([])
    } finally {
      await world.close()
    }
  })

  test.each(['receipts', 'by-lpd', 'by-ipp'])(
    'a printer that refuses is never taken for one that prints: %s',
    async (name) => {
      const lpstat = `exec env CUPS_SERVER=127.0.0.1:${cups.port} /usr/bin/lpstat "$@"`
      const world = await openWorld(shell.path, { bin: { lpstat } })
      try {
        if (name !== 'receipts') cups.lp(name, 'a receipt')
        const look = async (): Promise<SpooledQueue | undefined> => {
          const read = await posixQueues(world.shell)
          return read.ok ? read.value.queues.find((queue) => queue.name === name) : undefined
        }
        const end = Date.now() + 10_000
        let seen = await look()
        while (seen?.message === undefined && Date.now() < end) seen = await look()
        for (let looks = 0; looks < 8; looks++) {
          seen = await look()
          expect({ message: seen?.message, printing: seen?.jobs.map(({ printing }) => printing) }).toMatchObject({
            printing: [false],
          })
        }
      } finally {
        await world.close()
      }
    },
  )

  test('a queue that rejects jobs is drift', async () => {
    const lpstat = `exec env CUPS_SERVER=127.0.0.1:${cups.port} /usr/bin/lpstat "$@"`
    const world = await openWorld(shell.path, { bin: { lpstat } })
    try {
      execFileSync('/usr/sbin/cupsreject', ['-h', `127.0.0.1:${cups.port}`, 'idle'], { timeout: 10_000 })
      const seen = await spooler?.observe(someContext(world.shell), { queue: 'idle' })
      const compared = seen?.ok ? seen.value.compare({ triggered: false }) : undefined
      expect(compared).toMatchObject({ changes: [{ path: 'idle.accepting', before: false, after: true }] })
    } finally {
      execFileSync('/usr/sbin/cupsaccept', ['-h', `127.0.0.1:${cups.port}`, 'idle'], { timeout: 10_000 })
      await world.close()
    }
  })
})
