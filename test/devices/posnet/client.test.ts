import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { posnet } from '../../../src/devices/posnet/client.ts'
import { framesIn } from '../../../src/devices/posnet/codec.ts'
import { crc16 } from '../../../src/devices/posnet/crc.ts'
import { encodeQuestion, THOROUGH } from '../../../src/devices/posnet/questions.ts'
import { CONDITIONS, type PrinterReading } from '../../../src/devices/printer/reading.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { POSNET_FAULTS, posnetEmulator } from '../../../src/sandbox/printers/posnet.ts'
import { readPrinter, scriptedLine, startPrinter } from '../../peers/imitated-printer.ts'

async function readWith(faults: readonly PrinterFault[], thorough = true): Promise<PrinterReading> {
  await using printer = await startPrinter(posnetEmulator, { faults })
  return await readPrinter(posnet, printer.line, { thorough, budgetMs: 1_500 })
}

const names = ({ conditions }: PrinterReading): string[] => conditions.map(({ name }) => name)
const blocked = ({ conditions }: PrinterReading): string[] =>
  conditions.filter(({ name }) => CONDITIONS[name] === 'blocked').map(({ name }) => name)

/** A frame of the printer's side. */
function framed(body: string): Buffer {
  const checksum = crc16(Buffer.from(body)).toString(16).toUpperCase().padStart(4, '0')
  return Buffer.from(`\x02${body}#${checksum}\x03`)
}

/** The emulator, with answers of its own to some commands. */
function answering(answers: Readonly<Record<string, (token: string) => string | undefined>>): PrinterEmulator {
  return (socket, printer) => {
    const on = socket.on.bind(socket)
    // The emulator's listener sees what these answers leave to it.
    socket.on = ((event: string, listener: (chunk: Buffer) => void) =>
      event !== 'data'
        ? on(event, listener)
        : on('data', (chunk: Buffer) => {
            const parts = chunk.toString('latin1').split('\u0003').slice(0, -1)
            for (const part of parts.map((text) => `${text}\u0003`)) {
              const [asked] = framesIn(Buffer.from(part, 'latin1'))
              const own = answers[asked?.command ?? '']
              if (!own) listener(Buffer.from(part, 'latin1'))
              else {
                const body = own(asked?.token === undefined ? '' : `@${String(asked.token).padStart(4, '0')}\t`)
                if (body !== undefined) socket.write(framed(body))
              }
            }
          })) as typeof socket.on
    posnetEmulator(socket, printer)
  }
}

describe('A healthy Posnet printer', () => {
  it('is read whole', async () => {
    const reading = await readWith([])
    expect(reading).toMatchObject({
      answered: 'yes',
      busy: false,
      line: 'open',
      ready: 'yes',
      conditions: [],
      identity: { vendor: 'Posnet', model: 'MODEL ONE', firmware: '2.01.A1B2C3D4', unique_number: 'ABC 1234567890' },
      counters: { receipts: 81_300, reports: 1432 },
      fiscal: {
        fiscal_mode: true,
        last_receipt_number: 81_340,
        receipts_since_report: 28,
        ram_resets: 1,
        protected_memory: { free: 29_000_000, unit: 'kB', capacity: 31_000_000 },
        shift: { state: 'open' },
        transmission: { last_result: 'ok' },
      },
      guards: {
        receipt_open: 'no',
        transaction_running: 'no',
        shift_open: 'yes',
        report_running: 'no',
        transmission_running: 'no',
      },
    })
    const { last_receipt_at: at, certificates } = reading.fiscal ?? {}
    const secondsAgo = (Date.now() - Date.parse(at ?? '')) / 1_000
    expect(secondsAgo).toBeGreaterThan(175)
    expect(secondsAgo).toBeLessThan(190)
    expect(certificates).toHaveLength(7)
    expect(reading.evidence).toHaveLength(THOROUGH.length)
  })

  it('is asked in one conversation', async () => {
    await using printer = await startPrinter(posnetEmulator)
    const reading = await readPrinter(posnet, printer.line, { thorough: false })
    expect(printer.connections()).toBe(1)
    expect(reading.guards).toEqual({
      receipt_open: 'no',
      transaction_running: 'no',
      shift_open: 'yes',
      report_running: 'no',
      transmission_running: 'no',
    })
  })
})

