import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ERROR_CATALOG } from '../../src/core/error-catalog.ts'
import { NAMESPACES } from '../../src/devices/winrm/soap.ts'
import { child, parseXml, type XmlElement } from '../../src/devices/winrm/xml-element.ts'
import { commandMessage, createMessage, newId, sendMessage } from '../../src/transports/winrm/envelope.ts'
import { kindOf, parseFault } from '../../src/transports/winrm/fault.ts'
import { InputQueue } from '../../src/transports/winrm/input-queue.ts'
import { parseOutput } from '../../src/transports/winrm/remote-output.ts'
import { faultFailure, statusFailure } from '../../src/transports/winrm/winrm-failure.ts'
import { winrmTarget } from '../peers/winrm-peer.ts'

const sender = { to: 'http://pos1:5985/wsman', session: newId(), timeoutS: 20 }
const s = NAMESPACES.s

function bodyOf(inside: string): XmlElement {
  const body = child(
    parseXml(`<s:Envelope xmlns:s="${s}"><s:Header/><s:Body>${inside}</s:Body></s:Envelope>`),
    s,
    'Body',
  )
  if (!body) throw new Error('it does not parse')
  return body
}

const fault = (detail: string, subcode = 'w:InternalError'): string =>
  `<s:Fault xmlns:w="${NAMESPACES.w}"><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code>` +
  `<s:Reason><s:Text xml:lang="en-US">why it is so </s:Text></s:Reason><s:Detail>${detail}</s:Detail></s:Fault>`
const wsman = (code: number | string, message = 'no'): string =>
  `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${code}" Machine="x"><f:Message>${message}</f:Message></f:WSManFault>`
const wmi = (code: number): string =>
  `<p:MSFT_WmiError xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"><p:error_Category>30</p:error_Category><p:error_Code>${code}</p:error_Code></p:MSFT_WmiError>`

describe('faults', () => {
  test.each([
    [2150858793, 'OPEN_TIMEOUT'],
    [2150858843, 'SHELL_GONE'],
    [995, 'SHELL_GONE'],
    [2147943418, 'SHELL_GONE'],
    [2150859173, 'QUOTA_SHELLS_EXCEEDED'],
    [2150859236, 'QUOTA_SHELLS_EXCEEDED'],
    [2150859174, 'QUOTA_OPERATIONS_EXCEEDED'],
    [2150859240, 'QUOTA_OPERATIONS_EXCEEDED'],
    [2150859241, 'QUOTA_OPERATIONS_EXCEEDED'],
    [2150859175, 'QUOTA_LOAD_EXCEEDED'],
    [2150859176, 'QUOTA_LOAD_EXCEEDED'],
    [2150859179, 'QUOTA_USERS_EXCEEDED'],
    [2150859237, 'QUOTA_USERS_EXCEEDED'],
    [5, 'ACCESS_DENIED'],
    [2147942405, 'ACCESS_DENIED'],
    [170, 'INPUT_REFUSED'],
    [2147942402, 'OPEN_REFUSED'],
    [2150858790, 'ENVELOPE_TOO_LARGE'],
    [2150858805, 'ENVELOPE_TOO_LARGE'],
    [2150858815, 'QUOTA_LOAD_EXCEEDED'],
    [2150858803, 'WINRM_FAULT'],
    // The filter cannot be processed: WinRb has recorded it for a class that does not exist.
    [2150858778, 'WINRM_FAULT'],
    [2150858767, 'WINRM_FAULT'],
    [87, 'WINRM_FAULT'],
  ] as const)('%i is %s, in both of the ways in which Windows writes it', (code, expected) => {
    for (const detail of [wsman(code), wmi(code), wsman(code | 0)]) {
      const parsed = parseFault(bodyOf(fault(detail)))
      if (!parsed) throw new Error('it is no fault')
      const failure = faultFailure({ target: winrmTarget({ port: 5985 }), phase: 'open' }, parsed)
      expect(failure).toMatchObject({ code: expected, phase: 'open', evidence: { wsman_code: code } })
      expect(ERROR_CATALOG[failure.code].advice).not.toBe('')
    }
  })

  test('with a code that says nothing to us are known by their subcode', () => {
    const parsed = parseFault(bodyOf(fault(wsman(2150859999), 'w:AccessDenied')))
    expect(parsed && kindOf(parsed)).toBe('denied')
    const exists = parseFault(bodyOf(fault(wsman(2150858803), 'w:AlreadyExists')))
    expect(exists && kindOf(exists)).toBe('exists')
  })

  test('without a code are known by their subcode', () => {
    const parsed = parseFault(bodyOf(fault('', 'w:AccessDenied')))
    expect(parsed).toEqual({ code: undefined, subcode: 'AccessDenied', text: 'why it is so' })
  })

  test('that a shell has gone is known without a code too', () => {
    const parsed = parseFault(bodyOf(fault('', 'w:InvalidSelectors')))
    expect(parsed && kindOf(parsed)).toBe('gone')
  })

  test('say what the device says, however deep', () => {
    const nested =
      '<f:ProviderFault provider="x"><f:WSManFault Code="1"><f:Message>inner\n words</f:Message></f:WSManFault></f:ProviderFault>'
    expect(parseFault(bodyOf(fault(wsman(5, nested))))).toMatchObject({ code: 5, text: 'inner words' })
  })

  test('are not seen where there are none', () => expect(parseFault(bodyOf('<x/>'))).toBeUndefined())
})

