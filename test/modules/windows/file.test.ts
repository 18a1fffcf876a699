import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { WindowsWorld } from '../windows-world.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const reading = (text: string, more: object = {}) => ({
  kind: 'file',
  real: 'C:\\Till\\till.ini',
  link: '',
  owner: 'BUILTIN\\Administratorzy',
  size: Buffer.byteLength(text),
  sum: sha256(text),
  content: Buffer.from(text).toString('base64'),
  trouble: '',
  ...more,
})
const ABSENT = { ...reading(''), kind: 'absent', sum: '', content: null, owner: '', size: 0 }

describe('file on Windows', () => {
  it('is looked at by path and checksum', async () => {
    const world = new WindowsWorld({ 'file.read': reading('hello') })
    expect(await world.differs('file', { path: 'C:\\Till\\till.ini', content: 'hello', mode: '0640' })).toEqual([])
    expect(world.valuesOf('file.read')).toMatchObject({ known: `sha256:${sha256('hello')}`, wants: true, follow: true })
    const [change] = await world.differs('file', { path: 'C:\\Till\\till.ini', content: 'other' })
    expect(change).toMatch(/^content: .*hello.* -> .*other/)
  })

  it('is written beside its place, with a validator and as it was found', async () => {
    const world = new WindowsWorld({ 'file.read': reading('old'), 'file.replace': { stdout: '' } })
    const params = { path: 'C:/Till/till.ini', content: 'zażółć\r\n', backup: true, validate: 'Test-Path $file' }
    expect(await world.converge('file', params)).toBe('done')
    expect(world.valuesOf('file.replace')).toMatchObject({
      path: 'C:\\Till\\till.ini',
      temp: expect.stringMatching(/^C:\\Till\\\.till-new-[0-9a-f]{16}$/),
      content: 'zażółć\r\n',
      bytes: 12,
      uploaded: false,
      backup: true,
      private: false,
      validate: 'Test-Path $file',
    })
  })

  it('keeps a new file that is secret to itself, and off everything but stdin', async () => {
    const world = new WindowsWorld({ 'file.read': ABSENT, 'file.replace': { stdout: '' } })
    const content = new Secret('psk-0123') as unknown as string
    expect(await world.converge('file', { path: 'C:\\Till\\till.ini', content })).toBe('done')
    expect(world.valuesOf('file.replace')).toMatchObject({ private: true, content: 'psk-0123' })
  })

  it('uploads what is large, and says what Windows said', async () => {
    const world = new WindowsWorld({
      'file.read': ABSENT,
      'file.replace': { answer: { exitCode: 81, stderr: 'bad key\nexit code 1' } },
    })
    const content = 'x'.repeat(100_000)
    const said = await world.converge('file', { path: 'C:\\Till\\till.ini', content, validate: 'x' })
    expect(said).toBe('VALIDATOR_REFUSED: The validator refused the new "C:\\Till\\till.ini": bad key; exit code 1')
    expect([...world.files.values()][0]?.toString()).toBe(content)
  })

  it('is removed, or its owner changed, or refused as a link', async () => {
    const world = new WindowsWorld({
      'file.read': reading('x'),
      'file.remove': { stdout: '' },
      'file.owner': { stdout: '' },
    })
    expect(await world.converge('file', { path: 'C:\\Till\\till.ini', state: 'absent' })).toBe('done')
    expect(await world.converge('file', { path: 'C:\\Till\\till.ini', owner: 'S-1-5-32-544' })).toBe('done')
    expect(world.valuesOf('file.owner')).toEqual({ path: 'C:\\Till\\till.ini', owner: 'S-1-5-32-544' })
    const link = { path: 'C:\\Till\\till.ini', state: 'link', target: 'C:\\x' }
    expect(await world.differs('file', link)).toEqual([expect.stringMatching(/^PARAMS_INVALID/)])
  })

  it('is unknown when it cannot be read', async () => {
    const world = new WindowsWorld({ 'file.read': reading('', { trouble: 'Odmowa dostępu.' }) })
    expect(await world.differs('file', { path: 'C:\\Till\\till.ini', content: '' })).toEqual([
      'OBSERVE_FAILED: "C:\\Till\\till.ini" cannot be read: Odmowa dostępu.',
    ])
  })
})

describe('config on Windows', () => {
  it('changes keys and nothing else, from what was read', async () => {
    const text = '; kasa\r\n[server]\r\nhost=old\r\n'
    const world = new WindowsWorld({ 'file.read': reading(text), 'file.replace': { stdout: '' } })
    const params = { path: 'C:\\Till\\till.ini', format: 'ini', set: { 'server.host': 'new' }, mode: '0640' }
    expect(await world.differs('config', params)).toEqual(['keys.server.host: old -> new'])
    expect(await world.converge('config', params)).toBe('done')
    expect(world.valuesOf('file.replace')).toMatchObject({
      content: '; kasa\r\n[server]\r\nhost=new\r\n',
      expected: `sha256:${sha256(text)}`,
      owner: '',
      backup: true,
    })
  })
})
