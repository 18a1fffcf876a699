import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import { zabbixSystem } from '../../src/hooks/systems/zabbix.ts'
import { zabbixApi } from '../../src/hooks/systems/zabbix-api.ts'
import { zabbixMaintenance } from '../../src/hooks/systems/zabbix-maintenance.ts'
import { sendToZabbix } from '../../src/reporters/zabbix-sender.ts'
import { errorsOf } from '../cli/published.ts'
import { hasZabbix, ZabbixServer } from '../peers/zabbix-server.ts'
import { NORTH, RULES, SECRETS, SENDERS, ServedProject } from './served-project.ts'

const MEDIA_TYPE = new URL('../../packaging/monitoring/zabbix/media-type.yaml', import.meta.url)

const HOST = `${NORTH}-pos1`
const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}

describe.skipIf(!hasZabbix)('with a Zabbix server', () => {
  const zabbix = new ZabbixServer()
  let till: ServedProject
  let hostid: string

  beforeAll(async () => {
    await zabbix.start()
    const systems = `  systems: {zabbix: {url: "${zabbix.api}", token: "env:ZABBIX_API_TOKEN", silence: {lasts: 1m}}}\n`
    const names = `  hostnames: ["device.store + '-' + device.id"]\n`
    const policies = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'
    till = new ServedProject(`${policies}${SENDERS}${RULES}${systems}${names}`)
    process.env['ZABBIX_API_TOKEN'] = zabbix.token
    await till.serve()
    const [group] = ((await zabbix.call('hostgroup.create', { name: 'Tills' })) as { groupids: string[] }).groupids
    const host = { host: HOST, groups: [{ groupid: group }], interfaces: [] }
    ;[hostid = ''] = ((await zabbix.call('host.create', host)) as { hostids: string[] }).hostids
    const item = (key: string, type: number) => ({
      hostid,
      name: key,
      key_: key,
      type: 2,
      value_type: type,
      delay: '0',
    })
    await zabbix.call('item.create', item('fault', 3))
    await zabbix.call('item.create', item('till.unknown', 3))
    await zabbix.call('item.create', item('till.count[never]', 3))
    await zabbix.call('trigger.create', {
      description: 'MarkerGone',
      expression: `last(/${HOST}/fault)=1`,
      priority: 4,
    })
  }, 180_000)
  afterAll(async () => {
    await till?.remove()
    await zabbix.stop()
  }, 60_000)

  test('a problem comes in by its webhook, is repaired, acknowledged and commented on', async () => {
    const rules = { mediaTypes: { createMissing: true } }
    const source = readFileSync(MEDIA_TYPE, 'utf8')
    expect(await zabbix.call('configuration.import', { format: 'yaml', rules, source })).toBe(true)
    const found = await zabbix.call('mediatype.get', { filter: { name: 'Tillwright' }, output: 'extend' })
    const [media] = found as { script: string; parameters: { name: string; value: string }[] }[]
    const ours: Record<string, string> = { url: `${till.url}/hooks/zabbix`, token: SECRETS.T_ALL }
    const parameters = media?.parameters.map(({ name, value }) => ({ name, value: ours[name] ?? value }))
    const command = media?.script
    const script = await zabbix.call('script.create', { name: 'till', type: 5, scope: 4, command, parameters })
    const [scriptid] = (script as { scriptids: string[] }).scriptids
    const at = { host: '127.0.0.1', port: zabbix.trapper }
    const value = { host: HOST, key: 'fault', value: '1' }
    const eventid = await until(async () => {
      await sendToZabbix(at, [value])
      const problems = (await zabbix.call('problem.get', { hostids: [hostid] })) as { eventid: string }[]
      return problems[0]?.eventid
    })
    await until(async () => zabbix.call('script.execute', { scriptid, eventid }).catch(() => undefined))
    await till.has(() => till.told.includes('repair 1 helped'))
    const told = await until(async () => {
      const events = await zabbix.call('event.get', { eventids: [eventid], select_acknowledges: 'extend' })
      const [event] = events as { acknowledged: string; acknowledges: { message: string }[] }[]
      return event?.acknowledges.length ? event : undefined
    })
    expect(told.acknowledged).toBe('1')
    expect(told.acknowledges.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Tillwright, repair 1 of \S+ by rule marker: repaired and looked at again\. till runs show /,
      ),
    ])
    expect(till.log()).toEqual(['pos1 made'])
    const { hush } = zabbixSystem({ url: zabbix.api, token: zabbix.token })
    expect(await hush([eventid])).toEqual({ state: 'open' })
    // Its end is known there, whether or not we were told of it.
    const over = await until(async () => {
      await sendToZabbix(at, [{ ...value, value: '0' }])
      const now = await hush([eventid])
      return now.state === 'open' ? undefined : now
    })
    expect(over).toEqual({ state: 'hushed', why: 'Its problem is over in Zabbix, and the all-clear has not come.' })
  }, 120_000)

  test('what is known of devices is sent to its items, and what it did not take is counted', async () => {
    const sent = async () => till.till('status', '--send', `zabbix://127.0.0.1:${zabbix.trapper}/${HOST}`)
    const { code, stdout } = await sent()
    expect(code).toBe(4)
    expect(stdout).toMatch(/^2 values were taken, \d+ were not\.\n$/)
    const never = await until(async () => {
      const items = await zabbix.call('item.get', { hostids: [hostid], search: { key_: 'till.count[never]' } })
      const [item] = items as { lastclock: string; lastvalue: string }[]
      return item?.lastclock === '0' ? undefined : item?.lastvalue
    })
    expect(never).toBe('2')
  }, 60_000)

  test('a host is in maintenance while a run changes its device, and others leave it alone', async () => {
    const maintenances = async () => {
      const found = await zabbix.call('maintenance.get', { output: 'extend', selectHosts: ['host'] })
      return found as {
        name: string
        description: string
        active_since: string
        active_till: string
        hosts: { host: string }[]
      }[]
    }
    const apply = till.till('apply', 'slow', '--device', `${NORTH}/pos1`, '--yes')
    const maintenance = await until(async () => (await maintenances())[0])
    expect(maintenance.hosts).toMatchObject([{ host: HOST }])
    expect(maintenance.name).toMatch(new RegExp(`^Tillwright ${NORTH}/pos1, run \\S+ [0-9a-f]{12}$`))
    expect(maintenance.description).toMatch(/^Tillwright changes \S+: run \S+, by \S+ on \S+/)
    expect(Number(maintenance.active_till) - Date.now() / 1000).toBeLessThanOrEqual(120)
    // Its end is put off when a third of its time is over, which shows once a minute has gone by.
    await until(async () => {
      const [now] = await maintenances()
      return now && now.active_till > maintenance.active_till ? now : undefined
    })
    till.write('quick', '')
    expect(await apply).toMatchObject({ code: 0 })
    expect(await maintenances()).toEqual([])
  }, 180_000)

  test('what the same run has made for the device before is taken over', async () => {
    const silencing = zabbixMaintenance(zabbixApi({ url: zabbix.api, token: zabbix.token }))
    const mark = { authority: 'state', fleet: 'Test' as FleetKey, run: 'run', device: `${NORTH}/pos1` }
    const open = (minutes: number) => {
      const until = new Date(Date.now() + minutes * 60_000)
      return silencing.open({ mark, matchers: {}, hosts: [HOST], comment: `for ${minutes} min`, until })
    }
    const first = await open(1)
    expect(first).toMatchObject({ ok: true })
    expect(await open(60)).toEqual(first)
    const [taken, ...others] = (await zabbix.call('maintenance.get', { output: 'extend' })) as Record<string, string>[]
    expect([others, taken?.['description']]).toEqual([[], expect.stringMatching(/^for 60 min/)])
    expect(Number(taken?.['active_till']) - Date.now() / 1000).toBeGreaterThan(3_000)
    expect(await silencing.close(first.ok ? first.id : '')).toEqual({ ok: true })
  }, 60_000)

  test('a host that cannot be found is said, and worked on all the same', async () => {
    const { code, stderr } = await till.till('apply', 'slow', '--device', `${NORTH}/office`, '--yes')
    expect(code).toBe(0)
    expect(stderr).toContain(
      `${NORTH}/office is worked on without a silence: zabbix: it shows this account no host "${NORTH}/office" or "${NORTH}-office"`,
    )
  }, 60_000)

  test('hosts are made of the inventory, and nothing is done twice, nor to hosts of others', async () => {
    const sync = async (...args: string[]) => {
      const { code, stdout, stderr } = await till.till('sync', 'zabbix', '--json', ...args)
      const answer = JSON.parse(stdout || stderr)
      expect(errorsOf('zabbix-sync', answer)).toEqual([])
      return { code, ...answer }
    }
    const hosts = async () => {
      const found = await zabbix.call('host.get', {
        output: ['host', 'name', 'status'],
        selectTags: ['tag', 'value'],
        selectInterfaces: ['ip'],
        tags: [{ tag: 'till.device', value: NORTH, operator: 0 }],
      })
      return found as { host: string; status: string; tags: { tag: string }[]; interfaces: { ip: string }[] }[]
    }
    const planned = await sync()
    expect(planned).toMatchObject({ code: 4, applied: false, counts: { create: 2, update: 0, disable: 0, refused: 1 } })
    const refused = planned.hosts.find(({ action }: { action: string }) => action === 'refused')
    expect(refused).toMatchObject({ host: HOST, why: expect.stringContaining('it is not ours') })
    expect(await hosts()).toEqual([])
    expect(await sync('--yes')).toMatchObject({ applied: true, counts: { create: 2 } })
    const made = await hosts()
    expect(made).toMatchObject([{ host: `${NORTH}-office`, status: '0', interfaces: [{ ip: '127.0.1.1' }] }])
    // The one that was there is given over by its tags, and keeps what it has beside.
    const tags = { 'till.fleet': await fleetName(), 'till.device': `${NORTH}/pos1`, own: 'x' }
    await zabbix.call('host.update', {
      hostid,
      tags: Object.entries(tags).map(([tag, value]) => ({ tag, value })),
    })
    expect(await sync('--yes')).toMatchObject({ code: 0, counts: { create: 0, update: 1, unchanged: 2 } })
    expect((await hosts()).find(({ host }) => host === HOST)?.tags).toContainEqual({ tag: 'own', value: 'x' })
    expect(await sync('--yes')).toMatchObject({ code: 0, counts: { create: 0, update: 0, unchanged: 3 }, hosts: [] })
    const inventory = till.read('inventory/fleet.yaml')
    till.write('inventory/fleet.yaml', inventory.replace(/ {6}office: .*\n/, ''))
    expect(await sync()).toMatchObject({ code: 3, counts: { disable: 1 }, hosts: [{ host: `${NORTH}-office` }] })
    expect(await sync('--yes')).toMatchObject({ code: 0, counts: { disable: 1 } })
    expect(await sync('--yes')).toMatchObject({ code: 0, counts: { disable: 0, unchanged: 3 } })
    expect((await hosts()).find(({ host }) => host.endsWith('office'))?.status).toBe('1')
    till.write('inventory/fleet.yaml', inventory.replace('127.0.1.1', '127.0.1.9'))
    expect(await sync('--yes')).toMatchObject({
      code: 0,
      hosts: [
        {
          action: 'update',
          changes: [
            { field: 'address', from: '127.0.1.1', to: '127.0.1.9' },
            { field: 'tags' },
            { field: 'status', from: 'disabled', to: 'enabled' },
          ],
        },
      ],
    })
    expect((await hosts()).find(({ host }) => host.endsWith('office'))?.interfaces).toEqual([{ ip: '127.0.1.9' }])
    await zabbix.call('host.update', { hostid, status: 1 })
    expect(await sync('--yes')).toMatchObject({ counts: { update: 0, unchanged: 3 } })
    // A fleet that is renamed has the same hosts.
    till.write('inventory/fleet.yaml', till.read('inventory/fleet.yaml').replace('name: Test', 'name: Renamed'))
    expect(await sync('--yes')).toMatchObject({ code: 0, counts: { create: 0, update: 0, unchanged: 3 }, hosts: [] })

    async function fleetName(): Promise<string | undefined> {
      const found = (await zabbix.call('host.get', {
        selectTags: ['tag', 'value'],
        filter: { host: `${NORTH}-office` },
      })) as { tags: { tag: string; value: string }[] }[]
      return found[0]?.tags.find(({ tag }) => tag === 'till.fleet')?.value
    }
  }, 120_000)

  test('what Zabbix refuses is told in its own words', async () => {
    const token = process.env['ZABBIX_API_TOKEN']
    process.env['ZABBIX_API_TOKEN'] = 'f'.repeat(64)
    const { code, stderr } = await till.till('sync', 'zabbix', '--yes')
    process.env['ZABBIX_API_TOKEN'] = token
    expect(code).toBe(2)
    expect(stderr).toContain('MONITORING_REFUSED')
    expect(stderr).toMatch(/Zabbix: host\.get is refused: (Not authori[sz]ed|Session terminated)/)
  }, 60_000)
})
