import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { escpos } from '../../../src/devices/escpos/client.ts'
import type { Endpoint } from '../../../src/devices/line/endpoint.ts'
import type { Conversation, Line, Turn } from '../../../src/devices/line/line.ts'
import { windowsLine } from '../../../src/devices/line/windows-line.ts'
import { thermal } from '../../../src/devices/thermal/client.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import { thermalEmulator } from '../../../src/sandbox/printers/thermal.ts'
import { standIn } from '../../../src/sandbox/windows/stand-ins.ts'
import { WindowsMachine } from '../../../src/sandbox/windows/windows-machine.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../../src/shell/powershell-device.ts'
import { DEADLINES } from '../../peers/targets.ts'
import { WindowsDevice } from '../../shell/powershell/windows-device.ts'
import { Bench, names, printerWith, reading } from '../printers/bench.ts'

const bench = new Bench()
const folder = mkdtempSync(join(tmpdir(), 'till-com-'))
afterEach(async () => {
  await bench.close()
  rmSync(folder, { recursive: true, force: true })
})

const COM1: Endpoint = { kind: 'serial', port: 'COM1', baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 }
const TCP: Endpoint = { kind: 'tcp', host: '10.0.0.9', port: 9100 }

/** A line over a till that answers by this; what it was asked stands in `asked`. */
function lineBy(answer: (ask: ExchangeAsk) => DeviceAnswer | Promise<DeviceAnswer>, endpoint = COM1) {
  const device = new WindowsDevice({ answer })
  const shell = openPowerShell({ connection: device.connection, deadlines: DEADLINES })
  return { line: windowsLine({ name: 'it', shell, endpoint, budgetMs: 1_000 }), asked: device.asked }
}

async function converse(line: Line, turns: readonly Turn[] = []): Promise<Conversation> {
  const said = await line.converse(turns)
  if (!said.ok) throw new Error(said.failure.message)
  return said.value
}

const says = (what: JsonObject): DeviceAnswer => ({
  stdout: JSON.stringify({ state: 'open', code: 0, detail: '', gone: false, replies: [], ...what }),
})

describe('what a Windows till is asked', () => {
  it('is one question, with every rule as data', async () => {
    const { line, asked } = lineBy(() => says({}))
    const send = Buffer.from('?')
    await converse(line, [
      { send, until: { bytes: 2 }, timeoutMs: 10 },
      { send, until: { byte: 3, more: 1 }, timeoutMs: 10, optional: true },
      { send, until: { mask: 0x93, value: 0x12 }, timeoutMs: 10, goOnAt: [6, 21] },
      { send, until: { lengthAt: 1, more: 1 }, timeoutMs: 10 },
      { send, until: { ending: '</p>' }, timeoutMs: 10 },
      { send: new Uint8Array(), until: { quietMs: 80 }, timeoutMs: 10 },
    ])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ name: 'line.converse', values: { way: 'serial', port: 'COM1', parity: 'None' } })
    const turns = JSON.parse(String(asked[0]?.values['turns'])) as JsonObject[]
    expect(turns.map(({ kind, one, two, three, text }) => [kind, one, two, three, text])).toEqual([
      ['bytes', 2, 0, 0, ''],
      ['match', 255, 3, 1, ''],
      ['match', 0x93, 0x12, 0, ''],
      ['counted', 1, 1, 0, ''],
      ['ending', 0, 0, 0, 'PC9wPg=='],
      ['quiet', 80, 0, 0, ''],
    ])
    expect(turns.map(({ send: sent, optional, only }) => [sent, optional, only])).toEqual([
      ['Pw==', false, []],
      ['Pw==', true, []],
      ['Pw==', false, [6, 21]],
      ['Pw==', false, []],
      ['Pw==', false, []],
      ['', false, []],
    ])
  })

  it.each<[JsonObject, string]>([
    [{ state: 'busy', detail: 'Odmowa dostępu do portu „COM1”.' }, 'busy'],
    [{ state: 'missing' }, 'missing'],
    [{ state: 'unreached', code: 10_061 }, 'refused'],
    [{ state: 'unreached', code: 10_060 }, 'timed-out'],
    [{ state: 'unreached', code: 11_001 }, 'name-not-found'],
    [{ state: 'unreached', code: -1 }, 'unknown'],
    [{ gone: true, replies: [{ state: 'cut', bytes: '', ms: 0 }] }, 'reset'],
    [{ gone: true, replies: [{ state: 'whole', bytes: 'Eg==', ms: 0 }] }, 'open'],
  ])('%j is a line that is %s', async (answer, state) => {
    expect((await converse(lineBy(() => says(answer), TCP).line)).state).toBe(state)
  })

  it('an answer that is none is an unknown line', async () => {
    expect(await converse(lineBy(() => ({ exitCode: 1, stderr: 'Boom.' })).line)).toMatchObject({
      state: 'unknown',
      detail: 'Boom.',
    })
    expect((await converse(lineBy(() => ({ stdout: 'x' })).line)).state).toBe('unknown')
  })

  it('takes no other ports', () => {
    const usb: Endpoint = { kind: 'usb', port: 'USB001' }
    expect(() => lineBy(() => says({}), usb)).toThrow('by the module "spooler"')
    for (const port of ['LPT1', 'COM0', 'COM1:', '\\\\.\\COM1']) {
      expect(() => lineBy(() => says({}), { ...COM1, port } as Endpoint)).toThrow('no serial port')
    }
    expect(() => lineBy(() => says({}), { ...COM1, baud: 31 } as Endpoint)).toThrow('no speed')
  })
})

describe('a till of the sandbox', () => {
  const machine = new WindowsMachine(folder, { computer: 'PL0001POS1', release: '22H2' })
  const line = (): Line => lineBy((ask) => standIn(machine, ask)).line

  it('has printers on its serial ports', async () => {
    const receipt = await bench.start((socket) => escposEmulator(socket, printerWith('paper-low')))
    machine.serialPorts.set('COM1', { host: '127.0.0.1', port: receipt })
    expect(names(await reading(escpos, line()))).toEqual(['paper-low'])
    const fiscal = await bench.start((socket) => thermalEmulator(socket, printerWith('receipt-open')))
    machine.serialPorts.set('COM1', { host: '127.0.0.1', port: fiscal })
    expect(await reading(thermal, line())).toMatchObject({ guards: { receipt_open: 'yes' } })
  })

  it('a port that the till application has open is busy, and says nothing bad about the printer', async () => {
    machine.serialPorts.set('COM1', 'held')
    const read = await reading(escpos, line())
    expect(read).toMatchObject({ answered: 'unknown', busy: true, ready: 'unknown', conditions: [] })
    machine.serialPorts.clear()
    expect(await reading(escpos, line())).toMatchObject({ answered: 'unknown', busy: false, line: 'missing' })
  })
})
