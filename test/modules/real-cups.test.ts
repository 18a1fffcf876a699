import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
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
})