const SIGNS: Readonly<Partial<Record<PrinterFault, string>>> = {
  'paper-out': 'paper-out',
  'paper-low': 'paper-low',
  'cover-open': 'cover-open',
  'cutter-error': 'cutter-error',
  'mechanism-error': 'mechanism-error',
  'certificate-expired': 'certificate-expired',
  'certificate-expiring': 'certificate-expiring',
  'licence-expired': 'licence-expired',
  'documents-unsent': 'documents-unsent',
  'transmission-failing': 'transmission-failing',
  'fiscal-memory-full': 'fiscal-memory-full',
  'protected-memory-full': 'protected-memory-full',
  'day-not-closed': 'day-not-closed',
  'clock-wrong': 'clock-skewed',
  'inspection-due': 'inspection-due',
  'storage-dead': 'unrecoverable-error',
}

describe('A fault of a Posnet printer', () => {
  it.each(Object.entries(SIGNS))('%s reads as %s, and nothing else', async (fault, sign) => {
    const reading = await readWith([fault as PrinterFault])
    expect(names(reading).filter((name) => name !== 'waiting-for-user')).toEqual([sign])
    expect(reading.ready).toBe(blocked(reading).length > 0 ? 'no' : 'yes')
  })

  it.each(['printer-silent', 'printer-garbage', 'printer-hung'] as const)('%s is no answer', async (fault) => {
    const reading = await readWith([fault], false)
    expect(reading).toMatchObject({ answered: 'no', busy: false, ready: 'unknown', conditions: [] })
    expect(reading.guards?.receipt_open).toBe('unknown')
    expect(reading.detail).not.toBe('')
  })

  it('without receipts since yesterday still tells the last one', async () => {
    const reading = await readWith(['no-receipts'], false)
    expect(reading).toMatchObject({ ready: 'yes', conditions: [], fiscal: { shift: { state: 'closed' } } })
    const hoursAgo = (Date.now() - Date.parse(reading.fiscal?.last_receipt_at ?? '')) / 3_600_000
    expect(hoursAgo).toBeCloseTo(20, 1)
  })

  it('with a wrong identity tells it', async () => {
    expect((await readWith(['wrong-identity'])).identity?.unique_number).toBe('ZZZ 9999999999')
  })

  it('is covered by these tests, all of them', () => {
    const others = ['printer-busy', 'printer-silent', 'printer-garbage', 'printer-hung', 'receipt-open', 'no-receipts']
    const left = ['waiting-for-user', 'unknown-error', 'wrong-identity']
    expect([...Object.keys(SIGNS), ...others, ...left].sort()).toEqual([...POSNET_FAULTS].sort())
  })
})

