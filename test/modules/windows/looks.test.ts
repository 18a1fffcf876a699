import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { WindowsWorld } from '../windows-world.ts'

const ran = (exitCode: number, stdout: string) => ({ answer: { exitCode, stdout } })

describe('command and script on Windows', () => {
  it('takes a text for PowerShell and a list for a program with its arguments', async () => {
    const world = new WindowsWorld({
      'run.text': ran(0, 'pong\r\n'),
      'run.program': ran(3, ''),
      'run.path': ran(0, 'exists=no\n'),
    })
    expect(await world.differs('command', { run: 'Get-Date', read_only: true, expect: { stdout: 'pong' } })).toEqual([])
    expect(world.valuesOf('run.text')).toEqual({ till_text: 'Get-Date', till_cwd: '', till_env_count: 0 })
    const list = { run: ['C:\\Till\\till.exe', 'set name', 'a"b\\', ''], creates: 'C:\\Till\\x', expect: { exit: [3] } }
    expect(await world.converge('command', { ...list, cwd: 'C:\\Till', environment: { A: 'b' } })).toBe('done')
    expect(world.valuesOf('run.program')).toEqual({
      till_program: 'C:\\Till\\till.exe',
      till_line: '"set name" "a\\"b\\\\" ""',
      till_cwd: 'C:\\Till',
      till_env_count: 1,
      till_env_name_1: 'A',
      till_env_value_1: 'b',
    })
  })

  it('knows exit codes of 32 bits with and without their sign', async () => {
    const world = new WindowsWorld({ 'run.text': ran(-1073741510, '') })
    expect(await world.differs('command', { run: 'x', read_only: true, expect: { exit: 3221225786 } })).toEqual([])
  })

  it('runs the side that is for Windows, and says when there is none', async () => {
    const world = new WindowsWorld({ 'run.text': ran(0, ''), 'run.check': ran(0, 'exit=1\n') })
    const both = { sh: 'x', powershell: 'Write-Output 1', unless: 'Test-Path C:\\x' }
    expect(await world.converge('script', both)).toBe('done')
    expect(world.valuesOf('run.text')).toMatchObject({ till_text: 'Write-Output 1' })
    expect((await world.differs('script', { body: 'x', always: true }))[0]).toMatch(/PARAMS_INVALID: .*`powershell`/)
  })

  it('has no secret on a command line of its own', async () => {
    const world = new WindowsWorld({ 'run.text': ran(0, ''), 'run.program': ran(0, '') })
    const secret = new Secret('hunter2') as unknown as string
    await world.differs('command', { run: secret, read_only: true })
    await world.differs('command', { run: ['x', secret], read_only: true })
    expect(world.valuesOf('run.program')).toMatchObject({ till_line: 'hunter2' })
    expect(world.received.join()).not.toContain('hunter2')
  })
})

describe('what only looks, on Windows', () => {
  it('disk', async () => {
    const world = new WindowsWorld({ 'disk.observe': { device: 'System', mount: 'C:\\', size: 1e11, free: 4e8 } })
    expect(await world.differs('disk', { path: 'C:\\', free_min: '500MiB' })).toEqual([
      'free: 381.5 MiB (0.4%) -> at least 500MiB',
    ])
  })

  it('process', async () => {
    const found = [{ pid: 7, user: '', command: 'C:\\Till\\tillapp.exe' }]
    const world = new WindowsWorld({ 'process.list': found })
    expect(await world.differs('process', { name: 'tillapp' })).toEqual([])
    expect(await world.differs('process', { name: 'tillapp', running: false })).toEqual(['running: true -> false'])
  })

  it('facts', async () => {
    const world = new WindowsWorld({
      'facts.observe': {
        os: {
          id: 'windows',
          version: '10.0.19045.5011',
          name: 'Windows 10 IoT Enterprise LTSC',
          edition: 'IoTEnterpriseS',
        },
        kernel: '10.0.19045',
        architecture: 'AMD64',
        hostname: 'POS1',
        machine_id: '6f9c1d02-52f4-4f5a-9a35-0f4f0c4d7a11',
        uptime_seconds: 86_400,
        memory: { total_bytes: 4_294_967_296, available_bytes: 2_147_483_648 },
        cpus: 4,
        addresses: [{ interface: 'Ethernet', address: '10.4.12.11' }],
        disks: [{ mount: 'C:\\', size_bytes: 64_000_000_000, free_bytes: 20_000_000_000 }],
        powershell: '5.1.19041.5007',
        reasons: ['windows-update'],
        hotfixes: null,
      },
    })
    const seen = await world.observe('facts', {})
    expect(seen.ok && seen.value.value).toMatchObject({
      init: 'windows',
      pending_reboot: { needed: true, reasons: ['windows-update'] },
    })
  })

  it('tcp and ping from the device', async () => {
    const world = new WindowsWorld({
      'tcp.connect': { code: 10061, detail: 'Odmowa', ms: 3 },
      'ping.send': { state: 'asked', times: [10, 20] },
    })
    expect(await world.differs('tcp', { port: 9100, from: 'device' })).toEqual(['state: refused -> open'])
    expect(await world.differs('ping', { from: 'device', count: 3 })).toEqual(['loss_percent: 33 -> at most 0'])
  })

  it('wait', async () => {
    const world = new WindowsWorld({ 'wait.observe': ran(0, 'no\n'), 'wait.converge': ran(1, '') })
    const params = { for: { port: 9100 }, timeout: '5s' }
    expect(await world.differs('wait', params)).toEqual(['condition: false -> port 9100 is listened on'])
    expect(await world.converge('wait', params)).toMatch(/CONVERGE_TIMEOUT/)
  })
})

