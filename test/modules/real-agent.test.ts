import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { agent } from '../../src/modules/agent/agent.ts'
import { isThere } from '../peers/debian.ts'
import { openWorld, removeFarms, type World } from './device-world.ts'
import { someContext } from './some-context.ts'

/** The real Zabbix agent 2 of Debian, started by an OpenRC that is not there. */
const hasAgent = isThere({
  what: 'the real agent',
  debian: 'zabbix-agent2',
  isHere: spawnSync('zabbix_agent2', ['-V']).status === 0,
})

const RC_SERVICE = `
pid=$(cat "$STATE/pid" 2>/dev/null)
runs() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
halt() { if runs; then kill "$pid"; while runs; do sleep 0.1; done; fi; }
case $1,$2 in
  --exists,*) exit 0 ;;
  *,status) runs || exit 3 ;;
  *,stop) halt ;;
  *,start | *,restart)
    halt
    zabbix_agent2 -f -c "$ROOT/etc/zabbix_agent2.conf" >/dev/null 2>&1 &
    echo "$!" >"$STATE/pid" ;;
esac
`

/** The agent takes none above 32767. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}

async function step(
  world: World,
  params: JsonObject,
): Promise<{ changes: string[]; failure?: string; value: JsonObject }> {
  const path = join(world.names['ROOT'] ?? '', 'etc/zabbix_agent2.conf')
  const look = () => agent.observe(someContext(world.shell), { path, ...params })
  const seen = await look()
  if (!seen.ok) throw new Error(seen.failure.message)
  const comparison = seen.value.compare({ triggered: false })
  if ('unknown' in comparison) throw new Error(comparison.unknown)
  const changes = comparison.changes.map((change) => change.path)
  const done = changes.length > 0 ? await seen.value.converge?.(comparison.changes) : undefined
  const after = await look()
  if (!after.ok) throw new Error(after.failure.message)
  if (done?.ok) expect(after.value.compare({ triggered: false })).toEqual({ changes: [] })
  return { changes, value: after.value.value as JsonObject, ...(done && !done.ok && { failure: done.failure.message }) }
}

afterAll(removeFarms)

describe.skipIf(!hasAgent)('with a real Zabbix agent 2', () => {
  it('starts it, changes it where it counts, and goes back when it is refused or does not answer', {
    timeout: 300_000,
  }, async () => {
    const port = await freePort()
    const world = await openWorld('/bin/dash', {
      bin: { 'rc-service': RC_SERVICE, 'rc-update': 'exit 0' },
      missing: ['systemctl'],
      files: {
        'etc/zabbix_agent2.conf': `Server=127.0.0.1\nListenIP=127.0.0.1\nListenPort=${port}\nHostname=one\nLogType=console\nControlSocket=$ROOT/agent.sock\nInclude=./d/*.conf\n`,
        'etc/d/.first.conf': 'Timeout=5\n',
        'etc/d/b.conf': 'Hostname=two\n',
      },
    })
    const file = (name: string): string => readFileSync(join(world.names['ROOT'] ?? '', 'etc', name), 'utf8')
    try {
      const started = await step(world, {})
      expect(started.failure).toBeUndefined()
      expect(started).toMatchObject({ changes: ['service'], value: { answers: { ping: true, listening: true } } })
      const changed = await step(world, { set: { Hostname: 'three', Timeout: 6 } })
      expect(changed).toMatchObject({ changes: ['keys.Hostname', 'keys.Timeout'], value: { answers: { ping: true } } })
      expect([file('d/b.conf'), file('d/.first.conf')]).toEqual(['Hostname=three\n', 'Timeout=6\n'])
      const refused = await step(world, { set: { Timeout: 99 } })
      expect(refused.failure).toMatch(/refused the new configuration.*Timeout.*value out of range/s)
      expect(file('d/.first.conf')).toBe('Timeout=6\n')
      // It starts with this, and cannot open its port.
      const silent = await step(world, { patience_s: 3, set: { ListenIP: '203.0.113.1' } })
      expect(silent.failure).toMatch(/Now with the old configuration it answers\.$/)
      expect(silent.value).toMatchObject({ answers: { ping: true, listening: true } })
      // Nobody but the server may ask it: its control socket still says that it is there.
      const foreign = await step(world, { set: { Server: '192.0.2.1' } })
      expect(foreign).toMatchObject({ changes: ['keys.Server'], value: { answers: { ping: true, by: 'control' } } })
    } finally {
      await world.shell.ask({ script: 'rc-service zabbix-agent2 stop' })
      await world.close()
    }
  })

  it('asks it by its port where there is no zabbix_get, and hears its version', { timeout: 300_000 }, async () => {
    const port = await freePort()
    const conf = `Server=127.0.0.1\nListenIP=127.0.0.1\nListenPort=${port}\nLogType=console\nControlSocket=$ROOT/agent.sock\n`
    const world = await openWorld('/bin/dash', {
      bin: { 'rc-service': RC_SERVICE, 'rc-update': 'exit 0', nc: 'exec busybox nc "$@"' },
      missing: ['systemctl', 'zabbix_get'],
      files: { 'etc/zabbix_agent2.conf': conf },
    })
    try {
      const started = await step(world, {})
      expect(started.failure).toBeUndefined()
      const version = expect.stringMatching(/^\d+\.\d+\.\d+/)
      expect(started.value).toMatchObject({ answers: { ping: true, by: 'port', version, listening: true } })
    } finally {
      await world.shell.ask({ script: 'rc-service zabbix-agent2 stop' })
      await world.close()
    }
  })
})
