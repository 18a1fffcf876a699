import { mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GuardTest } from '../../../src/core/guard.ts'
import { guardQuestion, readGuard } from '../../../src/devices/guard/guard-question.ts'
import { hasPowerShell } from '../../peers/powershell.ts'
import { RealWindows } from '../real-windows.ts'

describe.runIf(hasPowerShell)('modules under a real PowerShell', () => {
  let till: RealWindows
  beforeAll(async () => {
    till = await RealWindows.open()
  }, 60_000)
  afterAll(() => till?.close())
  const at = (path: string): string => till.machine.at(path)

  it('facts', async () => {
    await till.arrange(
      "[void][TillWindows.Machine]::Instances('Win32_QuickFixEngineering').Add([pscustomobject]@{ HotFixID = 'KB5034441' })",
    )
    expect(await till.value('facts', { hotfixes: true })).toMatchObject({
      os: { id: 'windows', version: '10.0.19044.4291', edition: 'IoTEnterpriseS' },
      machine_id: '0f1a4e54-5e0c-4fd5-9c5b-6a1f3a1f9d11',
      hotfixes: ['KB5034441'],
      pending_reboot: { needed: false, reasons: [] },
      uptime_seconds: 14_400,
    })
  }, 60_000)

  it('service', async () => {
    const params = {
      name: 'TillApp',
      state: 'running',
      start: 'delayed',
      account: 'POS1\\till',
      recovery: { restart_after_ms: [5000, 60_000] },
    }
    expect(await till.apply('service', params)).toEqual([
      'state: stopped -> running',
      'start: automatic -> delayed',
      'account: LocalSystem -> POS1\\till',
      'recovery: {"restart_after_ms":[],"reset_after_s":0} -> {"restart_after_ms":[5000,60000],"reset_after_s":86400}',
    ])
    expect(await till.apply('service', { name: 'Spooler', state: 'stopped' })).toEqual(['state: running -> stopped'])
    expect(await till.arrange("[string](Get-Service -Name 'Fax').Status")).toBe('Stopped')
  }, 60_000)

  it('service: one that is not there, one that Windows does not show, one that cannot log on', async () => {
    await expect(till.differs('service', { name: 'Nope', state: 'running' })).rejects.toThrow('no service "Nope"')
    await till.arrange(
      "[TillWindows.WinRegistry]::Set('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Hidden', 'Type', 16, 'DWord')",
    )
    await expect(till.differs('service', { name: 'Hidden', state: 'running' })).rejects.toThrow(
      'does not show the service',
    )
    await till.arrange("[TillWindows.Machine]::Refuses['Get-Service EventLog'] = 'Access is denied'")
    await expect(till.differs('service', { name: 'EventLog', state: 'running' })).rejects.toThrow('cannot be queried')
    await till.arrange(
      "$one = [TillWindows.WinService]::Add('TillSync', 'Till Sync', $false, 'POS1\\till'); $one.StartFails = 'The service did not start due to a logon failure.'",
    )
    await expect(till.apply('service', { name: 'TillSync', state: 'running' })).rejects.toThrow('SeServiceLogonRight')
  }, 60_000)

  it('registry', async () => {
    const key = 'HKLM\\SOFTWARE\\Till'
    await till.arrange("[TillWindows.WinRegistry]::Set('HKLM:\\SOFTWARE\\Till', 'Old', 'x', 'String')")
    const values = {
      Server: 'kasa ż',
      Port: 4_294_967_295,
      List: ['a', 'b'],
      One: ['a'],
      Big: { type: 'qword', data: '18446744073709551615' },
      Raw: { type: 'binary', data: '00ff' },
    }
    expect(await till.apply('registry', { key, values, remove: ['Old'] })).toHaveLength(7)
    expect(await till.differs('registry', { key, values: { ...values, Port: 1 } })).toEqual([
      expect.stringContaining('4294967295'),
    ])
    expect(await till.apply('registry', { key, state: 'absent' })).toHaveLength(1)
  }, 60_000)

  it('file, config, directory, wait', async () => {
    const path = 'C:\\Till\\Data\\till.ini'
    expect(await till.apply('directory', { path: 'C:\\Till\\Data', owner: 'S-1-5-18' })).not.toEqual([])
    expect(await till.apply('file', { path, content: '[a]\r\nb=1\r\nż=2\r\n' })).toHaveLength(2)
    expect(
      await till.apply('file', {
        path,
        content: '[a]\r\nb=2\r\n',
        backup: true,
        validate: 'if ((Get-Content -LiteralPath $file -Tail 1 -Encoding UTF8) -notlike "b=*") { exit 3 }',
      }),
    ).toHaveLength(1)
    expect(readFileSync(at('C:\\Till\\Data\\till.ini.till-backup'), 'utf8')).toContain('ż=2')
    await expect(
      till.apply('file', { path, content: 'other', validate: "Write-Error 'Zły plik'; exit 3" }),
    ).rejects.toThrow('VALIDATOR_REFUSED')
    expect(readFileSync(at(path), 'utf8')).toBe('[a]\r\nb=2\r\n')
    expect(await till.apply('config', { path, format: 'ini', set: { 'a.b': '3' } })).toEqual(['keys.a.b: 2 -> 3'])
    expect(await till.apply('file', { path, owner: 'BUILTIN\\Administrators' })).toEqual([])
    expect(await till.apply('wait', { for: { path } })).toEqual([])
    expect(await till.apply('file', { path, state: 'absent' })).toHaveLength(1)
    expect(await till.apply('directory', { path: 'C:\\Till\\Data', state: 'absent', recurse: true })).toHaveLength(1)
  }, 120_000)

  it('log: a file in a code page of the machine, or in UTF-16, is read as what it is', async () => {
    const path = 'C:\\Till\\till.log'
    const max = { path, pattern: 'BŁĄD|ОШИБКА', max: 0 }
    const one = (bytes: Buffer): void =>
      writeFileSync(at(path), Buffer.concat([Buffer.from('start\r\n'), bytes, Buffer.from('\r\nend\r\n')]))
    // "BŁĄD" in 1250 and 852, "ОШИБКА" in 1251 and 866: unicode.org/Public/MAPPINGS/VENDORS/MICSFT.
    one(Buffer.from([0x42, 0xa3, 0xa5, 0x44]))
    expect(await till.differs('log', max)).toEqual(['count: 1 -> at most 0'])
    expect(await till.value('log', max)).toMatchObject({ count: 1, latest: ['BŁĄD'], encoding: 'windows-1250' })
    one(Buffer.from([0x42, 0x9d, 0xa4, 0x44]))
    expect(await till.value('log', max)).toMatchObject({ count: 1, latest: ['BŁĄD'], encoding: 'ibm852' })
    one(Buffer.from([0xce, 0xd8, 0xc8, 0xc1, 0xca, 0xc0]))
    expect(await till.value('log', { ...max, encoding: 'windows-1251' })).toMatchObject({
      count: 1,
      encoding: 'windows-1251',
    })
    one(Buffer.from([0x8e, 0x98, 0x88, 0x81, 0x8a, 0x80]))
    expect(await till.value('log', { ...max, encoding: 'cp866' })).toMatchObject({ count: 1, encoding: 'cp866' })
    writeFileSync(at(path), Buffer.from('\ufeffstart\r\nBŁĄD 7\r\n', 'utf16le'))
    expect(await till.value('log', max)).toMatchObject({ count: 1, latest: ['BŁĄD 7'], encoding: 'utf-16' })
    writeFileSync(at(path), 'start\r\nBŁĄD 8\r\n')
    expect(await till.value('log', max)).toMatchObject({ count: 1, latest: ['BŁĄD 8'], encoding: 'utf-8' })
  }, 60_000)

  it('log: the last lines of a long file, and one that is not there', async () => {
    const path = 'C:\\Till\\long.log'
    writeFileSync(at(path), Array.from({ length: 40_000 }, (_, n) => `ż line ${n} of the log\r\n`).join(''))
    expect(await till.value('log', { path, pattern: 'line', lines: 20_000, min: 1 })).toMatchObject({ count: 20_000 })
    expect(await till.value('log', { path, pattern: 'line 39999 ', lines: 1, min: 1 })).toMatchObject({ count: 1 })
    await expect(till.value('log', { path: 'C:\\Till\\nope.log', pattern: 'x' })).rejects.toThrow(
      'there is no such file',
    )
    await expect(till.value('log', { path: 'C:\\Till\\nope.log', max_age_minutes: 5 })).rejects.toThrow(
      'there is no such file',
    )
  }, 60_000)

  it('log: events, with more ids than one query has room for', async () => {
    await till.arrange(
      `foreach ($id in 1, 30, 31) { [void][TillWindows.Machine]::Events.Add([pscustomobject]@{ LogName = 'System'; Id = $id; Level = 2; ProviderName = 'disk'; TimeCreated = (Get-Date).AddMinutes(-$id); Message = "event $id" }) }`,
    )
    const ids = Array.from({ length: 30 }, (_, n) => n + 1)
    expect(await till.value('log', { event_log: 'System', ids })).toMatchObject({
      count: 2,
      latest: [expect.stringContaining('event 1'), expect.stringContaining('event 30')],
    })
    expect(
      await till.value('log', { event_log: 'System', level: 'error', source: 'disk', pattern: '31', max: 5 }),
    ).toMatchObject({ count: 1 })
    expect(await till.value('log', { event_log: 'Application', level: 'error' })).toMatchObject({ count: 0 })
  }, 60_000)

  it('receipts', async () => {
    mkdirSync(at('C:\\Till\\out'))
    writeFileSync(at('C:\\Till\\out\\1.xml'), '')
    writeFileSync(at('C:\\Till\\r.log'), Buffer.from('19.04.2016 10:00:00 \x82\r\n', 'latin1'))
    const log = { path: 'C:\\Till\\r.log', pattern: '^([0-9.]+ [0-9:]+)' }
    expect(await till.value('receipts', { log, waiting: { path: 'C:\\Till\\out' } })).toMatchObject({
      waiting: { count: 1 },
    })
    expect(await till.value('receipts', { folder: { path: 'C:\\Till\\out' } })).toMatchObject({ count: 1 })
  }, 60_000)

  it('disk: a volume that is mounted in a folder is judged by itself', async () => {
    symlinkSync('Volume{1b3b1146-0000-0000-0000-100000000000}', at('C:\\Till\\Archive'))
    await till.arrange(`[void][TillWindows.Machine]::Instances('Win32_Volume').Add([pscustomobject]@{ Name = 'C:\\'; Label = 'System'; Capacity = [uint64]100GB; FreeSpace = [uint64]50GB })
[void][TillWindows.Machine]::Instances('Win32_Volume').Add([pscustomobject]@{ Name = 'C:\\Till\\Archive\\'; Label = 'Archive'; Capacity = [uint64]10GB; FreeSpace = [uint64]1GB })`)
    expect(await till.value('disk', { path: 'C:\\Till\\Archive\\2026', free_min: '1%' })).toMatchObject({
      mount: 'C:\\Till\\Archive\\',
      free_percent: 10,
    })
    expect(await till.value('disk', { path: 'C:\\Till', free_min: '1%' })).toMatchObject({ mount: 'C:\\' })
  }, 60_000)

  it('process: of a user, though one has ended meanwhile', async () => {
    await till.arrange(
      `foreach ($n in 1, 2) { [void][TillWindows.Machine]::Instances('Win32_Process').Add([pscustomobject]@{ ProcessId = [uint32]$n; ParentProcessId = [uint32]0; Name = 'till.exe'; CommandLine = 'till.exe --pos'; OwnerUser = 'till'; OwnerDomain = 'POS1'; Gone = ($n -eq 1) }) }`,
    )
    expect(await till.value('process', { name: 'till', user: 'till' })).toMatchObject({ count: 1 })
    expect(await till.value('process', { name: 'no-such-program', running: false })).toMatchObject({ count: 0 })
    await till.arrange("[TillWindows.Machine]::Instances('Win32_Process').Clear()")
  }, 60_000)

  it('package: installs, puts the configuration back, and is not undone by a folder that cannot be taken away', async () => {
    writeFileSync(at('C:\\Till\\keep.conf'), 'mine')
    writeFileSync(`${till.machine.root}/agent.msi`, 'Till Agent|7.0.5')
    const { createHash } = await import('node:crypto')
    const file = {
      path: `${till.machine.root}/agent.msi`,
      sha256: createHash('sha256').update('Till Agent|7.0.5').digest('hex'),
    }
    const params = { name: 'Till Agent', version: '7.0.5', file, keep: ['C:\\Till\\keep.conf'] }
    expect(await till.apply('package', params)).toHaveLength(1)
    expect(await till.apply('package', { name: 'Till Agent', state: 'absent' })).toHaveLength(1)
    // Of a German Windows.
    writeFileSync(at('C:\\Windows\\System32\\msiexec.exit'), '1603')
    const log = `${'x'.repeat(50)}\r\nMSI (s) (5C:A0) [10:00:00:000]: Produkt: Till Agent -- Fehler 1920.\r\nAktion beendet um 10:00:01: StartServices. Rückgabewert 3.\r\n${'y'.repeat(4000)}`
    writeFileSync(at('C:\\Windows\\System32\\msiexec.log'), Buffer.from(`\ufeff${log}`, 'utf16le'))
    const seen = await till.observe('package', params)
    const comparison = seen.compare({ triggered: false })
    const failed = await seen.converge?.('changes' in comparison ? comparison.changes : [])
    expect(JSON.stringify(failed)).toContain('Fehler 1920')
  }, 60_000)

  it('scheduled_task, clock, reboot, certificate, spooler', async () => {
    expect(
      await till.apply('scheduled_task', { name: 'Till\\Send', program: 'C:\\Till\\send.exe', daily: '03:30' }),
    ).not.toEqual([])
    expect(await till.apply('scheduled_task', { name: 'Till\\Send', state: 'absent' })).not.toEqual([])
    expect(await till.differs('clock', { max_skew_s: 30 })).toEqual([])
    expect(await till.value('reboot', { when: 'triggered' })).not.toBeNull()
    await expect(till.value('certificate', { store: { subject: 'CN=nobody' } })).rejects.toThrow('no such certificate')
    await till.arrange(`(Get-Service -Name Spooler).Start()
[void][TillWindows.Machine]::Instances('Win32_Printer').Add([pscustomobject]@{ Name = 'Receipts'; WorkOffline = $false })
[void][TillWindows.Machine]::Instances('MSFT_Printer').Add([pscustomobject]@{ Name = 'Receipts'; PrinterStatus = [uint32]8 })
[void][TillWindows.Machine]::Instances('Win32_PrintJob').Add([pscustomobject]@{ Name = 'Receipts, 7'; JobId = [uint32]7; StatusMask = [uint32]2; TimeSubmitted = (Get-Date).AddMinutes(-20) })`)
    expect(await till.value('spooler', {})).toMatchObject({
      queues: [{ reasons: ['paper-jam'], oldest_seconds: 1200 }],
    })
    // An hour of summer time that is no part of it: the shadow file of the job knows better.
    mkdirSync(at('C:\\Windows\\System32\\spool\\PRINTERS'), { recursive: true })
    writeFileSync(at('C:\\Windows\\System32\\spool\\PRINTERS\\00007.SHD'), '')
    expect(await till.differs('spooler', { max_age: '5m' })).toEqual([])
    await till.arrange("[TillWindows.Machine]::Instances('Win32_PrintJob')[0].TimeSubmitted = (Get-Date).AddHours(1)")
    expect(await till.differs('spooler', { max_age: '5m' })).toEqual([])
    rmSync(at('C:\\Windows\\System32\\spool\\PRINTERS\\00007.SHD'))
    await expect(till.differs('spooler', { max_age: '5m' })).rejects.toThrow('unknown: Since when job 7')
  }, 60_000)

  it('guards: a file, a process, a log in the code page of the region, a link to a log', async () => {
    const ask = async (test: GuardTest) => {
      const guard = { name: 'g', says: '', ask: 'device', test, lookAgainMs: 1 } as const
      const { says, detail } = readGuard(
        'g',
        await till.shell.ask(guardQuestion(guard, 'powershell') ?? { script: '' }),
      )
      return detail === undefined ? says : `${says}: ${detail}`
    }
    const path = 'C:\\Till\\pay.log'
    expect(await ask({ type: 'file', path })).toBe('free')
    expect(await ask({ type: 'file', path: 'C:\\Nowhere\\x' })).toMatch(/^unknown: there is no folder C:\\Nowhere/)
    expect(await ask({ type: 'process', name: 'no-such-till.exe' })).toBe('free')
    expect(await ask({ type: 'logged-in' })).toBe('free')
    // "Płatność wysłana" and "przyjęta" in 1250: unicode.org/Public/MAPPINGS/VENDORS/MICSFT.
    const sent = Buffer.from('P\xb3atno\x9c\xe6 wys\xb3ana\r\n', 'latin1')
    const taken = Buffer.from('P\xb3atno\x9c\xe6 przyj\xeata\r\n', 'latin1')
    const log = { type: 'log', path, begins: 'Płatność wysłana$', ends: 'Płatność przyjęta$', silent: true } as const
    writeFileSync(at(path), Buffer.concat([taken, sent, Buffer.from('idle\r\n')]))
    expect(await ask({ type: 'file', path })).toBe('busy')
    expect(await ask(log)).toMatch(/^unknown: .* say its encoding$/)
    expect(await ask({ ...log, encoding: 'ansi' })).toBe('busy')
    writeFileSync(at(path), Buffer.concat([sent, taken]))
    expect(await ask({ ...log, encoding: 'windows-1250' })).toBe('free')
    expect(await ask({ ...log, begins: 'wys.ana$', ends: 'przyj.ta$' })).toBe('free')
    writeFileSync(at(path), Buffer.from('\ufeffPłatność przyjęta\r\nPłatność wysłana\r\n', 'utf16le'))
    expect(await ask(log)).toBe('busy')
    writeFileSync(at(path), `${'x'.repeat(79)}\r\n`.repeat(20_000))
    expect(await ask(log)).toBe('free')
    expect(await ask({ ...log, silent: false })).toMatch(/^unknown: .* says neither$/)
    symlinkSync(at(path), at('C:\\Till\\today.log'))
    expect(await ask({ type: 'idle', path: 'C:\\Till\\today.log', seconds: 60 })).toBe('busy')
    utimesSync(at(path), new Date(), new Date(Date.now() - 90_000))
    expect(await ask({ type: 'idle', path: 'C:\\Till\\today.log', seconds: 60 })).toBe('free')
    expect(await ask({ type: 'idle', path: 'C:\\Till\\none.log', seconds: 60 })).toMatch(/^unknown: there is no/)
  }, 90_000)

  it('tcp, ping, http and dns from the device', async () => {
    expect(await till.value('tcp', { host: '127.0.0.1', port: 1, from: 'device', expect: 'closed' })).toMatchObject({
      state: 'refused',
    })
    expect(await till.value('ping', { host: '127.0.0.1', from: 'device', count: 1 })).toBeDefined()
    await expect(till.value('http', { url: 'http://127.0.0.1:1/', from: 'device' })).resolves.toMatchObject({
      state: 'refused',
    })
  }, 60_000)

  it('command: a text, a program, a batch file whose arguments cmd.exe cannot spoil', async () => {
    expect(
      await till.value('command', {
        run: "'kasa ' + [char]0x17C; exit 3",
        read_only: true,
        expect: { exit_codes: [3] },
      }),
    ).toMatchObject({ exit: 3, stdout: 'kasa ż' })
    expect(await till.value('command', { run: ['sc.exe', 'query', 'Spooler'], read_only: true })).toMatchObject({
      exit: 0,
    })
    await expect(till.value('command', { run: ['C:\\Till\\a.cmd', '100%'], read_only: true })).resolves.toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('cmd.exe'),
    })
  }, 60_000)

  it('a write filter: what would be gone after the next start is refused, what stays is not', async () => {
    await till.arrange(`[TillWindows.WinRegistry]::Set('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\uwfvol', 'Start', 0, 'DWord')
[void][TillWindows.Machine]::Instances('UWF_Filter').Add([pscustomobject]@{ CurrentEnabled = $true; NextEnabled = $true })
foreach ($now in $true, $false) {
  [void][TillWindows.Machine]::Instances('UWF_Servicing').Add([pscustomobject]@{ CurrentSession = $now; ServicingEnabled = (-not $now) })
  [void][TillWindows.Machine]::Instances('UWF_Volume').Add([pscustomobject]@{ CurrentSession = $now; DriveLetter = 'C:'; Protected = $now; ExcludedFiles = @([pscustomobject]@{ FileName = '\\Till\\Open' }) })
  [void][TillWindows.Machine]::Instances('UWF_RegistryFilter').Add([pscustomobject]@{ CurrentSession = $now; ExcludedKeys = @([pscustomobject]@{ RegistryKey = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Open' }) })
}`)
    const refused = 'WRITE_FILTER_ACTIVE: The write filter UWF protects C:'
    const content = 'x'
    await expect(till.differs('file', { path: 'C:\\Till\\a.txt', content })).rejects.toThrow(refused)
    await expect(till.differs('file', { path: 'C:\\Till\\Opened', content })).rejects.toThrow(refused)
    await expect(till.differs('registry', { key: 'HKLM\\SOFTWARE\\Shut', values: { A: 1 } })).rejects.toThrow(refused)
    await expect(till.differs('service', { name: 'TillApp', start: 'manual' })).rejects.toThrow(refused)
    await expect(
      till.differs('scheduled_task', { name: 'Till\\Send', program: 'C:\\Till\\send.exe', daily: '03:30' }),
    ).rejects.toThrow(refused)
    expect(await till.differs('file', { path: 'C:\\Till\\Open\\a.txt', content })).toHaveLength(2)
    expect(await till.differs('file', { path: 'D:\\a.txt', state: 'absent' })).toEqual([])
    expect(await till.differs('registry', { key: 'HKLM\\SOFTWARE\\Open\\Till', values: { A: 1 } })).not.toEqual([])
    expect(await till.differs('service', { name: 'Spooler', state: 'stopped' })).toHaveLength(1)
    expect(await till.differs('file', { path: 'C:\\Till\\none.txt', state: 'absent' })).toEqual([])
    await till.arrange("[TillWindows.Machine]::Instances('UWF_Servicing')[0].ServicingEnabled = $true")
    expect(await till.differs('file', { path: 'C:\\Till\\a.txt', content })).toHaveLength(2)
  }, 60_000)

  // As these programs print it; how the lists of fbwfmgr stand was recorded on devices, by those who parse them.
  const EWF = (state: string): string => `Protected Volume Configuration
  Type            RAM (REG)
  State           ${state}
  Boot Command    NO_CMD
    Param1        0
    Param2        0
  Volume ID       D2 02 96 49 00 0E 59 96 02 00 00 00 00 00 00 00
  Device Name     "\\Device\\HarddiskVolume1" [C:]
  Max Levels      1
  Clump Size      512
  Current Level   N/A
`
  const FBWF = (state: string, next: string): string => {
    const lists = `    overlay cache data compression state: disabled.
    overlay cache threshold: 128 MB.
    overlay cache pre-allocation: disabled.
    size display: actual mode.
    protected volume list:
      \\Device\\HarddiskVolume2 (C:)
      \\Device\\HarddiskVolume8 (E:)
    write through list of each protected volume:
      \\Device\\HarddiskVolume2:
        \\Till\\Open
      \\Device\\HarddiskVolume8:
        \\readwrite.txt
`
    const session = (when: string, is: string): string =>
      `File-based write filter configuration for the ${when} session:\n    filter state: ${is}.\n${is === 'enabled' ? lists : ''}\n`
    return session('current', state) + session('next', next)
  }

  it('EWF and FBWF: what their own programs print', async () => {
    const install = async (driver: string, program: string, says: string): Promise<void> => {
      const path = at(`C:\\Windows\\System32\\${program}`)
      writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${says.replaceAll('\n', '\r\n')}END\n`, { mode: 0o755 })
      await till.arrange(
        `[TillWindows.WinRegistry]::Set('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\${driver}', 'Start', 0, 'DWord')`,
      )
    }
    const differs = (path: string) => till.differs('file', { path, content: 'x' })
    await till.arrange("[TillWindows.Machine]::Instances('UWF_Filter').Clear()")
    await install('ewf', 'ewfmgr.exe', EWF('ENABLED'))
    await expect(differs('C:\\Till\\a.txt')).rejects.toThrow('WRITE_FILTER_ACTIVE: The write filter EWF protects C:')
    await install('ewf', 'ewfmgr.exe', EWF('DISABLED'))
    expect(await differs('C:\\Till\\a.txt')).toHaveLength(2)
    await install('fbwf', 'fbwfmgr.exe', FBWF('disabled', 'enabled'))
    expect(await differs('C:\\Till\\a.txt')).toHaveLength(2)
    await install('fbwf', 'fbwfmgr.exe', FBWF('enabled', 'disabled'))
    await expect(differs('C:\\Till\\a.txt')).rejects.toThrow('The write filter FBWF protects C:, E:')
    await expect(till.differs('service', { name: 'TillApp', start: 'manual' })).rejects.toThrow('WRITE_FILTER_ACTIVE')
    expect(await differs('C:\\Till\\Open\\a.txt')).toHaveLength(2)
    expect(await till.differs('file', { path: 'D:\\a.txt', state: 'absent' })).toEqual([])
  }, 60_000)
})
