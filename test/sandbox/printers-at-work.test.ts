import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestProject } from '../cli/project.ts'
import { check, printerIn, printerProject } from './printer-project.ts'
import { canIsolate } from './sandboxes.ts'

/** What a till sends to print, and whether somebody else is heard meanwhile. */
const JOBS: Readonly<Record<string, { readonly job: string; readonly shared: boolean }>> = {
  escpos: { job: '\x1b@Chleb zytni      4,99\n\x1ba\x01SUMA 4,99\n', shared: false },
  zebra: { job: '^XA^FO50,50^A0N,40^FDMleko 3,49^FS^XZ\n', shared: false },
  pjl: { job: '\x1b%-12345X@PJL ENTER LANGUAGE=PCL\r\n\x1bEFaktura 12\x1bE', shared: false },
  ipp: { job: 'GET / HTTP/1.1\r\nhost: printer\r\n\r\n', shared: true },
  thermal: { job: '\x1bP1;0$lChleb\r4,99\r4,99\rA5\x1b\\', shared: false },
  posnet: { job: '\x02trline\tnaChleb\tvt0\tpr499\t#0000\x03', shared: true },
  shtrih: { job: '\x02\x05\x10\x1e\x00\x00\x00\x0b', shared: false },
  'novitus-xml': { job: '<packet><receipt action="begin"/></packet>', shared: true },
  noviapi: { job: 'GET /api/v1 HTTP/1.1\r\nhost: printer\r\n\r\n', shared: true },
  atol: { job: 'GET /requests HTTP/1.1\r\nhost: printer\r\n\r\n', shared: true },
}
const PROTOCOLS = Object.keys(JOBS)
const LINES = { near: '', far: 'slow:150ms' } as const
/** A till that keeps the port all day, and one that takes it for each receipt. */
const HABITS = ['keeps', 'bursts'] as const

const PRINTERS = PROTOCOLS.flatMap((protocol) =>
  Object.keys(LINES).flatMap((line) =>
    HABITS.map((habit) => ({ name: `${protocol}-${line}-${habit}`, protocol, line, habit })),
  ),
)
const LOOKS = 2
const EVERY_MS = 40

/** Prints until it is stopped, as a till does: whatever happens to its connection, it comes again. */
class Till {
  readonly #place: { readonly address: string; readonly port: number }
  readonly #job: string
  readonly #habit: (typeof HABITS)[number]
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(place: { readonly address: string; readonly port: number }, job: string, habit: (typeof HABITS)[number]) {
    this.#place = place
    this.#job = job
    this.#habit = habit
  }

  /** Resolves once it has the port. */
  start(): Promise<void> {
    const first = new Promise<void>((resolve) => this.#open().once('connect', () => resolve()))
    this.#timer = setInterval(() => this.#print(), EVERY_MS)
    return first
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect(this.#place.port, this.#place.address)
    socket.on('error', () => socket.destroy())
    socket.resume()
    this.#socket = socket
    return socket
  }

  #print(): void {
    const socket = this.#socket?.writable ? this.#socket : this.#open()
    socket.write(Buffer.from(this.#job, 'latin1'))
    if (this.#habit === 'bursts') socket.end()
  }
}

describe.skipIf(!canIsolate)('printers on which a till prints all the time', () => {
  let project: TestProject
  const tills: Till[] = []
  beforeAll(async () => {
    project = printerProject(PRINTERS)
    const slow = PRINTERS.filter(({ line }) => line === 'far').map(({ name }) => `PL-0001/${name}`)
    await project.till('sandbox', 'up', '--detach', '--fault', `${LINES.far}=${slow.join(',')}`)
    const overlay = JSON.parse(project.read('.till/sandbox/overlay.json')) as {
      devices: Record<string, { address: string; port: number }>
    }
    for (const { name, protocol, habit } of PRINTERS) {
      const place = overlay.devices[`PL-0001/${name}`]
      if (place) tills.push(new Till(place, JOBS[protocol]?.job ?? '', habit))
    }
    await Promise.all(tills.map((till) => till.start()))
  }, 60_000)
  afterAll(async () => {
    for (const till of tills) till.stop()
    await project.till('sandbox', 'down')
    await project.remove()
  })

  test('are never called sick, and are read where the port takes more than one', async () => {
    expect(tills.length).toBe(PROTOCOLS.length * 4)
    for (let look = 0; look < LOOKS; look += 1) {
      const result = await check(project)
      for (const { name, protocol } of PRINTERS) {
        const { classification, steps, state } = printerIn(result, name)
        const seen = { look, name, state, says: steps[0]?.value?.['fault'], step: steps[0]?.state }
        expect([
          { state: 'in-sync', says: 'none' },
          { state: 'unknown', says: 'not-known' },
        ]).toContainEqual({ state, says: seen.says })
        expect(classification?.severity ?? 'none').toMatch(/^(none|unknown)$/)
        if (JOBS[protocol]?.shared) expect(seen).toMatchObject({ says: 'none', step: 'ok' })
      }
    }
  }, 90_000)
})
