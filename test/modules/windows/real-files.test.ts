import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPowerShell } from '../../peers/powershell.ts'
import { RealWindows } from '../real-windows.ts'

describe.runIf(hasPowerShell)('files under a real PowerShell', () => {
  let till: RealWindows
  beforeAll(async () => {
    till = await RealWindows.open()
  }, 60_000)
  afterAll(() => till?.close())
  const at = (path: string): string => till.machine.at(path)
  const FOLDER = 'C:\\Till\\Files'
  const names = (): string[] => readdirSync(at(FOLDER)).sort()
  const swaps = (...codes: number[]): Promise<string> =>
    till.arrange(
      `[IO.File]::Swaps.Clear(); foreach ($code in @(${codes.join(', ')})) { [IO.File]::Swaps.Enqueue($code) }`,
    )
  const fixed = async (path: string): Promise<boolean> =>
    (await till.arrange(`[string]([IO.File]::GetAttributes('${path}') -band [IO.FileAttributes]::ReadOnly)`)) ===
    'ReadOnly'
  const fix = (path: string): Promise<string> =>
    till.arrange(`[IO.File]::SetAttributes('${path}', [IO.FileAttributes]::ReadOnly)`)

  it.each([
    ['1176', { backup: false }],
    ['1177', { backup: false }],
    ['1177', { backup: true }],
    ['5', { backup: true }],
  ])(
    'a swap that ends with %s, %j: the old file is still there, and nothing else',
    async (code, more) => {
      mkdirSync(at(FOLDER), { recursive: true })
      const path = `${FOLDER}\\${code}-${more.backup}.ini`
      writeFileSync(at(path), 'old')
      await swaps(...Array.from({ length: 10 }, () => Number(code)))
      await expect(till.apply('file', { path, content: 'new', ...more })).rejects.toThrow('could not be written')
      expect(readFileSync(at(path), 'utf8')).toBe('old')
      expect(names().filter((name) => /^\.till-new|till-old$|till-backup$/.test(name))).toEqual([])
    },
    60_000,
  )

  it('a swap that an antivirus program is in the way of is tried again', async () => {
    const path = `${FOLDER}\\held.ini`
    writeFileSync(at(path), 'old')
    await swaps(32, 1175, 1176, 1177)
    expect(await till.apply('file', { path, content: 'new', backup: true })).toHaveLength(1)
    expect(readFileSync(at(`${path}.till-backup`), 'utf8')).toBe('old')
    await swaps(1177)
    expect(await till.apply('file', { path, content: 'newer' })).toHaveLength(1)
    expect(names().filter((name) => name.startsWith('held.ini'))).toEqual(['held.ini', 'held.ini.till-backup'])
    expect(readFileSync(at(`${path}.till-backup`), 'utf8')).toBe('old')
  }, 60_000)

  it('a file that is read-only is replaced and stays read-only; it and its backup are removed', async () => {
    const path = `${FOLDER}\\fixed.ini`
    writeFileSync(at(path), 'a=1\n')
    await fix(path)
    expect(await till.apply('config', { path, format: 'properties', set: { a: '2' }, backup: true })).toHaveLength(1)
    expect(await fixed(path)).toBe(true)
    await fix(`${path}.till-backup`)
    expect(await till.apply('file', { path, state: 'absent', backup: true })).toHaveLength(1)
    expect(readFileSync(at(`${path}.till-backup`), 'utf8')).toBe('a=2\n')
    await fix(`${path}.till-backup`)
    expect(await till.apply('file', { path: `${path}.till-backup`, state: 'absent' })).toHaveLength(1)
  }, 60_000)

  it('a folder goes with what is read-only in it, and a junction without what it leads to', async () => {
    mkdirSync(at(`${FOLDER}\\gone\\below`), { recursive: true })
    mkdirSync(at('C:\\Till\\Elsewhere'))
    writeFileSync(at('C:\\Till\\Elsewhere\\stays.txt'), '')
    writeFileSync(at(`${FOLDER}\\gone\\below\\a.dll`), '')
    await fix(`${FOLDER}\\gone\\below\\a.dll`)
    await fix(`${FOLDER}\\gone\\below`)
    symlinkSync(at('C:\\Till\\Elsewhere'), at(`${FOLDER}\\gone\\junction`))
    expect(await till.apply('directory', { path: `${FOLDER}\\gone`, state: 'absent', recurse: true })).toHaveLength(1)
    expect(existsSync(at('C:\\Till\\Elsewhere\\stays.txt'))).toBe(true)
  }, 60_000)

  it('package: of the folders in Temp only our own are cleared away', async () => {
    const old = new Date(Date.now() - 2 * 86_400_000)
    for (const name of ['till-data', 'till-0123456789abcdef', 'till-0123456789abcdef-queue']) {
      mkdirSync(at(`C:\\Windows\\Temp\\${name}`))
      writeFileSync(at(`C:\\Windows\\Temp\\${name}\\unsent`), '')
      utimesSync(at(`C:\\Windows\\Temp\\${name}`), old, old)
    }
    const msi = `${till.machine.root}/some.msi`
    writeFileSync(msi, 'Some|1.0')
    const file = { path: msi, sha256: createHash('sha256').update('Some|1.0').digest('hex') }
    await till.apply('package', { name: 'Some', file })
    expect(
      readdirSync(at('C:\\Windows\\Temp'))
        .filter((name) => name.startsWith('till-'))
        .sort(),
    ).toEqual(['till-0123456789abcdef-queue', 'till-data'])
  }, 60_000)

  it('package: what is installed for one account alone is there, and is no installation for all', async () => {
    const sid = 'S-1-5-21-1-2-3-1001'
    const key = `${sid}\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Viewer`
    const set = (name: string, data: string | number, kind: string): Promise<string> =>
      till.arrange(
        "[Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Default').CreateSubKey($v.key).SetValue($v.name, $v.data, $v.kind)",
        { key, name, data, kind },
      )
    await set('DisplayName', 'Viewer', 'String')
    await set('DisplayVersion', '1.0', 'String')
    await set('WindowsInstaller', 1, 'DWord')
    const gone = { name: 'Viewer', state: 'absent' }
    expect(await till.differs('package', gone)).toEqual(['state: present -> absent'])
    await expect(till.apply('package', gone)).rejects.toThrow(`installed for the account ${sid} alone`)
    expect(await till.differs('package', { name: 'Viewer' })).toEqual(['state: absent -> present'])
  }, 60_000)

  it('package: an installation that is not over at its deadline goes on; the next apply puts back what it wrote anew', async () => {
    const conf = at('C:\\Till\\long.conf')
    writeFileSync(conf, 'mine')
    const go = at('C:\\Till\\go')
    const msi = `${till.machine.root}/long.msi`
    writeFileSync(msi, 'Long One|1.0')
    const script = `#!/bin/sh\nwhile [ ! -e '${go}' ]; do sleep 0.2; done\nprintf default >'${conf}'\n`
    writeFileSync(at('C:\\Windows\\System32\\msiexec.exe'), script, { mode: 0o755 })
    const file = { path: msi, sha256: createHash('sha256').update('Long One|1.0').digest('hex') }
    const params = { name: 'Long One', version: '1.0', file, keep: ['C:\\Till\\long.conf'] }
    till.limits.set('package.install', 15_000)
    await expect(till.apply('package', params)).rejects.toThrow(/CONVERGE_TIMEOUT: The installation is still going on/)
    expect(readFileSync(conf, 'utf8')).toBe('mine')
    writeFileSync(go, '')
    await expect.poll(() => readFileSync(conf, 'utf8'), { timeout: 20_000 }).toBe('default')
    expect(await till.apply('package', params)).toEqual(['unfinished: true -> false'])
    expect(readFileSync(conf, 'utf8')).toBe('mine')
    expect(readdirSync(at('C:\\Windows\\Temp')).filter((name) => /^till-[0-9a-f]{16}$/.test(name))).toEqual([])
  }, 120_000)
})