describe('documents', () => {
  test.each([
    `<!DOCTYPE x [<!ENTITY a "b">]><s:Envelope xmlns:s="${s}"/>`,
    '<a><b></a>',
    '<p:a/>',
    '',
    'not xml',
    '<a>'.repeat(100) + '</a>'.repeat(100),
  ])('that are no SOAP are refused: %.40s', (text) => expect(parseXml(text)).toBeUndefined())

  test('prefixes do not matter, namespaces do', () => {
    const document = (uri: string): string =>
      `<Q:Envelope xmlns:Q="${uri}"><Q:Body a="1">x<![CDATA[<y>]]></Q:Body></Q:Envelope>`
    expect(child(parseXml(document(s)), s, 'Body')?.text).toBe('x<y>')
    expect(child(parseXml(document('urn:other')), s, 'Body')).toBeUndefined()
  })

  test('any command, environment and input reach the document as they are', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '<', '&', '"', "'", ']]>', '\n', '\r', '\t', 'ż', '🎵', ' ') })
    fc.assert(
      fc.property(text, text, fc.uint8Array({ maxLength: 50 }), (line, environment, data) => {
        const read = (xml: Buffer, ...names: string[]): XmlElement | undefined =>
          child(child(parseXml(xml.toString('utf8')), s, 'Body'), NAMESPACES.rsp, ...names)
        const create = createMessage(sender, { id: newId(), environment: { TILL_1: environment } })
        expect(read(create.xml, 'Shell', 'Environment', 'Variable')?.text).toBe(environment)
        const command = commandMessage(sender, { shell: newId(), id: newId(), line })
        expect(read(command.xml, 'CommandLine', 'Command')?.text).toBe(line)
        const send = sendMessage(sender, { shell: newId(), command: newId() }, { data, end: false })
        expect(Buffer.from(read(send.xml, 'Send', 'Stream')?.text ?? '', 'base64').equals(data)).toBe(true)
      }),
    )
  })
})

describe('output', () => {
  const reply = (inside: string): XmlElement =>
    bodyOf(`<r:ReceiveResponse xmlns:r="${NAMESPACES.rsp}">${inside}</r:ReceiveResponse>`)
  const done = (code: string): string =>
    `<r:CommandState State="${NAMESPACES.rsp}/CommandState/Done"><r:ExitCode>${code}</r:ExitCode></r:CommandState>`

  test.each([
    ['0', 0],
    ['4294967295', -1],
    ['3221225786', -1073741510],
    ['-5', -5],
    ['', -1],
  ])('the exit code %j is %i', (code, exitCode) => expect(parseOutput(reply(done(code)))?.exitCode).toBe(exitCode))

  test('comes in pieces of both streams, and is none while the command runs', () => {
    const pieces =
      '<r:Stream Name="stdout">YQ==</r:Stream><r:Stream Name="stderr">Yg==</r:Stream><r:Stream Name="stdout" End="true"/>'
    const output = parseOutput(reply(`${pieces}<r:CommandState State="x/CommandState/Running"/>`))
    expect(output).toEqual({
      pieces: [
        { stream: 'stdout', bytes: Buffer.from('a') },
        { stream: 'stderr', bytes: Buffer.from('b') },
      ],
    })
    expect(parseOutput(bodyOf('<x/>'))).toBeUndefined()
  })
})

test('input leaves in messages of whole lines where they fit, in order and all of it', () => {
  const lines = fc.array(fc.oneof(fc.nat(2_000), fc.integer({ min: 60_000, max: 200_000 })), { maxLength: 8 })
  fc.assert(
    fc.property(lines, (lengths) => {
      const queue = new InputQueue()
      const written = lengths.map((length, n) => `${String(n).repeat(length)}\n`)
      for (const line of written) queue.write(line)
      queue.end()
      const sent: Buffer[] = []
      while (!queue.isEmpty) {
        const { data, end, whole } = queue.take()
        expect(data.length).toBeLessThanOrEqual(90_000)
        expect(whole).toBe(data.length === 0 || data.at(-1) === 10)
        expect(end).toBe(queue.isEmpty)
        sent.push(data)
      }
      expect(Buffer.concat(sent).toString()).toBe(written.join(''))
    }),
    { numRuns: 30 },
  )
})

test('each status that is not of WinRM has its own cause', () => {
  const moment = { target: winrmTarget({ port: 5985 }), phase: 'open' } as const
  const said = [404, 405, 407, 411, 415, 418].map((status) => statusFailure(moment, status))
  expect(said.map(({ code, phase }) => `${code} ${phase}`)).toEqual(
    said.map(() => 'IDENTIFY_PROTOCOL_INVALID identify'),
  )
  expect(new Set(said.map(({ message }) => message.replace(/\d/g, ''))).size).toBe(said.length)
  expect(said[0]?.message).toBe(
    'What answers at "127.0.0.1:5985" is not WinRM: it has no /wsman: another web server has this port, or the listener of WinRM another URLPrefix (HTTP 404).',
  )
  const overTls = { target: winrmTarget({ port: 5986 }, { https: true }), phase: 'open' } as const
  expect(statusFailure(overTls, 400).code).toBe('IDENTIFY_PROTOCOL_INVALID')
  expect(statusFailure(moment, 400).code).toBe('SEAL_INVALID')
})
