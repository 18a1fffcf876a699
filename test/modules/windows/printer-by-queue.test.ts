import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { printer } from '../../../src/modules/printer/printer.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import { DEADLINES } from '../../peers/targets.ts'
import { WindowsDevice } from '../../shell/powershell/windows-device.ts'
import { someContext } from '../some-context.ts'
import { someDevice } from '../some-device.ts'

type Queues = readonly JsonObject[]

/** What the module makes of a printer on the USB of a Windows till whose spooler says this. */
async function look(params: JsonObject, queues: Queues, spooler: JsonObject = {}, address = '') {
  const asked: string[] = []
  const said = JSON.stringify({ exists: true, running: true, queues, ...spooler })
  const device = new WindowsDevice({
    answer: ({ name }) => {
      asked.push(name ?? '')
      return { stdout: said }
    },
  })
  const shell = openPowerShell({ connection: device.connection, deadlines: DEADLINES })
  const till = { ...someDevice, os: { family: 'windows' as const } }
  const receipt = { ...someDevice, id: 'receipt1', name: 'PL-0412/receipt1', kind: 'receipt-printer' as const, address }
  const context = someContext(shell, { device: receipt, host: { device: till, shell } })
  const seen = await printer.observe(context, { protocol: 'escpos', ...params })
  if (!seen.ok) return { failure: seen.failure, asked }
  return { value: seen.value.value as JsonObject, compared: seen.value.compare({ triggered: false }), asked }
}

const queue = (status: number, jobs: Queues = []): Queues => [{ name: 'Receipts', status, offline: false, jobs }]

describe('a printer on the USB of a Windows till', () => {
  it.each<[string, Queues, JsonObject, JsonObject]>([
    // That nothing waits proves nothing of the printer.
    ['idle', queue(0), {}, { fault: 'not-known', cause: null, severity: 'unknown' }],
    ['without paper', queue(0x10), {}, { fault: 'sale-blocked', cause: 'paper-out' }],
    ['open', queue(0x400000), {}, { fault: 'sale-blocked', cause: 'cover-open' }],
    ['out of reach', queue(0x80), {}, { fault: 'sale-blocked', cause: 'offline' }],
    ['halted', queue(1), {}, { fault: 'sale-blocked', cause: 'paused' }],
    ['with an old job', queue(0, [{ id: 3, status: 0, seconds: 900 }]), {}, { fault: 'silent-printer', cause: null }],
    ['of a spooler that stands', [], { running: false }, { fault: 'sale-blocked', cause: 'queue-stuck' }],
  ])('%s, by its queue', async (_, queues, spooler, verdict) => {
    const { value, asked } = await look({ usb: '/dev/usb/lp0', queue: 'Receipts' }, queues, spooler)
    expect(value).toMatchObject({ ...verdict, protocol: 'spooler', where: 'queue "Receipts" of PL-0412/pos1' })
    expect(value?.['can_issue']).not.toBe('yes')
    expect(asked).toEqual(['spooler.observe'])
  })

  it('whose queue is idle is told by receipts, and by nothing else', async () => {
    const idle = { usb: '/dev/usb/lp0', queue: 'Receipts' }
    expect((await look(idle, queue(0))).compared).toEqual({
      unknown: 'It does not say whether it can print: spooler answers: queue Receipts → idle, 0 jobs',
    })
    const receipts = { class: 'ok', last_receipt_at: new Date(Date.now() - 60_000).toISOString() }
    const sold = await look({ ...idle, receipts }, queue(0))
    expect(sold).toMatchObject({ value: { fault: 'none', can_issue: 'yes' }, compared: { changes: [] } })
  })

  it('cannot be told without a queue, and says what to do', async () => {
    const { compared, asked } = await look({ usb: '/dev/usb/lp0' }, queue(0))
    expect(compared).toEqual({ unknown: expect.stringContaining('Name its queue on PL-0412/pos1 (`queue: NAME`)') })
    expect(asked).toEqual([])
  })

  it('cannot be told by a queue that is not there', async () => {
    const { compared } = await look({ queue: 'Recipts' }, queue(0))
    expect(compared).toEqual({ unknown: 'There is no queue "Recipts" on the till; it has "Receipts".' })
  })

  it('cannot be told where there is no spooler', async () => {
    const { compared } = await look({ queue: 'Receipts' }, [], { exists: false })
    expect(compared).toEqual({ unknown: 'There is no service "Spooler" on the device.' })
  })

  it.each<[JsonObject, string, string]>([
    [{ usb: '/dev/usb/lp0' }, '10.0.0.9', 'has an address (10.0.0.9)'],
    [{ serial: '/dev/ttyS0' }, '', '"/dev/ttyS0" is no serial port of PL-0412/pos1; there they are named like COM1.'],
    [{ protocol: 'ipp' }, '', '"ipp" is spoken over TCP only'],
  ])('refuses %j at "%s"', async (params, address, message) => {
    const { failure } = await look(params, [], {}, address)
    expect(failure).toMatchObject({ code: 'PARAMS_INVALID', message: expect.stringContaining(message) })
  })
})

it.each<[JsonObject, string]>([
  [{ address: '10.0.0.9', usb: '/dev/usb/lp0' }, 'Say one of `address` and `usb`'],
  [{ serial: 'COM1', usb: '/dev/usb/lp0' }, 'Say one of `serial` and `usb`'],
  [{ usb: '/dev/usb/lp0', port: 9100 }, '`port` is one of TCP'],
])('%j is refused when the runbook is loaded', (params, message) => {
  expect(printer.validate?.({ protocol: 'escpos', ...params }, { reacting: false })).toContain(message)
})
