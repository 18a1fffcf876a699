import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { type Says, WindowsWorld } from '../windows-world.ts'

const MAIN = 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf'
const TILL = 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.d\\till.conf'
const file = (path: string, text: string) => ({ path, sum: 'ab', content: Buffer.from(text).toString('base64') })
const AGENT = {
  path: MAIN,
  exe: 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe',
  version: '6.0.30',
  files: [file(MAIN, 'Server=10.0.0.1\r\nInclude=.\\zabbix_agent2.d\\*.conf\r\n'), file(TILL, 'Hostname=one\r\n')],
  includes: [{ pattern: '.\\zabbix_agent2.d\\*.conf', files: [TILL] }],
  ping: true,
  by: 'port',
  running: '6.0.30',
  listening: true,
  unfinished: false,
  psk: 'absent',
}
const RUNS = {
  exists: true,
  status: 'Running',
  start: 2,
  delayed: false,
  account: 'LocalSystem',
  recovery: '',
  dependants: [],
  stranded: [],
}
const DONE = { code: 0, log: '', version: '7.0.5.2400', sum: '', signature: '', restored: [MAIN] }

const world = (more: { agent?: object; change?: object; install?: object; service?: object } = {}): WindowsWorld =>
  new WindowsWorld({
    'package.observe': {
      products: [{ code: '{1}', name: 'Zabbix Agent 2 (64-bit)', version: '6.0.30.2400', msi: true, user: '' }],
      unfinished: false,
    },
    'package.stage': { path: 'C:\\Windows\\Temp\\till-1', free: 1e9 },
    'package.install': { ...DONE, ...more.install },
    'service.observe': { ...RUNS, ...more.service },
    'agent.observe': { ...AGENT, ...more.agent },
    'agent.change': { exit: 0, said: '', answers: null, ...more.change },
  } as Says)

const folder = mkdtempSync(join(tmpdir(), 'till-agent-msi-'))
const msi = { path: join(folder, 'agent.msi'), sha256: createHash('sha256').update('MSI').digest('hex') }
writeFileSync(msi.path, 'MSI')
afterAll(() => rmSync(folder, { recursive: true }))

describe('agent on Windows', () => {
  it('is content, and says what differs', async () => {
    expect(await world().differs('agent', { version: '6.0.30', set: { Server: '10.0.0.1', Hostname: 'one' } })).toEqual(
      [],
    )
    expect(await world().differs('agent', { version: '7.0.5', set: { Hostname: 'two' }, enabled: false })).toEqual([
      'version: 6.0.30.2400 -> 7.0.5',
      'keys.Hostname: one -> two',
      'enabled: true -> false',
    ])
    const sick = { agent: { ping: false, running: '' }, service: {} }
    expect(await world(sick).differs('agent', {})).toEqual(['answers: false -> true'])
    expect(await world({ service: { status: 'Stopped' } }).differs('agent', {})).toEqual([
      'service: stopped -> running',
    ])
  })

  it('changes a key in the file where it counts, and keeps its line ends', async () => {
    const till = world()
    expect(await till.converge('agent', { set: { Hostname: 'two' }, patience_s: 5 })).toBe('done')
    expect(JSON.parse(String(till.valuesOf('agent.change')['files']))).toEqual([
      { path: TILL, part: 'config', text: 'Hostname=two\r\n', sum: 'ab' },
    ])
    expect(till.valuesOf('agent.change')).toMatchObject({ act: 'restart', boot: '', patience: 5, was_running: true })
  })

  it('has the MSI leave the whole configuration as it was', async () => {
    const till = world()
    expect(await till.converge('agent', { version: '7.0.5', file: msi })).toBe('done')
    expect(till.valuesOf('package.install')).toMatchObject({ keep: JSON.stringify([MAIN, TILL]), sha256: msi.sha256 })
    expect(till.fragments.slice(-3)).toEqual(['package.stage', 'package.install', 'agent.change'])
  })

  it('writes what the service reads that an MSI has made, in whatever folder that is', async () => {
    const narrow = MAIN.replace('Program Files', 'Program Files (x86)')
    const nothing = { exe: '', version: '', ping: false, by: '', running: '', listening: null, includes: [] }
    let isThere = false
    const till = new WindowsWorld({
      'package.observe': { products: [], unfinished: false },
      'package.stage': { path: 'C:\\Windows\\Temp\\till-1', free: 1e9 },
      'package.install': () => {
        isThere = true
        return DONE
      },
      'service.observe': () => (isThere ? RUNS : { ...RUNS, exists: false, status: '' }),
      'agent.observe': () =>
        isThere
          ? { ...AGENT, path: narrow, files: [file(narrow, 'Hostname=new\r\n')], includes: [] }
          : { ...AGENT, ...nothing, files: [] },
      'agent.change': { exit: 0, said: '', answers: null },
    })
    expect(await till.converge('agent', { version: '7.0.5', file: msi, set: { Hostname: 'two' } })).toBe('done')
    expect(till.valuesOf('agent.observe')).toMatchObject({ path: '', usual: MAIN })
    expect(till.valuesOf('agent.change')).toMatchObject({ path: narrow, act: 'restart' })
    expect(JSON.parse(String(till.valuesOf('agent.change')['files']))).toEqual([
      { path: narrow, part: 'config', text: 'Hostname=two\r\n', sum: 'ab' },
    ])
  })

  it.each([
    [{ install: { code: 1618 } }, /Another installation is under way/],
    [{ install: { code: 1603 } }, /1603/],
    [
      { change: { exit: 81, said: 'unknown parameter', answers: true } },
      /^VALIDATOR_REFUSED: .*unknown parameter\. Now .*6\.0\.30\.2400.*stays.*answers\.$/,
    ],
    [{ change: { exit: 88, said: '', answers: false } }, /does not answer\. Now .* does not answer either\.$/],
  ])('says what became of %j', async (more, said) => {
    expect(await world(more).converge('agent', { version: '7.0.5', file: msi })).toMatch(said)
  })

  it('writes the key and shows it nowhere, and takes no secret for a command line', async () => {
    const key = new Secret('0a1b2c3d4e5f') as unknown as string
    const psk = { identity: 'PL-1', key, path: 'C:\\Program Files\\Zabbix Agent 2\\agent.psk' }
    const till = world()
    expect((await till.differs('agent', { psk })).join()).not.toContain('0a1b')
    expect(await till.converge('agent', { psk })).toBe('done')
    expect(String(till.valuesOf('agent.change')['files'])).toContain('0a1b2c3d4e5f')
    const properties = { TLSPSKVALUE: key }
    expect((await till.differs('agent', { properties }))[0]).toMatch(/^PARAMS_INVALID/)
  })
})
