import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPowerShell } from '../../peers/powershell.ts'
import { RealWindows } from '../real-windows.ts'

describe.runIf(hasPowerShell)('services under a real PowerShell', () => {
  let till: RealWindows
  beforeAll(async () => {
    till = await RealWindows.open()
    await till.arrange(`[void][TillWindows.WinService]::Add('TillDb', 'Till Db', $true, 'LocalSystem')
foreach ($name in 'TillSync', 'TillLog') { [void][TillWindows.WinService]::Add($name, $name, $true, 'LocalSystem', 'TillDb') }`)
  }, 60_000)
  afterAll(() => till?.close())
  const DB = { name: 'TillDb', state: 'running' }
  const restart = async (): Promise<string> => {
    const seen = await till.observe('service', DB)
    const comparison = seen.compare({ triggered: true })
    const done = await seen.converge?.('changes' in comparison ? comparison.changes : [])
    return done?.ok === false ? done.failure.message : 'done'
  }
  const states = (): Promise<string> =>
    till.arrange(
      "('TillDb', 'TillSync', 'TillLog' | ForEach-Object { [string](Get-Service -Name $_).Status }) -join ' '",
    )
  const become = (name: string, ...next: string[]): Promise<string> =>
    till.arrange(`$one = Get-Service -Name '${name}'; $one.Becomes.Clear(); $one.Status = '${next[0]}'
foreach ($next in @(${next.slice(1).map((state) => `'${state}'`)})) { $one.Becomes.Enqueue($next) }`)

  it('a restart that fails leaves nothing stopped that depends on the service', async () => {
    await till.arrange("$one = Get-Service -Name 'TillDb'; $one.StartFails = 'no log on'; $one.FailTimes = 1")
    expect(await restart()).toContain('SeServiceLogonRight')
    expect(await states()).toBe('Running Running Running')
    expect(await restart()).toBe('done')
    expect(await states()).toBe('Running Running Running')
    expect(await till.differs('service', DB)).toEqual([])
  }, 60_000)

  it('one that does not come back keeps no other from it, is named, and is started by the next apply', async () => {
    await till.arrange("$one = Get-Service -Name 'TillLog'; $one.StartFails = 'no log on'; $one.FailTimes = 1")
    expect(await restart()).toMatch(/do not run again: TillLog \(.+\)/)
    expect(await states()).toBe('Running Running Stopped')
    expect(await till.apply('service', DB)).toEqual(['stranded: ["TillLog"] -> []'])
    expect(await states()).toBe('Running Running Running')
    expect(existsSync(till.machine.at('C:\\ProgramData\\Tillwright\\stopped-services'))).toBe(false)
  }, 60_000)

  it('a restart that was cut off shows in the next plan; what is disabled or depends on nothing does not', async () => {
    mkdirSync(till.machine.at('C:\\ProgramData\\Tillwright'), { recursive: true })
    const lines = ['TillDb\tTillSync', 'TillDb\tTillApp', 'TillDb\tTillLog', 'Other\tTillLog']
    writeFileSync(till.machine.at('C:\\ProgramData\\Tillwright\\stopped-services'), lines.join('\r\n'))
    await till.arrange("(Get-Service -Name 'TillSync').Stop(); (Get-Service -Name 'TillLog').Stop()")
    await till.arrange("Set-Service -Name 'TillLog' -StartupType Disabled")
    expect(await till.differs('service', DB)).toEqual(['stranded: ["TillSync"] -> []'])
    expect(await till.differs('service', { ...DB, state: 'stopped' })).toEqual(['state: running -> stopped'])
    await till.apply('service', DB)
    expect(await states()).toBe('Running Running Stopped')
    await till.arrange("Set-Service -Name 'TillLog' -StartupType Automatic; (Get-Service -Name 'TillLog').Start()")
  }, 60_000)

  it('the spooler brings back what depends on it', async () => {
    await till.arrange(
      "(Get-Service -Name 'Fax').Start(); $one = Get-Service -Name 'Spooler'; $one.StartFails = 'no'; $one.FailTimes = 1",
    )
    await till.arrange(`[void][TillWindows.Machine]::Instances('Win32_Printer').Add([pscustomobject]@{ Name = 'Receipts'; WorkOffline = $false })
[void][TillWindows.Machine]::Instances('MSFT_Printer').Add([pscustomobject]@{ Name = 'Receipts'; PrinterStatus = [uint32]0 })
[void][TillWindows.Machine]::Instances('Win32_PrintJob').Add([pscustomobject]@{ Name = 'Receipts, 7'; JobId = [uint32]7; StatusMask = [uint32]0; TimeSubmitted = (Get-Date).AddMinutes(-20) })`)
    const seen = await till.observe('spooler', { restart: 'if-safe' })
    const comparison = seen.compare({ triggered: false })
    const done = await seen.converge?.('changes' in comparison ? comparison.changes : [])
    expect(done?.ok).toBe(false)
    expect(await till.arrange("[string](Get-Service -Name 'Fax').Status")).toBe('Running')
  }, 60_000)

  it('a paused service differs from both, is continued and stopped', async () => {
    await become('TillDb', 'Paused')
    expect(await till.differs('service', { ...DB, state: 'stopped' })).toEqual(['state: paused -> stopped'])
    expect(await till.apply('service', DB)).toEqual(['state: paused -> running'])
    await become('TillDb', 'Paused')
    await till.apply('service', { ...DB, state: 'stopped' })
    await till.apply('service', DB)
  }, 60_000)

  it('a state that is passing is waited for', async () => {
    await become('TillDb', 'StartPending', 'StartPending', 'Running')
    await till.apply('service', { ...DB, state: 'stopped' })
    await become('TillDb', 'StopPending', 'StopPending', 'Stopped')
    await till.apply('service', DB)
    await become('TillDb', 'StopPending', 'Stopped')
    expect(await till.apply('service', { ...DB, state: 'stopped' })).toEqual(['state: stopping -> stopped'])
  }, 60_000)
})