describe('While it sells', () => {
  it.each([true, false])('an open receipt is a guard, not a fault (thorough: %s)', async (thorough) => {
    const reading = await readWith(['receipt-open'], thorough)
    expect(reading).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      conditions: [],
      guards: { receipt_open: 'yes', transaction_running: 'yes' },
    })
  })

  it('error 41 is busy, not a fault, and it is left alone at once', async () => {
    await using printer = await startPrinter(posnetEmulator, { faults: ['printer-busy'] })
    const reading = await readPrinter(posnet, printer.line)
    expect(reading).toMatchObject({ answered: 'yes', busy: true, ready: 'yes', conditions: [] })
    expect(reading.guards).toMatchObject({ receipt_open: 'unknown', transaction_running: 'yes' })
    expect(printer.connections()).toBe(1)
  })

  it('for longer than a day without a report, its day is open: it does not mind', async () => {
    const hoursAgo = (hours: number): string =>
      `${new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 19)}+00:00`
    const stot = (token: string): string => `stot\t${token}no1\tpn900\tis${hoursAgo(30)}\tie${hoursAgo(0.1)}\t`
    await using printer = await startPrinter(answering({ stot }))
    expect(await readPrinter(posnet, printer.line)).toMatchObject({
      ready: 'yes',
      conditions: [],
      fiscal: { shift: { state: 'open' } },
    })
  })

  it('a queue that waits for the print to end is busy', async () => {
    const mute = (): undefined => undefined
    const all = Object.fromEntries(THOROUGH.map((question) => [question.split(' ')[0] ?? '', mute]))
    const selling = answering({ ...all, sprn: () => 'sprn\tpr0\t', sdev: () => 'sdev\tds0\tqeN\tpeN\ttl1\t' })
    await using printer = await startPrinter(selling)
    const reading = await readPrinter(posnet, printer.line, { thorough: false, budgetMs: 600 })
    expect(reading).toMatchObject({ answered: 'yes', busy: true, ready: 'yes', conditions: [] })
    expect(printer.connections()).toBe(1)
  })

  it('a queue that nobody uses and that does not move is not ready', async () => {
    const mute = (): undefined => undefined
    const all = Object.fromEntries(THOROUGH.map((question) => [question.split(' ')[0] ?? '', mute]))
    const stuck = answering({ ...all, sprn: () => 'sprn\tpr0\t', sdev: () => 'sdev\tds0\tqeT\tpeN\ttl0\t' })
    await using printer = await startPrinter(stuck)
    const reading = await readPrinter(posnet, printer.line, { thorough: false, budgetMs: 600 })
    expect(reading).toMatchObject({ answered: 'yes', busy: false, ready: 'unknown' })
    expect(reading.detail).toMatch(/queue/)
  })
})

describe('What it tells of itself', () => {
  const link = (name: string, runs: string) => (token: string) => `${name}\t${token}lrT\tac${runs}\t`
  const scomm = (fields: string) => (token: string) => `scomm\t${token}${fields}`

  it('opens no guard while it transmits, or does not tell', async () => {
    const guards = async (answers: Parameters<typeof answering>[0]) => {
      await using printer = await startPrinter(answering(answers))
      return (await readPrinter(posnet, printer.line, { thorough: false })).guards
    }
    const hub = 'repositoryeventhubstate'
    const api = 'repositorywebapistate'
    expect(await guards({ [hub]: link(hub, 'T') })).toMatchObject({ transmission_running: 'yes' })
    expect(await guards({ [api]: link(api, '1') })).toMatchObject({ transmission_running: 'yes' })
    expect(await guards({ [hub]: (token) => `${hub}\t${token}?50` })).toMatchObject({ transmission_running: 'unknown' })
    expect(await guards({ scomm: scomm('fsT\ttzN\t') })).toMatchObject({ receipt_open: 'unknown' })
    expect(await guards({ strns: (token) => `strns\t${token}to0\tts16\tfe1\t` })).toMatchObject({ receipt_open: 'yes' })
    expect(await guards({ sdev: () => 'sdev\tds0\tqeT\tpeN\ttl3\t' })).toMatchObject({ report_running: 'yes' })
  })

  it.each([
    ['fsT\ttzT\tts0\ttdT\t', 'device-blocked'],
    ['fsN\ttzT\tts0\ttdN\t', 'not-fiscal'],
  ])('scomm %j is %s', async (fields, name) => {
    await using printer = await startPrinter(answering({ scomm: scomm(fields) }))
    const reading = await readPrinter(posnet, printer.line, { thorough: false })
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready: 'no' })
  })

  it.each([
    [1, 'menu-open'],
    [2, 'waiting-for-user'],
    // By the specification it is ready in state 0 alone.
    [9, 'device-blocked'],
  ])('sdev ds%i is %s', async (state, name) => {
    await using printer = await startPrinter(answering({ sdev: () => `sdev\tds${state}\tqeT\tpeN\ttl0\t` }))
    const reading = await readPrinter(posnet, printer.line, { thorough: false })
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready: 'no' })
  })

  it.each([
    [4, 'paper-out'],
    [5, 'paper-out'],
    [11, 'device-blocked'],
  ])('sprn pr%i is %s', async (state, name) => {
    await using printer = await startPrinter(answering({ sprn: () => `sprn\tpr${state}\t` }))
    const reading = await readPrinter(posnet, printer.line, { thorough: false })
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready: 'no' })
    expect(reading.conditions[0]?.evidence).toContain(`pr${state}`)
  })
})

