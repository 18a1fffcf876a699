import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wasRestarted } from '../../../src/modules/reboot/boot.ts'
import { CONVERGE } from '../../../src/modules/scheduled-task/task-service.ts'
import { taskOf, taskXml } from '../../../src/modules/scheduled-task/task-xml.ts'
import { WindowsWorld } from '../windows-world.ts'

const params = {
  name: 'Till\\Send receipts',
  program: 'C:\\Till\\send.exe',
  arguments: '--all "a & b"',
  daily: '03:30',
}
const there = (given: Parameters<typeof taskXml>[0], more: object = {}) => ({
  exists: true,
  xml: taskXml(given),
  enabled: true,
  last_result: 0,
  next_run: '2026-11-26T03:30:00',
  ...more,
})

describe('scheduled_task', () => {
  it('makes a folder that is missing in the root, which has one backslash', () => {
    expect(CONVERGE.script).toContain(String.raw`GetFolder('\').CreateFolder(`)
  })

  it('is as it should be, or differs field by field', async () => {
    const world = new WindowsWorld({ 'scheduled-task.observe': there(params, { enabled: false }) })
    expect(await world.differs('scheduled_task', { ...params, enabled: false })).toEqual([])
    expect(
      await world.differs('scheduled_task', { ...params, daily: '04:00', limit_minutes: 90, account: 'LOCAL SERVICE' }),
    ).toEqual([
      'account: SYSTEM -> LOCAL SERVICE',
      'limit_minutes: 60 -> 90',
      'trigger: {"daily":"03:30"} -> {"daily":"04:00"}',
      'enabled: false -> true',
    ])
  })

  it('sees what somebody else made of it', async () => {
    const xml = taskXml(params).replace('<DaysInterval>1', '<DaysInterval>2').replace('PT60M', 'P3D')
    const world = new WindowsWorld({ 'scheduled-task.observe': there(params, { xml }) })
    expect(await world.differs('scheduled_task', params)).toEqual([
      'limit_minutes: 4320 -> 60',
      'trigger: {"other":["CalendarTrigger"]} -> {"daily":"03:30"}',
    ])
  })

  it('is made in its folder, and removed', async () => {
    const gone = { exists: false, xml: '', enabled: false, last_result: null, next_run: '' }
    const world = new WindowsWorld({
      'scheduled-task.observe': gone,
      'scheduled-task.converge': { stdout: '' },
    })
    expect(await world.converge('scheduled_task', params)).toBe('done')
    expect(world.valuesOf('scheduled-task.converge')).toMatchObject({
      folder: '\\Till',
      name: 'Send receipts',
      enabled: true,
    })
    const other = new WindowsWorld({ 'scheduled-task.observe': there(params), 'scheduled-task.remove': { stdout: '' } })
    expect(await other.converge('scheduled_task', { name: 'Defrag', state: 'absent' })).toBe('done')
    expect(other.valuesOf('scheduled-task.remove')).toEqual({ folder: '\\', name: 'Defrag' })
  })

  it('comes back from its XML as it was, whatever stands in it', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((value) => value.trim() === value)
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 44_640 }), (program, line, minutes) => {
        const task = taskOf(
          taskXml({ name: 'x', program, arguments: line, every_minutes: minutes, limit_minutes: minutes }),
        )
        expect(task).toMatchObject({
          program,
          arguments: line,
          limit_minutes: minutes,
          trigger: { every_minutes: minutes },
        })
      }),
    )
  })
})

describe('reboot on Windows', () => {
  it('is due when Windows wants it, and waits until it was started anew', async () => {
    let looks = 0
    const world = new WindowsWorld({
      'reboot.observe': () => {
        looks += 1
        return {
          id: looks < 2 ? '41' : '42',
          uptime: looks < 2 ? 90_000 : 30,
          reasons: looks < 2 ? ['windows-update'] : [],
        }
      },
      'reboot.restart': { stdout: '' },
    })
    const began = performance.now()
    expect(await world.converge('reboot', {})).toBe('done')
    expect(performance.now() - began).toBeGreaterThan(4_000)
    expect(world.fragments).toEqual(['reboot.observe', 'reboot.restart', 'reboot.observe'])
    expect(world.renewed).toBe(1)
    expect(await world.differs('reboot', {})).toEqual([])
  }, 20_000)

  it('was restarted when it was started later than before, whatever its id says and however long that took', () => {
    const boot = { id: '17', uptimeS: 300, startedS: [1_000, 1_040], pending: null, reasons: [] } as const
    expect(wasRestarted(boot, { ...boot, uptimeS: 310, startedS: [1_340, 1_350] })).toBe(true)
    expect(wasRestarted(boot, { ...boot, uptimeS: 310, startedS: [1_041, 1_090] })).toBe(false)
  })
})
