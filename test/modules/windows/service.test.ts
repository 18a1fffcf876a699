import { describe, expect, it } from 'vitest'
import { recoveryOf } from '../../../src/devices/service/windows-service.ts'
import { WindowsWorld } from '../windows-world.ts'

const RUNNING = {
  exists: true,
  status: 'Running',
  start: 2,
  delayed: false,
  account: 'LocalSystem',
  recovery: '',
  dependants: ['TillSync'],
  stranded: [],
}

describe('service on Windows', () => {
  it('is as it should be', async () => {
    const world = new WindowsWorld({ 'service.observe': RUNNING })
    expect(await world.differs('service', { name: 'Zabbix Agent 2', state: 'running', enabled: true })).toEqual([])
    const seen = await world.observe('service', { name: 'Zabbix Agent 2', state: 'running' })
    expect(seen.ok && seen.value.value).toMatchObject({ init: 'windows', active: 'running', dependants: ['TillSync'] })
  })

  it('differs in what is desired, and nothing else', async () => {
    const world = new WindowsWorld({
      'service.observe': { ...RUNNING, status: 'Stopped', start: 3, account: 'NT AUTHORITY\\LocalService' },
    })
    const params = {
      name: 'TillApp',
      state: 'running',
      start: 'delayed',
      account: 'LocalSystem',
      recovery: { restart_after_ms: [5000, 60_000] },
    }
    expect(await world.differs('service', params)).toEqual([
      'state: stopped -> running',
      'start: manual -> delayed',
      'account: NT AUTHORITY\\LocalService -> LocalSystem',
      'recovery: {"restart_after_ms":[],"reset_after_s":0} -> {"restart_after_ms":[5000,60000],"reset_after_s":86400}',
    ])
  })

  it('does not exist, stands between two states, or is restarted', async () => {
    const gone = new WindowsWorld({ 'service.observe': { exists: false } })
    expect((await gone.differs('service', { name: 'X', state: 'running' }))[0]).toMatch(/There is no service "X"/)
    const odd = new WindowsWorld({ 'service.observe': { ...RUNNING, status: '9' } })
    expect((await odd.differs('service', { name: 'X', state: 'running' }))[0]).toMatch(/^unknown:/)
    const paused = new WindowsWorld({ 'service.observe': { ...RUNNING, status: 'Paused' } })
    expect(await paused.differs('service', { name: 'X', state: 'running' }, true)).toEqual([
      'state: paused -> running',
      'restart!',
    ])
    const running = new WindowsWorld({ 'service.observe': RUNNING })
    expect(await running.differs('service', { name: 'X', state: 'running' }, true)).toEqual(['restart!'])
  })

  it('is changed in one question; the password is not on a command line', async () => {
    const world = new WindowsWorld({
      'service.observe': { ...RUNNING, status: 'Stopped', start: 4, account: 'LocalSystem' },
      'service.converge': { stdout: '' },
    })
    const params = {
      name: 'Till App',
      state: 'running',
      enabled: true,
      account: '.\\till',
      password: 'hunter2',
      recovery: { restart_after_ms: [5000] },
    }
    expect(await world.converge('service', params)).toBe('done')
    expect(world.valuesOf('service.converge')).toEqual({
      name: 'Till App',
      start_line: 'config "Till App" start= auto',
      recovery_line: 'failure "Till App" reset= 86400 actions= restart/5000',
      account: '.\\till',
      password: 'hunter2',
      act: 'start',
    })
  })

  it('says what Windows said when it fails', async () => {
    const stderr = 'Service cannot be started. The service did not respond in a timely fashion.'
    const world = new WindowsWorld({
      'service.observe': { ...RUNNING, status: 'Stopped' },
      'service.converge': { answer: { exitCode: 1, stderr } },
    })
    expect(await world.converge('service', { name: 'X', state: 'running' })).toMatch(
      /CONVERGE_FAILED: .*timely fashion/,
    )
  })

  it('reads recovery actions as the registry keeps them', () => {
    const words = [86_400, 0, 0, 3, 20, 1, 60_000, 1, 120_000, 0, 0]
    const bytes = Buffer.alloc(words.length * 4)
    for (const [n, word] of words.entries()) bytes.writeUInt32LE(word, n * 4)
    expect(recoveryOf(bytes)).toEqual({ restart_after_ms: [60_000, 120_000, -1], reset_after_s: 86_400 })
    expect(recoveryOf(Buffer.alloc(3))).toEqual({ restart_after_ms: [], reset_after_s: 0 })
  })
})
