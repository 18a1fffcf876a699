import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { type Says, WindowsWorld } from '../windows-world.ts'

let folder: string
let file: { path: string; sha256: string }
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-msi-'))
  const content = Buffer.alloc(150_000, 'MSI')
  file = { path: join(folder, 'agent.msi'), sha256: createHash('sha256').update(content).digest('hex') }
  writeFileSync(file.path, content)
})
afterAll(() => rmSync(folder, { recursive: true }))

const OLD = [{ code: '{1}', name: 'Zabbix Agent 2 (64-bit)', version: '6.0.30.2400', msi: true, user: '' }]
const DONE = { code: 0, log: '', version: '7.0.5.2400', sum: '', signature: '', restored: [] }
const world = (installed: object, products: unknown[] = OLD): WindowsWorld =>
  new WindowsWorld({
    'package.observe': { products, unfinished: false },
    'package.stage': { path: 'C:\\Windows\\Temp\\till-1', free: 1e9 },
    'package.install': { ...DONE, ...installed },
  } as Says)
const params = () => ({
  name: 'Zabbix Agent 2',
  version: '7.0.5',
  file: { ...file, signer: 'Zabbix SIA' },
  properties: { SERVER: '10.0.0.1', NOTE: 'a "b"', ENABLEPATH: true },
  keep: ['C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf'],
})

describe('package on Windows', () => {
  it('knows a version without its fourth number', async () => {
    expect(await world({}).differs('package', { name: 'Zabbix Agent 2', version: '6.0.30' })).toEqual([])
    expect(await world({}).differs('package', { name: 'Zabbix Agent 2', version: '6.0.3' })).toEqual([
      'version: 6.0.30.2400 -> 6.0.3',
    ])
    expect(await world({}, []).differs('package', { name: 'X', state: 'absent' })).toEqual([])
  })

  it('uploads the MSI and has it checked, installed, and the configuration put back', async () => {
    const till = world({ code: 3010 })
    expect(await till.converge('package', params())).toBe('done')
    expect(till.files.get('C:\\Windows\\Temp\\till-1\\package.msi')?.length).toBe(150_000)
    expect(till.valuesOf('package.install')).toEqual({
      name: 'Zabbix Agent 2',
      folder: 'C:\\Windows\\Temp\\till-1',
      file: 'C:\\Windows\\Temp\\till-1\\package.msi',
      sha256: file.sha256,
      signer: 'Zabbix SIA',
      line: 'ALLUSERS="1" SERVER="10.0.0.1" NOTE="a ""b""" ENABLEPATH="1"',
      keep: '["C:\\\\Program Files\\\\Zabbix Agent 2\\\\zabbix_agent2.conf"]',
    })
  })

  it.each([
    [{ code: 1618 }, /Another installation is under way/],
    [{ code: 1603, version: '6.0.30.2400' }, /rolled back \(1603\)\. Version 6\.0\.30\.2400 is on the device now/],
    [{ code: 1620, version: '' }, /1620\. It is not on the device now/],
    [{ sum: 'ab' }, /CHECKSUM_MISMATCH: .*nothing was installed/],
    [
      { signature: 'the signature is HashMismatch' },
      /CHECKSUM_MISMATCH: .*"Zabbix SIA": the signature is HashMismatch/,
    ],
  ])('says what became of %j', async (installed, said) => {
    expect(await world(installed).converge('package', params())).toMatch(said)
  })

  it('uploads nothing where there is no room, and takes no secret for a command line', async () => {
    const full = new WindowsWorld({
      'package.observe': { products: [], unfinished: false },
      'package.stage': { path: '', free: 1000 },
    })
    expect(await full.converge('package', params())).toMatch(/1000 bytes of room/)
    expect(full.files.size).toBe(0)
    const secret = { ...params(), properties: { TLSPSKVALUE: new Secret('x') as unknown as string } }
    expect((await world({}).differs('package', secret))[0]).toMatch(/^PARAMS_INVALID: The property TLSPSKVALUE/)
  })

  it('removes what Windows Installer knows, and nothing else', async () => {
    const till = new WindowsWorld({
      'package.observe': { products: OLD, unfinished: false },
      'package.remove': { code: 0 },
    } as Says)
    expect(await till.converge('package', { name: 'Zabbix Agent 2', state: 'absent' })).toBe('done')
    expect(till.valuesOf('package.remove')).toEqual({ code: '{1}' })
    const foreign = new WindowsWorld({
      'package.observe': { products: [{ ...OLD[0], msi: false, user: '' }], unfinished: false },
    } as Says)
    expect(await foreign.converge('package', { name: 'Zabbix Agent 2', state: 'absent' })).toMatch(
      /not installed by Windows Installer/,
    )
  })
})
