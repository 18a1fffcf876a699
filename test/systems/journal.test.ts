import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { NewSample } from '../../src/core/sample.ts'
import { MODULES } from '../../src/modules/index.ts'
import { someContext } from '../modules/some-context.ts'
import { type BootedSystem, bootSystem, whyNoBoot } from './booted-systems.ts'

const log = MODULES.find(({ name }) => name === 'log')

describe.skipIf(whyNoBoot !== undefined)('the journal of a booted systemd', { timeout: 120_000 }, () => {
  let system: BootedSystem
  let noted: readonly NewSample[] = []
  beforeAll(async () => {
    system = await bootSystem('systemd')
    const program = '#!/bin/sh\necho first\necho "<3>bad 7"\nprintf "two\\nlines\\n"\n'
    writeFileSync(`${system.root}/opt/talk`, program, { mode: 0o755 })
    writeFileSync(`${system.root}/etc/systemd/system/talk.service`, '[Service]\nType=oneshot\nExecStart=/opt/talk\n')
    system.run(
      'systemctl daemon-reload; systemctl start talk; logger -t tillapp -p user.err "no paper"; journalctl --sync',
    )
  }, 600_000)
  afterAll(async () => {
    await system?.stop()
  })

  /** What is found; and what the next look knows of this one. */
  async function find(journal: JsonObject, more: JsonObject = {}): Promise<unknown> {
    const samples = async (series: string) => noted.filter((one) => one.series === series)
    const history = { samples, fact: async () => null }
    const seen = await log?.observe(someContext(system.shell, { history }), { journal, ...more })
    if (!seen?.ok) return seen?.failure.message
    noted = [...noted, ...(seen.value.samples ?? [])]
    return seen.value.value
  }

  test('is read by unit, priority, identifier and pattern', async () => {
    expect(await find({ unit: 'talk', priority: 'err' }, { pattern: '^bad [0-9]+$' })).toMatchObject({ count: 1 })
    expect(await find({ unit: 'talk.service' }, { pattern: 'first|lines' })).toMatchObject({
      count: 2,
      latest: ['first', 'lines'],
    })
    expect(await find({ identifier: 'tillapp', priority: 'warning' })).toMatchObject({
      count: 1,
      latest: [expect.stringMatching(/^\d{4}-.* tillapp\[\d+\]: no paper$/)],
    })
    expect(await find({ unit: 'talk', priority: 'crit' })).toMatchObject({ count: 0, latest: [] })
  })

  test('is read since a while', async () => {
    system.run('sleep 2')
    expect(await find({ identifier: 'tillapp', since: '1s' })).toMatchObject({ count: 0 })
    expect(await find({ identifier: 'tillapp', since: '10m' })).toMatchObject({ count: 1 })
  })

  test('shows only what no earlier look has seen', async () => {
    const unseen = { identifier: 'tillapp', unseen: true }
    expect(await find(unseen)).toMatchObject({ count: 1 })
    expect(await find(unseen)).toMatchObject({ count: 0 })
    system.run('logger -t tillapp one; logger -t tillapp two; journalctl --sync')
    expect(await find(unseen)).toMatchObject({ count: 2 })
    expect(await find(unseen)).toMatchObject({ count: 0 })
    // Another pattern has a place of its own.
    expect(await find(unseen, { pattern: 'two' })).toMatchObject({ count: 1, latest: ['two'] })
  })

  test('of a unit that does not exist is not called quiet', async () => {
    expect(await find({ unit: 'nosuch' })).toMatch(/There is no unit nosuch, and the journal has nothing of it/)
    expect(await find({ unit: 'cron' }, { pattern: 'nothing of the kind' })).toMatchObject({ count: 0 })
  })

  test('is not called quiet to somebody who may not see it, nor where nothing is kept', async () => {
    system.run(
      `mkdir -p /opt/bin; printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/journalctl "$@"\n' >/usr/local/bin/journalctl; chmod +x /usr/local/bin/journalctl`,
    )
    expect(await find({ unit: 'cron' })).toMatch(/Permission denied|Reading the journal/)
    system.run(`printf '#!/bin/sh\nexec /usr/bin/journalctl -D /opt/bin "$@"\n' >/usr/local/bin/journalctl`)
    expect(await find({ unit: 'cron' })).toMatch(/The journal is empty/)
    system.run('rm /usr/local/bin/journalctl')
  })
})