describe('Answers', () => {
  it('that were lost are asked for again by their token', async () => {
    let lost = 0
    await using printer = await startPrinter((socket, imitated) => {
      const write = socket.write.bind(socket)
      socket.write = ((bytes: Buffer) =>
        /strns/.test(bytes.toString('latin1')) && lost++ === 0 ? true : write(bytes)) as typeof socket.write
      posnetEmulator(socket, imitated)
    })
    const reading = await readPrinter(posnet, printer.line, { thorough: false, budgetMs: 3_000 })
    // Kept by the connection in the emulator, so the second one does not know the token: asked anew.
    expect(reading.guards?.receipt_open).toBe('no')
    const asked = framesIn(printer.received())
    expect(asked.filter(({ command }) => command === 'rpt')).not.toHaveLength(0)
    expect(asked.filter(({ command }) => command === 'strns')).toHaveLength(2)
  })

  it('of a kept token are not asked anew', async () => {
    const stored = new Map<number, Buffer>()
    const { line, sent } = scriptedLine((turn) => {
      const frames = framesIn(turn.send).map(({ command, token = -1, text }) => {
        if (command === 'rpt') return stored.get(token) ?? Buffer.alloc(0)
        const name = text.startsWith('!') ? `${command}\t` : `${command}\t@${String(token).padStart(4, '0')}\t`
        const answer = framed(`${name}to0\tts0\tpr0\tds0\t`)
        stored.set(token, answer)
        return command === 'strns' ? Buffer.alloc(0) : answer
      })
      return Buffer.concat(frames)
    })
    const reading = await readPrinter(posnet, line, { thorough: false })
    expect(reading.guards?.receipt_open).toBe('no')
    const asked = framesIn(Buffer.concat(sent)).map(({ command }) => command)
    expect(asked.filter((command) => command === 'strns')).toHaveLength(1)
    expect(asked.filter((command) => command === 'rpt')).toHaveLength(1)
  })

  it('of others, and of other tokens, are not taken, and their secrets not shown', async () => {
    const stale = framed('sastokeninfoget\tokT\tstSECRET.TOKEN.HERE\t')
    const wrong = framed('scomm\t@9999\tfsN\ttzT\tts33\ttdT\t')
    await using printer = await startPrinter((socket, imitated) => {
      socket.write(Buffer.concat([Buffer.from([0x06, 0x02]), stale, wrong]))
      posnetEmulator(socket, imitated)
    })
    const reading = await readPrinter(posnet, printer.line)
    expect(JSON.stringify(reading)).not.toContain('SECRET')
    expect(reading).toMatchObject({ ready: 'yes', conditions: [], fiscal: { fiscal_mode: true } })
  })

  it('that are only of others are no answer, and are not shown', async () => {
    const { line } = scriptedLine(() => Buffer.from('\x02sastokeninfoget\tstSECRET\t#0000\x03'))
    const reading = await readPrinter(posnet, line)
    expect(reading.answered).toBe('no')
    expect(JSON.stringify(reading)).not.toMatch(/SECRET|53 45 43/)
  })

  it('that a model does not know leave the fact out, and say that nothing is sent', async () => {
    const unknown = (name: string) => (token: string) => `ERR\t${token}?1\tcm${name}\t`
    const old = answering(
      Object.fromEntries(
        ['repositoryeventhubstate', 'repositorywebapistate', 'certinfoget', 'subgettime', 'ecmedinfoget'].map(
          (name) => [name, unknown(name)],
        ),
      ),
    )
    await using printer = await startPrinter(old)
    const reading = await readPrinter(posnet, printer.line)
    expect(reading).toMatchObject({ ready: 'yes', conditions: [], guards: { transmission_running: 'no' } })
    expect(Object.keys(reading.fiscal ?? {})).not.toContain('transmission')
    expect(Object.keys(reading.fiscal ?? {})).not.toContain('certificates')
  })

  it.each<[number, string, string]>([
    [383, 'day-not-closed', 'no'],
    [387, 'fiscal-memory-full', 'no'],
    [460, 'clock-wrong', 'no'],
    [488, 'licence-expired', 'no'],
    [2904, 'protected-memory-full', 'no'],
    [1003, 'unrecoverable-error', 'no'],
    [1041, 'unrecoverable-error', 'no'],
    [1053, 'unrecoverable-error', 'no'],
    [1074, 'unrecoverable-error', 'no'],
    [1075, 'unrecoverable-error', 'no'],
    [1078, 'unrecoverable-error', 'no'],
    [2034, 'not-fiscal', 'no'],
    [2036, 'device-blocked', 'no'],
    [2907, 'unrecoverable-error', 'no'],
    [3730, 'keys-missing', 'no'],
    [3733, 'keys-missing', 'no'],
    [3929, 'keys-missing', 'no'],
    [3904, 'transmission-failing', 'yes'],
  ])('with error %i read as %s', async (error, name, ready) => {
    await using printer = await startPrinter(answering({ sfsk: (token) => `sfsk\t${token}?${error}` }))
    const reading = await readPrinter(posnet, printer.line)
    expect(names(reading)).toEqual([name])
    expect(reading.ready).toBe(ready)
  })

  it.each([40, 384, 1028])('with error %i say nothing bad', async (error) => {
    await using printer = await startPrinter(answering({ fmrecrd: (token) => `fmrecrd\t${token}?${error}` }))
    expect(await readPrinter(posnet, printer.line)).toMatchObject({ ready: 'yes', busy: false, conditions: [] })
  })

  it.each(['scomm', 'strns', 'stot', 'fmrecrd'])(
    'of %s with an error that nothing names leave open whether it sells',
    async (asked) => {
      for (const error of [50, 999]) {
        await using printer = await startPrinter(answering({ [asked]: (token) => `${asked}\t${token}?${error}` }))
        const reading = await readPrinter(posnet, printer.line, { thorough: false })
        expect(reading).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [{ name: 'other-error' }] })
        expect(reading.conditions[0]?.evidence).toContain(`${asked} ?${error}`)
      }
    },
  )
})

