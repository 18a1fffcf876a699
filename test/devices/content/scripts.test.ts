import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ShellAnswer } from '../../../src/core/channel.ts'
import { FETCH } from '../../../src/devices/content/fetch.ts'
import { GIVE, STOP_GIVING } from '../../../src/devices/content/give.ts'
import { EXIT, LOOK_FOR, TAKE } from '../../../src/devices/content/place.ts'
import { parseFields } from '../../../src/shell/tool-answer.ts'
import { openLocalShell, shells } from '../../shell/shells.ts'

const TOKEN = '5'.repeat(64)
const CONTENT = Buffer.concat(
  Array.from({ length: 3_000 }, (_, n) => Buffer.from(`line ${n} of it\0\r\n`.padEnd(200, '.'))),
)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')
const HALF = 200_001

/** A place of one device's own, on this machine. */
class SomeDevice {
  readonly root = mkdtempSync(join(tmpdir(), 'till-content-'))
  readonly place = join(this.root, 'tillwright/content')

  constructor(files: Readonly<Record<string, Uint8Array>> = {}) {
    mkdirSync(this.place, { recursive: true })
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(this.place, name), bytes)
  }

  has(name: string): boolean {
    return existsSync(join(this.place, name))
  }

  read(name: string): Buffer {
    return readFileSync(join(this.place, name))
  }

  get names(): readonly string[] {
    return readdirSync(this.place).sort()
  }
}

