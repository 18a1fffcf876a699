import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { windowsReading, windowsReadRequest } from '../../../src/devices/file/windows-read.ts'
import { shippedFragments } from '../../../src/shell/powershell-fragment.ts'
import { hasPowerShell } from '../../peers/powershell.ts'
import { RealWindows } from '../real-windows.ts'

describe.runIf(hasPowerShell)('what a till says of itself, under a real PowerShell', () => {
  let till: RealWindows
  beforeAll(async () => {
    till = await RealWindows.open({ before: 'export TZ=Europe/Warsaw; ' })
  }, 60_000)
  afterAll(() => till?.close())

  it('clock: daylight saving that is switched off is another zone', async () => {
    const zone = { time_zone: 'Europe/Warsaw' }
    expect(await till.differs('clock', zone)).toEqual([])
    const off = (value: number): Promise<string> =>
      till.arrange(
        `[TillWindows.WinRegistry]::Set('HKLM:\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation', 'DynamicDaylightTimeDisabled', ${value}, 'DWord')`,
      )
    await off(1)
    expect(await till.differs('clock', zone)).toEqual(['time_zone: Europe/Warsaw_dstoff -> Europe/Warsaw'])
    expect(await till.differs('clock', { time_zone: 'Europe/Warsaw_dstoff' })).toEqual([])
    await off(0)
    expect(await till.differs('clock', zone)).toEqual([])
  }, 60_000)

  it('receipts: *.xml is no .xml_sent and no .xmlbak', async () => {
    const folder = till.machine.at('C:\\Till\\out')
    mkdirSync(folder)
    for (const name of ['1.xml', '2.XML', '3.xml_sent', '4.xmlbak', 'a[1].txt']) writeFileSync(`${folder}/${name}`, '')
    const waiting = async (match: string) => {
      const look = { path: 'C:\\Till\\out', match }
      const { count, waiting } = (await till.value('receipts', { folder: look, waiting: look })) as {
        count: number
        waiting: { count: number }
      }
      expect(waiting.count).toBe(count)
      return count
    }
    expect(await waiting('*.xml')).toBe(2)
    expect(await waiting('?.xml*')).toBe(4)
    expect(await waiting('a[1].*')).toBe(1)
    expect(await waiting('*.*')).toBe(5)
  }, 60_000)

  it('log and file: what a program writes that keeps its file open counts', async () => {
    const path = 'C:\\Till\\pos.log'
    const written = async (): Promise<void> => {
      writeFileSync(till.machine.at(path), 'line\r\n')
      utimesSync(till.machine.at(path), new Date(), new Date(Date.now() - 86_400_000))
      await till.arrange(`[IO.File]::Late['${path}'] = [DateTime]::UtcNow`)
    }
    await written()
    expect(await till.differs('log', { path, max_age_minutes: 15 })).toEqual([])
    await written()
    const { ageSeconds } = windowsReading(
      await till.shell.ask(windowsReadRequest({ path, follow: true, wants: 'nothing', sendBytes: 0, age: true })),
    ) ?? { ageSeconds: -1 }
    expect(ageSeconds).toBeLessThan(600)
  }, 60_000)

  it('process: who was started by somebody whose number is ours now is told; what we started is not', async () => {
    await till.arrange(`function Add-One([int]$id, [int]$parent, [string]$line, [int]$age) {
  [void][TillWindows.Machine]::Instances('Win32_Process').Add([pscustomobject]@{ ProcessId = [uint32]$id; ParentProcessId = [uint32]$parent; Name = 'x.exe'; CommandLine = $line; CreationDate = (Get-Date).AddMinutes(-$age) })
}
Add-One $PID 1 'powershell.exe' 5
Add-One 90001 $PID 'pos.exe' 600
Add-One 90002 $PID 'conhost.exe' 5`)
    expect(await till.value('process', { pattern: 'pos.exe' })).toMatchObject({ count: 1 })
    expect(await till.value('process', { pattern: 'conhost.exe' })).toMatchObject({ count: 0 })
    await till.arrange("[TillWindows.Machine]::Instances('Win32_Process').Clear()")
  }, 60_000)

  it('reboot: one that somebody ordered for later makes room for ours', async () => {
    const ordered = till.machine.at('C:\\Windows\\System32\\ordered')
    writeFileSync(ordered, '')
    const script = `#!/bin/sh\ncase $1 in /a) rm '${ordered}' "$0.code" ;; *) [ ! -e '${ordered}' ] || printf 1190 >"$0.code" ;; esac\n`
    writeFileSync(till.machine.at('C:\\Windows\\System32\\shutdown.exe'), script, { mode: 0o755 })
    const done = await till.shell.ask(shippedFragments().get('reboot.restart') ?? { script: '' })
    expect(done).toMatchObject({ exitCode: 0, errorText: '' })
  }, 60_000)

  const DAILY = { name: 'Till\\Send', program: 'C:\\Till\\send.exe', daily: '03:30' }
  const WEEKLY = { ...DAILY, name: 'Till\\Weekly', days: ['mon'] }
  const OFTEN = { name: 'Till\\Often', program: 'C:\\Till\\send.exe', every_minutes: 15 }
  const START = { name: 'Till\\Start', program: 'C:\\Till\\send.exe', at_start: true }
  it.each<[string, JsonObject, RegExp, string]>([
    ['is switched off', DAILY, /<ScheduleByDay/, '<Enabled>false</Enabled><ScheduleByDay'],
    ['is switched off at the start', START, /<BootTrigger\/>/, '<BootTrigger><Enabled>false</Enabled></BootTrigger>'],
    ['has ended', DAILY, /<ScheduleByDay/, '<EndBoundary>2020-01-01T00:00:00</EndBoundary><ScheduleByDay'],
    ['repeats for a day', OFTEN, /<\/Interval>/, '</Interval><Duration>P1D</Duration>'],
    ['comes at random', DAILY, /<ScheduleByDay/, '<RandomDelay>PT2H</RandomDelay><ScheduleByDay'],
    ['is in another zone', DAILY, /T03:30:00/, 'T03:30:00Z'],
    ['is ahead of another zone', DAILY, /T03:30:00/, 'T03:30:00+01:00'],
    ['comes every second week', WEEKLY, /<WeeksInterval>1/, '<WeeksInterval>2'],
    [
      'comes once a month',
      WEEKLY,
      /<ScheduleByWeek>.*<\/WeeksInterval>(.*)<\/ScheduleByWeek>/,
      '<ScheduleByMonthDayOfWeek>$1</ScheduleByMonthDayOfWeek>',
    ],
    ['does something else as well', DAILY, /<\/Exec>/, '</Exec><Exec><Command>x.exe</Command></Exec>'],
  ])(
    'scheduled_task: one that %s differs, for the look and for the proof',
    async (_what, params, from, to) => {
      await till.apply('scheduled_task', params)
      const key = `\\${params['name']}`
      const xml = await till.arrange('[TillWindows.Machine]::Tasks[$v.key]', { key })
      expect(xml).toMatch(from)
      await till.arrange('[TillWindows.Machine]::Tasks[$v.key] = $v.xml', { key, xml: xml.replace(from, to) })
      const seen = await till.observe('scheduled_task', params)
      const comparison = seen.compare({ triggered: false })
      expect('changes' in comparison && comparison.changes.map(({ path }) => path)).toEqual([
        expect.stringMatching(/^(trigger|actions)$/),
      ])
      const proof = seen.proof?.([])
      const till_seen = JSON.stringify({ exists: true, xml: xml.replace(from, to), enabled: true })
      const proven = await till.shell.ask({ script: proof?.test ?? '', values: { ...proof?.values, till_seen } })
      expect(proven).toMatchObject({ exitCode: 1, errorText: expect.stringMatching(/^(trigger|actions|time|days)/) })
      expect(await till.apply('scheduled_task', params)).toHaveLength(1)
    },
    60_000,
  )

  it('agent: the program is what the service runs, wherever it is; what it refuses is told, and nothing is restarted', async () => {
    const folder = 'C:\\Program Files (x86)\\Zabbix Agent'
    mkdirSync(till.machine.at(folder), { recursive: true })
    writeFileSync(till.machine.at(`${folder}\\agentd.conf`), 'Hostname=one\r\n')
    const exe = (ping: string): void =>
      writeFileSync(
        till.machine.at(`${folder}\\agentd.exe`),
        `#!/bin/sh\ncase $* in -V) echo 'zabbix_agentd (daemon) (Zabbix) 6.0.30' ;; *) ${ping} ;; esac\n`,
        { mode: 0o755 },
      )
    exe("echo 'agent.ping [u|1]'")
    await till.arrange("[void][TillWindows.WinService]::Add('Zabbix Agent', 'Zabbix Agent', $true, 'LocalSystem')")
    const run = (line: string): Promise<string> =>
      till.arrange(
        "[TillWindows.WinRegistry]::Set('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Zabbix Agent', 'ImagePath', $v.line, 'ExpandString')",
        { line },
      )
    const params = { kind: 'zabbix_agentd', path: `${folder}\\agentd.conf` }
    for (const line of [`"${folder}\\agentd.exe" --config "x"`, `${folder}\\agentd.exe --config x`]) {
      await run(line)
      expect(await till.differs('agent', params)).toEqual([])
    }
    const usual = { kind: 'zabbix_agentd', set: { Hostname: 'one' } }
    for (const line of [
      `--config "${folder}\\agentd.conf"`,
      `--multiple-agents --config "${folder}\\agentd.conf" --start`,
      `-c "${folder}\\agentd.conf" -f=false`,
      `-f=false -c="${folder}\\agentd.conf"`,
    ]) {
      await run(`"${folder}\\agentd.exe" ${line}`)
      expect(await till.differs('agent', usual)).toEqual([])
    }
    exe("case $* in *stage*) echo 'unknown parameter'; exit 1 ;; esac; echo 'agent.ping [u|1]'")
    await expect(till.apply('agent', { ...params, set: { Hostname: 'two' } })).rejects.toThrow(
      /VALIDATOR_REFUSED: .*unknown parameter/,
    )
    expect(await till.arrange("(Get-Service -Name 'Zabbix Agent').Stops")).toBe('0')
    exe("echo 'agent.ping [u|1]'")
    expect(await till.apply('agent', { ...params, set: { Hostname: 'two' } })).toEqual(['keys.Hostname: one -> two'])
    expect(await till.arrange("(Get-Service -Name 'Zabbix Agent').Stops")).toBe('1')
    expect(await till.apply('agent', { ...usual, set: { Hostname: 'three' } })).toEqual(['keys.Hostname: two -> three'])
    expect(readFileSync(till.machine.at(`${folder}\\agentd.conf`), 'utf8')).toBe('Hostname=three\r\n')
  }, 60_000)

  it('what ends a fragment with a code does so only where nobody catches it', async () => {
    const ask = (script: string) => till.shell.ask({ script, values: {} })
    expect(await ask("try { Stop-Till 97 'no' } catch { }; 'went on'")).toMatchObject({
      exitCode: 0,
      text: 'went on\n',
    })
    expect(await ask("Stop-Till 97 'no'")).toMatchObject({ exitCode: 97, errorText: 'no' })
    expect(await ask("try { Stop-Till 97 'no' } catch { throw }")).toMatchObject({ exitCode: 97, errorText: 'no' })
  }, 60_000)

  it('facts and reboot: a PowerShell of 32 bits sees what this Windows has', async () => {
    await till.arrange(
      "[void][TillWindows.WinRegistry]::At('HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired', $true); [TillWindows.WinRegistry]::Narrow = $true",
    )
    const pending_reboot = { needed: true, reasons: ['windows-update'] }
    expect(await till.value('facts', {})).toMatchObject({
      machine_id: '0f1a4e54-5e0c-4fd5-9c5b-6a1f3a1f9d11',
      pending_reboot,
    })
    expect(await till.differs('reboot', { when: 'pending' })).not.toEqual([])
  }, 60_000)
})
