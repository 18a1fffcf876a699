import { createSocket, type Socket } from 'node:dgram'

/** Records as `TYPE value` by name, or a response code; `silent` is never answered. */
export type Zone = Readonly<Record<string, readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silent'>>

const TYPES: Readonly<Record<string, number>> = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28 }
const RCODES: Readonly<Record<string, number>> = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 }

/** A name server on loopback (RFC 1035, UDP). */
export class NameServer {
  readonly #socket: Socket = createSocket('udp4')
  readonly #zone: Zone

  constructor(zone: Zone) {
    this.#zone = zone
    this.#socket.on('message', (query, { port, address }) => {
      const answer = this.#answer(query)
      if (answer) this.#socket.send(answer, port, address)
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve))
    return this.#socket.address().port
  }

  close(): void {
    this.#socket.close()
  }

  #answer(query: Buffer): Buffer | undefined {
    const { name, end } = readName(query, 12)
    const type = query.readUInt16BE(end)
    const found = this.#zone[name.toLowerCase()] ?? 'NXDOMAIN'
    if (found === 'silent') return undefined
    const records = typeof found === 'string' ? [] : found.map((text) => text.split(/ (.*)/s) as [string, string])
    const fitting = records.filter(([of]) => TYPES[of] === type || of === 'CNAME')
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | (typeof found === 'string' ? (RCODES[found] ?? 0) : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(fitting.length, 6)
    return Buffer.concat([header, query.subarray(12, end + 4), ...fitting.map(([of, value]) => record(of, value))])
  }
}

function record(type: string, value: string): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(TYPES[type] ?? 0, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  const data = dataOf(type, value)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function dataOf(type: string, value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  if (type === 'AAAA') {
    const [left = '', right = ''] = value.split('::')
    const groups = (text: string): number[] =>
      text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
    const all = Buffer.alloc(16)
    for (const [at, group] of groups(left).entries()) all.writeUInt16BE(group, at * 2)
    for (const [at, group] of groups(right).reverse().entries()) all.writeUInt16BE(group, 14 - at * 2)
    return all
  }
  if (type === 'TXT') return Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)])
  if (type !== 'MX') return writeName(value)
  const [preference = '0', exchange = ''] = value.split(' ')
  const number = Buffer.alloc(2)
  number.writeUInt16BE(Number(preference))
  return Buffer.concat([number, writeName(exchange)])
}

function writeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

function readName(packet: Buffer, at: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let end = at
  for (let length = packet[end] ?? 0; length > 0; length = packet[end] ?? 0) {
    labels.push(packet.toString('latin1', end + 1, end + 1 + length))
    end += 1 + length
  }
  return { name: labels.join('.'), end: end + 1 }
}
