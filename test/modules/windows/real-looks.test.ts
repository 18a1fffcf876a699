import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
})