describe('Whatever a printer says', () => {
  const question = THOROUGH.map((name) => Buffer.from(encodeQuestion(name)).toString('hex'))

  it('nothing but the questions ever leaves', async () => {
    const field = fc.tuple(fc.stringMatching(/^[a-z]{2}$/), fc.string({ maxLength: 12 })).map(([a, b]) => `${a}${b}\t`)
    const body = fc
      .tuple(fc.constantFrom('scomm', 'strns', 'ERR', 'trinit', 'dailyrep', 'sastokeninfoget'), fc.array(field))
      .map(([command, fields]) => `${command}\t${fields.join('')}`)
    const said = fc.oneof(fc.uint8Array({ maxLength: 60 }), body.map(framed))
    await fc.assert(
      fc.asyncProperty(fc.array(said, { maxLength: 40 }), fc.boolean(), async (answers, thorough) => {
        const { line, sent } = scriptedLine((_turn, index) => answers[index] ?? new Uint8Array())
        const reading = await readPrinter(posnet, line, { thorough })
        expect(['yes', 'no']).toContain(reading.answered)
        for (const frame of framesIn(Buffer.concat(sent))) {
          const bare = frame.text.replace(/ ?@\d{4}/, '')
          if (frame.command !== 'rpt') expect(question).toContain(bareFrame(bare))
        }
      }),
    )
  })

  /** The same frame without its token. */
  function bareFrame(text: string): string {
    return framed(`${text.split(' ').join('\t')}\t`).toString('hex')
  }

  it('cut anywhere, it is a reading', async () => {
    await using printer = await startPrinter(posnetEmulator)
    const whole: Uint8Array[] = []
    await readPrinter(posnet, {
      name: 'tap',
      converse: async (turns) => {
        const said = await printer.line.converse(turns)
        if (said.ok) whole.push(...said.value.replies.map(({ bytes }) => bytes))
        return said
      },
    })
    const stream = Buffer.concat(whole)
    for (let cut = 0; cut < stream.length; cut += 7) {
      const { line } = scriptedLine((_turn, index) => (index === 0 ? stream.subarray(0, cut) : Buffer.alloc(0)))
      const reading = await readPrinter(posnet, line)
      expect(blocked(reading)).toEqual([])
    }
  })
})