describe('clock and log on Windows', () => {
  it('says how far the clock is off, and sets the time zone only', async () => {
    const world = new WindowsWorld({
      'clock.observe': () => ({ time: Date.now() / 1000 + 120, zone: 'UTC' }),
      'clock.converge': { stdout: '' },
    })
    const [skew, zone] = await world.differs('clock', { max_skew_s: 5, time_zone: 'Central European Standard Time' })
    expect(skew).toMatch(/^skew: 1(19|20)(\.\d)? s -> at most 5 s$/)
    expect(zone).toBe('time_zone: UTC -> Central European Standard Time')
    expect(await world.converge('clock', { time_zone: 'Central European Standard Time' })).toBe('done')
    expect(world.valuesOf('clock.converge')).toMatchObject({ line: '/s "Central European Standard Time"' })
  })

  it('counts lines and events', async () => {
    const world = new WindowsWorld({
      'log.lines': { count: 3, latest: ['ERROR'], age: 5 },
      'log.events': { count: 0, latest: [], age: null },
    })
    expect(await world.differs('log', { path: 'C:\\Till\\till.log', pattern: 'ERROR', max: 0 })).toEqual([
      'count: 3 -> at most 0',
    ])
    expect(await world.differs('log', { event_log: 'System', level: 'error', ids: [7, 51], max: 0 })).toEqual([])
    expect(world.valuesOf('log.events')).toMatchObject({ levels: '1,2', ids: '7,51', minutes: 1440 })
  })

  it('does not call an event log quiet of which not all events were read', async () => {
    const events = { event_log: 'System', pattern: 'disk' }
    const quiet = new WindowsWorld({ 'log.events': { count: 0, latest: [], age: null, isCut: true } })
    expect(await quiet.differs('log', { ...events, max: 0 })).toEqual([
      expect.stringContaining('more events than are read'),
    ])
    const loud = new WindowsWorld({ 'log.events': { count: 3, latest: [], age: null, isCut: true } })
    expect(await loud.differs('log', { ...events, max: 0 })).toEqual(['count: 3 -> at most 0'])
    expect(await loud.differs('log', { ...events, min: 2 })).toEqual([])
  })
})

describe('certificate on Windows', () => {
  const RAW =
    'MIIBhTCCASugAwIBAgIUXdPfpIuL226Z1zmaKgmO0arcWEwwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMdGlsbC5leGFtcGxlMCAXDTI2MTEyNTE3MTYyMFoYDzIxMjYxMTAxMTcxNjIwWjAXMRUwEwYDVQQDDAx0aWxsLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATwFEKiQCI4vL/CvlzLk2MbTdd4GbjG7US96IHLzcXs1uXMqVw11DZk+GvctSxxGmdk+LeaMTF/0ECAhql2kvz6o1MwUTAdBgNVHQ4EFgQUyJz0MPZf4fPsBPq53rrYqilAdH8wHwYDVR0jBBgwFoAUyJz0MPZf4fPsBPq53rrYqilAdH8wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA5vUeWbhwMX8fzZmlhxiiMT3usvcWzX7ey4r3TTeipKwCIEm1U7HdgOwhzoAibTaDPe8oXD01WLhALrB0V8F0oLAT'

  it('takes the one of the store that is valid for longest', async () => {
    const world = new WindowsWorld({ 'certificate.store': [RAW] })
    const store = { subject: 'CN=till.example' }
    expect(await world.differs('certificate', { store, min_days: 30 })).toEqual([])
    expect(world.valuesOf('certificate.store')).toEqual({ name: 'My', subject: 'CN=till.example' })
    const none = new WindowsWorld({ 'certificate.store': [] })
    expect(await none.differs('certificate', { store })).toEqual(['OBSERVE_FAILED: There is no such certificate.'])
  })
})