describe.each(shells)('what is kept of files, in $name', ({ path }) => {
  let opened: Awaited<ReturnType<typeof openLocalShell>>
  const devices: SomeDevice[] = []
  let giver: SomeDevice
  let receiver: SomeDevice
  beforeAll(async () => {
    opened = await openLocalShell(path)
  })
  afterAll(() => opened.close())
  beforeEach(() => {
    giver = device({ [SHA256]: CONTENT })
    receiver = device()
  })
  afterEach(() => {
    for (const { root } of devices.splice(0)) rmSync(root, { recursive: true, force: true })
  })

  function device(files: Readonly<Record<string, Uint8Array>> = {}): SomeDevice {
    const made = new SomeDevice(files)
    devices.push(made)
    return made
  }

  function ask(on: SomeDevice, script: string, values: Record<string, string | number>): Promise<ShellAnswer> {
    return opened.shell.ask({
      script: `XDG_CACHE_HOME=$cache\n${script}`,
      values: { sha256: SHA256, bytes: CONTENT.length, cache: on.root, ...values },
    })
  }

  const look = async (on: SomeDevice, most = 512 * 1024): Promise<ReadonlyMap<string, string>> =>
    parseFields((await ask(on, LOOK_FOR, { most, days: 30 })).text)

  async function giving(tools = '', seconds = 60): Promise<ReadonlyMap<string, string>> {
    const script = tools === '' ? GIVE : `PATH=$tools\n${GIVE}`
    const answer = await ask(giver, script, { token: TOKEN, seconds, host: '127.0.0.1', tools })
    expect([answer.exitCode, answer.errorText]).toEqual([0, ''])
    return parseFields(answer.text)
  }

  const stop = (given: ReadonlyMap<string, string>): Promise<ShellAnswer> =>
    ask(giver, STOP_GIVING, { pid: Number(given.get('pid')), folder: given.get('folder') ?? '' })

  function fetching(port: number, by: string, token = TOKEN): Promise<ShellAnswer> {
    return ask(receiver, FETCH, { host: '127.0.0.1', port, token, by })
  }

  /** A folder with these programs and no others. */
  function only(...programs: string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'till-tools-'))
    const wanted = ['id', 'mktemp', 'rm', 'wc', 'sha256sum', 'sleep', 'tail', 'cat', ...programs]
    for (const program of wanted) {
      const from = ['/usr/bin', '/bin'].map((bin) => join(bin, program)).find(existsSync)
      if (from !== undefined) symlinkSync(from, join(folder, program))
    }
    return folder
  }

  describe.each(['python3', 'perl'])('a giver by %s', (tool) => {
    it.each(['curl', 'python3', 'perl', 'nc'])('gives it to one who comes by %s, once', async (by) => {
      const given = await giving(only(tool))
      const port = Number(given.get('port'))
      const fetched = await fetching(port, by)
      expect([fetched.exitCode, fetched.text, fetched.errorText]).toEqual([0, `${CONTENT.length}`, ''])
      expect(receiver.read(SHA256).equals(CONTENT)).toBe(true)
      await gone(port)
      expect(giver.names).toEqual([SHA256])
      receiver = device()
      expect((await fetching(port, by)).exitCode).toBe(EXIT.short)
    })

    it.each(['curl', 'python3', 'perl', 'nc'])('goes on for %s at the byte', async (by) => {
      receiver = device({ [`${SHA256}.part`]: CONTENT.subarray(0, HALF) })
      const given = await giving(only(tool))
      const fetched = await fetching(Number(given.get('port')), by)
      expect([fetched.exitCode, fetched.errorText]).toEqual([0, ''])
      expect(receiver.read(SHA256).equals(CONTENT)).toBe(true)
    })

    it('gives nothing to others, whatever they ask for, and waits for the right one', async () => {
      const given = await giving(only(tool))
      const port = Number(given.get('port'))
      for (const path of ['/', '/../../../etc/passwd', '/etc/passwd'])
        expect(await said(port, `GET ${path} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 403 [\s\S]*\r\n\r\n$/)
      const wrong = `Authorization: Bearer ${TOKEN.replace('5', '6')}`
      expect(await said(port, `GET / HTTP/1.1\r\n${wrong}\r\n\r\n`)).toMatch(/^HTTP\/1.1 403 /)
      expect(await said(port, `GET / HTTP/1.1\r\nAuthorization: Bearer \r\n\r\n`)).toMatch(/^HTTP\/1.1 403 /)
      expect(await said(port, 'x'.repeat(9_000))).not.toContain('line 1')
      const right = await said(port, `GET /etc/passwd HTTP/1.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)
      expect(right).toContain('line 2999 of it')
      expect(right).not.toContain('root:')
    })

    it('keeps the token to its account, and off every command line', async () => {
      const given = await giving(only(tool))
      const folder = given.get('folder') ?? ''
      expect(statSync(join(folder, 'token')).mode & 0o777).toBe(0o600)
      expect(statSync(folder).mode & 0o777).toBe(0o700)
      expect(readFileSync(`/proc/${given.get('pid')}/cmdline`, 'utf8')).not.toContain(TOKEN)
      expect(readFileSync(`/proc/${given.get('pid')}/environ`, 'utf8')).not.toContain(TOKEN)
      await stop(given)
      await gone(Number(given.get('port')))
      expect(giver.names).toEqual([SHA256])
    })

    it('ends by itself', async () => {
      const given = await giving(only(tool), 1)
      await gone(Number(given.get('port')))
      expect(giver.names).toEqual([SHA256])
    })
  })

  it('gives nothing that is another file by now', async () => {
    giver = device({ [SHA256]: Buffer.from('something else') })
    const answer = await ask(giver, GIVE, { token: TOKEN, seconds: 60, host: '127.0.0.1' })
    expect(answer.exitCode).toBe(EXIT.absent)
    expect(giver.names).toEqual([])
  })

  it('says why it cannot give', async () => {
    const values = { token: TOKEN, seconds: 60, host: '127.0.0.1', tools: only() }
    const bare = await ask(giver, `PATH=$tools\n${GIVE}`, values)
    expect([bare.exitCode, bare.errorText]).toEqual([EXIT.noTool, 'it has neither python3 nor perl\n'])
    const elsewhere = await ask(giver, GIVE, { ...values, host: '192.0.2.1' })
    expect(elsewhere.exitCode).toBe(EXIT.notStarted)
    expect(elsewhere.errorText).toMatch(/Cannot assign requested address/)
    expect(giver.names).toEqual([SHA256])
  })

  describe.each(['curl', 'python3', 'perl', 'nc'])('one who fetches by %s', (by) => {
    async function from(body: Buffer | undefined): Promise<ShellAnswer> {
      const server = createServer((request, response) => {
        expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`)
        response.writeHead(206, { 'Content-Type': 'application/octet-stream' })
        response.write(body?.subarray(0, HALF) ?? CONTENT.subarray(0, HALF))
        if (body) response.end(body.subarray(HALF))
        else setImmediate(() => response.destroy())
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      try {
        return await fetching(typeof address === 'object' && address ? address.port : 0, by)
      } finally {
        server.closeAllConnections()
        server.close()
      }
    }

    it('throws away what is something else', async () => {
      const lie = Buffer.alloc(CONTENT.length, 'x')
      expect((await from(lie)).exitCode).toBe(EXIT.wrong)
      expect(receiver.names).toEqual([])
    })

    it('takes no more than it should be', async () => {
      const more = await from(Buffer.concat([CONTENT, Buffer.alloc(5_000_000, 'x')]))
      expect(receiver.names.length).toBeLessThanOrEqual(1)
      if (more.exitCode === 0) expect(receiver.read(SHA256).equals(CONTENT)).toBe(true)
    })

    it('is turned away without the token, and keeps nothing', async () => {
      const given = await giving()
      const refused = await fetching(Number(given.get('port')), by, '6'.repeat(64))
      expect([refused.exitCode, refused.text]).toEqual([EXIT.short, '0'])
      await stop(given)
    })

    it('says so where nobody listens', async () => {
      const given = await giving()
      await stop(given)
      await gone(Number(given.get('port')))
      expect((await fetching(Number(given.get('port')), by)).exitCode).toBe(EXIT.short)
    })
  })

  it('says what there is, and makes a whole file of what is all there', async () => {
    expect(await look(receiver)).toEqual(
      new Map([
        ...Object.entries({ room: 'yes', whole: 'no', have: '0' }),
        ['by', expect.stringContaining('perl')],
        ['part', join(receiver.place, `${SHA256}.part`)],
      ]),
    )
    receiver = device({ [`${SHA256}.part`]: CONTENT.subarray(0, HALF) })
    expect((await look(receiver)).get('have')).toBe(`${HALF}`)
    receiver = device({ [`${SHA256}.part`]: CONTENT })
    expect([(await look(receiver)).get('whole'), receiver.names]).toEqual(['yes', [SHA256]])
    receiver = device({ [`${SHA256}.part`]: Buffer.alloc(CONTENT.length), [SHA256]: Buffer.from('x') })
    expect([(await look(receiver)).get('whole'), receiver.names]).toEqual(['no', []])
    expect(statSync(receiver.place).mode & 0o777).toBe(0o700)
  })

  it('wants room only for what is not there yet', async () => {
    const df = 'df() { printf "Filesystem 1024-blocks\\n/dev/a 9 9 %s 9%% /\\n" "$free"; }\n'
    const roomOf = async (on: SomeDevice, free: number): Promise<string | undefined> =>
      parseFields((await ask(on, df + LOOK_FOR, { most: 512 * 1024, days: 30, free })).text).get('room')
    const whole = 2 * (Math.floor(CONTENT.length / 1024) + 1) + 64 * 1024
    expect([await roomOf(receiver, whole - 1), await roomOf(receiver, whole)]).toEqual(['no', 'yes'])
    receiver = device({ [`${SHA256}.part`]: CONTENT.subarray(0, HALF) })
    const rest = whole - Math.floor(HALF / 1024)
    expect([await roomOf(receiver, rest - 1), await roomOf(receiver, rest)]).toEqual(['no', 'yes'])
    expect(await roomOf(giver, 0)).toBe('yes')
  })

  it('lets go of the oldest where it is too much, and of nothing that is wanted', async () => {
    const others = ['a'.repeat(64), 'b'.repeat(64)]
    receiver = device({ [SHA256]: CONTENT })
    for (const name of others) writeFileSync(join(receiver.place, name), Buffer.alloc(800 * 1024, 1))
    await opened.shell.ask({ script: 'touch -t 202001010000 "$old"', values: { old: join(receiver.place, SHA256) } })
    await opened.shell.ask({
      script: 'touch -t 202611300000 "$old"',
      values: { old: join(receiver.place, others[0] ?? '') },
    })
    const answer = await ask(receiver, LOOK_FOR, { most: 2_400, days: 99_999 })
    expect(parseFields(answer.text).get('whole')).toBe('yes')
    expect(receiver.names).toEqual([SHA256, others[1]].sort())
  })

  it('lets go of what is old', async () => {
    receiver = device({ ['a'.repeat(64)]: CONTENT, [`${'b'.repeat(64)}.part`]: CONTENT })
    const old = join(receiver.place, 'a'.repeat(64))
    await opened.shell.ask({ script: 'touch -t 202001010000 "$old"', values: { old } })
    await look(receiver)
    expect(receiver.names).toEqual([`${'b'.repeat(64)}.part`])
  })

  it('puts a file into its place, never over another', async () => {
    const path = join(giver.root, 'file')
    expect((await ask(giver, TAKE, { path })).exitCode).toBe(0)
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    chmodSync(path, 0o644)
    writeFileSync(path, 'mine')
    expect((await ask(giver, TAKE, { path })).exitCode).toBe(EXIT.inTheWay)
    expect(readFileSync(path, 'utf8')).toBe('mine')
    receiver = device({ [`${SHA256}.part`]: CONTENT.subarray(0, HALF) })
    expect((await ask(receiver, TAKE, { path: join(receiver.root, 'f') })).exitCode).toBe(EXIT.short)
    receiver = device({ [`${SHA256}.part`]: Buffer.alloc(CONTENT.length) })
    expect((await ask(receiver, TAKE, { path: join(receiver.root, 'f') })).exitCode).toBe(EXIT.wrong)
    expect([receiver.names, existsSync(join(receiver.root, 'f'))]).toEqual([[], false])
  })

  it('uses no folder that is a link to somewhere', async () => {
    receiver = device()
    rmSync(receiver.place, { recursive: true })
    symlinkSync(giver.root, receiver.place)
    expect((await ask(receiver, LOOK_FOR, { most: 512 * 1024, days: 30 })).exitCode).toBe(EXIT.noRoom)
  })
})

/** Until nobody listens there. */
async function gone(port: number): Promise<void> {
  while (await listens(port)) await new Promise((resolve) => setTimeout(resolve, 20))
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function said(port: number, words: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(words))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(heard))
  })
}
