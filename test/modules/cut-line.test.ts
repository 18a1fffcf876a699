import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ShellRequest } from '../../src/core/channel.ts'
import { service } from '../../src/modules/service/service.ts'
import { openWorld, removeFarms } from './device-world.ts'
import { someContext } from './some-context.ts'

afterAll(removeFarms)

/** It is down for a second in the middle of a restart, as everything is that a script restarts. */
const RC_SERVICE = `case $1,$2 in
  --exists,*) exit 0 ;;
  *,status) [ -e "$STATE/up" ] || exit 3; echo 'status: started' ;;
  *,restart) rm "$STATE/up"; : >"$STATE/down"; sleep 1; : >"$STATE/up" ;;
esac`

test('a line that drops in the middle of a restart leaves no service stopped', { timeout: 60_000 }, async () => {
  const lockName = `test/cut-line-${process.pid}`
  const bin = { 'rc-service': RC_SERVICE, 'rc-update': 'exit 0' }
  const world = await openWorld('/bin/dash', { missing: ['systemctl'], bin, state: { up: '' } }, { lockName })
  const at = (name: string): string => join(world.names['ROOT'] ?? '', '../state', name)
  try {
    const fence = { lockName, authority: 'a', run: 'run-1', attempt: 1, epoch: 1, leftMs: () => 60_000 }
    const changing = { ...world.shell, ask: (request: ShellRequest) => world.shell.ask({ ...request, fence }) }
    const seen = await service.observe(someContext(changing), { name: 'till-agent', state: 'running' })
    if (!seen.ok) throw new Error(seen.failure.message)
    const comparison = seen.value.compare({ triggered: true })
    if ('unknown' in comparison) throw new Error(comparison.unknown)
    const done = seen.value.converge?.(comparison.changes)?.catch(() => 'lost')
    await expect.poll(() => existsSync(at('down')), { timeout: 20_000, interval: 20 }).toBe(true)
    world.hangUp()
    expect(await done).toBe('lost')
    await expect.poll(() => existsSync(at('up')), { timeout: 20_000 }).toBe(true)
  } finally {
    await world.close()
  }
})
