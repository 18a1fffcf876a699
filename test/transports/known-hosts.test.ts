import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  hostKeyLookup,
  lookupHostKeys,
  lookupHostMarks,
  parseKnownHosts,
  recordHostKeys,
  withHostKeys,
} from '../../src/transports/known-hosts.ts'

const A = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
const B = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDF'
const find = (text: string, address: string, port = 22): readonly string[] =>
  lookupHostKeys(parseKnownHosts(text), address, port)

describe('known_hosts', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'till-known-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('finds plain names, lists, ports, patterns and negations', () => {
    const text = `# comment\n\ntill1,10.0.0.5 ${A} someone\n[10.0.0.6]:2222 ${B}\n*.shop.pl,!bad.shop.pl ${A}\nbroken line\n`
    expect(find(text, '10.0.0.5')).toEqual([A])
    expect(find(text, 'TILL1')).toEqual([A])
    expect(find(text, '10.0.0.6', 2222)).toEqual([B])
    expect([find(text, '10.0.0.6'), find(text, '10.0.0.5', 2222)]).toEqual([[], []])
    expect([find(text, 'a.shop.pl'), find(text, 'bad.shop.pl'), find(text, 'shop.pl')]).toEqual([[A], [], []])
  })

  test.each([
    ['POS1.Shop', 'pos1.shop', 22],
    ['pos1.shop', 'POS1.Shop', 22],
    ['10.0.0.5,POS1.Shop', 'pos1.shop', 22],
    ['[POS1.Shop]:2222', 'pos1.shop', 2222],
    ['*.Shop,!Bad.shop', 'pos1.SHOP', 22],
    ['*.Shop,!Bad.shop', 'bad.shop', 22],
    ['POS1.Shop', 'pos2.shop', 22],
  ])('finds "%s" for "%s" where ssh-keygen does, whatever the case', (written, address, port) => {
    const file = join(folder, 'mixed')
    writeFileSync(file, `${written} ${A}\n`)
    const name = port === 22 ? address : `[${address}]:${port}`
    const theirs = spawnSync('ssh-keygen', ['-F', name, '-f', file]).status === 0
    expect(find(readFileSync(file, 'utf8'), address, port)).toEqual(theirs ? [A] : [])
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    expect(find(readFileSync(file, 'utf8'), address, port)).toEqual(theirs ? [A] : [])
  })

  test('heeds what is revoked, and replaces what is recorded, whatever the case', () => {
    const text = `@revoked POS2.Shop ${A}\npos2.shop ${A}\nPOS1.Shop,Other.Shop ${A}\n`
    expect([find(text, 'pos2.shop'), lookupHostMarks(parseKnownHosts(text), 'Pos2.shop', 22).revoked]).toEqual([
      [],
      [A],
    ])
    expect(withHostKeys(text, [{ address: 'pos1.shop', port: 22, keys: [B] }])).toBe(
      `@revoked POS2.Shop ${A}\npos2.shop ${A}\nOther.Shop ${A}\npos1.shop ${B}\n`,
    )
  })

  test('never hands out a key that is revoked, nor that of an authority', () => {
    const text = `10.0.0.5 ${A}\n@revoked * ${A}\n@cert-authority 10.0.0.5 ${B}\n10.0.0.5 ${B}\n`
    expect(find(text, '10.0.0.5')).toEqual([B])
  })

  test('finds what ssh-keygen has hashed', () => {
    const file = join(folder, 'hashed')
    writeFileSync(file, `10.0.0.5 ${A}\n[10.0.0.6]:2222 ${A}\n`)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    const text = readFileSync(file, 'utf8')
    expect(text.startsWith('|1|')).toBe(true)
    expect([find(text, '10.0.0.5'), find(text, '10.0.0.6', 2222), find(text, '10.0.0.7')]).toEqual([[A], [A], []])
    const replaced = withHostKeys(text, [{ address: '10.0.0.5', port: 22, keys: [B] }])
    expect([find(replaced, '10.0.0.5'), find(replaced, '10.0.0.6', 2222)]).toEqual([[B], [A]])
  })

  test('records for one host and leaves the rest as it is', () => {
    const text = `# ours\n10.0.0.5,10.0.0.6 ${A} note\n@revoked 10.0.0.5 ${B}\n*.pl ${A}\n`
    const next = withHostKeys(text, [{ address: '10.0.0.5', port: 22, keys: [A, B] }])
    expect(next).toBe(`# ours\n10.0.0.6 ${A} note\n@revoked 10.0.0.5 ${B}\n*.pl ${A}\n10.0.0.5 ${A}\n`)
  })

  test('tells what is revoked, and by which authorities hosts would be vouched for', () => {
    const file = parseKnownHosts(`@revoked * ${B}\n@cert-authority *.shop ${A}\ntill.shop ${B}\n`)
    expect(lookupHostMarks(file, 'till.shop', 22)).toEqual({ revoked: [B], authorities: [A] })
    expect(lookupHostKeys(file, 'till.shop', 22)).toEqual([])
    expect(lookupHostMarks(file, '10.0.0.5', 22)).toEqual({ revoked: [B], authorities: [] })
  })

  test('finds what it recorded, whatever was there before', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fe80::1', 'till.shop')
    const host = fc.record({ address, port: fc.constantFrom(22, 2222), keys: fc.constantFrom([A], [B], [A, B]) })
    fc.assert(
      fc.property(fc.array(host), host, (before, last) => {
        const text = before.reduce((sofar, one) => withHostKeys(sofar, [one]), '')
        const next = withHostKeys(text, [last])
        expect(find(next, last.address, last.port)).toEqual(last.keys)
        for (const other of before) {
          if (other.address === last.address && other.port === last.port) continue
          expect(find(next, other.address, other.port)).toEqual(find(text, other.address, other.port))
        }
      }),
    )
  })

  test('is understood by ssh-keygen, and leaves no other file behind', async () => {
    const file = join(folder, 'new', 'known_hosts')
    expect(hostKeyLookup(file)('10.0.0.5', 22)).toEqual([])
    const umask = process.umask(0)
    try {
      await recordHostKeys(file, [{ address: '10.0.0.5', port: 2222, keys: [A] }])
    } finally {
      process.umask(umask)
    }
    expect([file, join(folder, 'new')].map((path) => statSync(path).mode & 0o777)).toEqual([0o644, 0o755])
    await recordHostKeys(file, [{ address: '10.0.0.7', port: 22, keys: [A] }])
    expect(hostKeyLookup(file)('10.0.0.5', 2222)).toEqual([A])
    expect(readdirSync(join(folder, 'new'))).toEqual(['known_hosts'])
    const found = execFileSync('ssh-keygen', ['-F', '[10.0.0.5]:2222', '-f', file]).toString()
    expect(found.trim().endsWith(A.split(' ')[1] ?? '')).toBe(true)
  })
})
