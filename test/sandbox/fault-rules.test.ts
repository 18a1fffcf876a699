import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveKey } from '../../src/sandbox/device-keys.ts'
import { deviceFolder } from '../../src/sandbox/device-spec.ts'
import { assignFaults, FAULTS, type FaultRule, parseFault } from '../../src/sandbox/fault.ts'
import { driftsOf } from '../../src/sandbox/initial-files.ts'
import { device } from './sandboxes.ts'

function rule(text: string): FaultRule {
  const parsed = parseFault(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.rule
}

const NAMES = Array.from(
  { length: 200 },
  (_, n) => `PL-${String(1 + Math.floor(n / 4)).padStart(4, '0')}/pos${(n % 4) + 1}`,
)

describe('parseFault', () => {
  test.each([
    ['refused=3%', { name: 'refused', who: { share: 0.03 } }],
    ['blackhole=PL-0001/pos1', { name: 'blackhole', who: { devices: ['PL-0001/pos1'] } }],
    ['tarpit-kex=PL-0001/pos1,PL-00*/*', { name: 'tarpit-kex', who: { devices: ['PL-0001/pos1', 'PL-00*/*'] } }],
    ['none=all', { name: 'none', who: { share: 1 } }],
    ['slow=150ms', { name: 'slow', roundTripMs: 150, who: { share: 1 } }],
    ['slow:2s=0.5%', { name: 'slow', roundTripMs: 2000, who: { share: 0.005 } }],
    ['hang:dpkg-query=10%', { name: 'hang', program: 'dpkg-query', who: { share: 0.1 } }],
    ['hang=10%', { name: 'hang', who: { share: 0.1 } }],
  ])('reads %s', (text, expected) => {
    expect(parseFault(text)).toEqual({ rule: expected })
  })

  test.each([
    '',
    'explode=3%',
    'refused',
    'none',
    'refused=',
    'refused=101%',
    'refused=-1%',
    'slow',
    'slow=fast',
    'slow:9=3%',
    'refused:x=3%',
    'hang:a b=1%',
  ])('refuses %j', (text) => {
    expect(parseFault(text)).toHaveProperty('problem')
  })
})

describe('assignFaults', () => {
  const shares = fc.array(
    fc.record({
      name: fc.constantFrom(...Object.keys(FAULTS).filter((name) => name !== 'slow')),
      share: fc.integer({ min: 0, max: 12 }),
    }),
    { maxLength: 8 },
  )

  test('shares never meet, have their size, and are the same for the same seed', () => {
    fc.assert(
      fc.property(shares, fc.integer(), (picked, seed) => {
        const rules = picked.map(({ name, share }) => rule(`${name}=${share}%`))
        const { faults } = assignFaults(NAMES, rules, seed)
        expect(faults.size).toBe(picked.reduce((sum, { share }) => sum + share * 2, 0))
        expect(assignFaults(NAMES, rules, seed).faults).toEqual(faults)
      }),
    )
  })

  test('names go over shares, slow lines go with anything, none takes away', () => {
    const { faults } = assignFaults(
      NAMES,
      ['refused=all', 'slow=80ms', 'hang=PL-0001/*', 'none=PL-0002/pos1'].map(rule),
      1,
    )
    expect(faults.get('PL-0001/pos3')).toEqual({ name: 'hang', roundTripMs: 80 })
    expect(faults.get('PL-0003/pos1')).toEqual({ name: 'refused', roundTripMs: 80 })
    expect(faults.has('PL-0002/pos1')).toBe(false)
  })

  test('says which names hit nothing', () => {
    expect(assignFaults(NAMES, [rule('refused=PL-0001/pos1,PL-9*/x')], 1).unmatched).toEqual(['PL-9*/x'])
  })

  test('a star stands for any text and everything else for itself', () => {
    const { faults } = assignFaults(['a.b/c', 'aXb/c'], [rule('refused=a.b/*')], 1)
    expect([...faults.keys()]).toEqual(['a.b/c'])
  })
})

describe('driftsOf', () => {
  test('hits the share that was asked for, each time the same devices', () => {
    const drifted = (seed: number): readonly string[] =>
      NAMES.filter((name) => driftsOf(device(name), { seed, drift: 0.3 }).size > 0)
    expect(drifted(1)).toEqual(drifted(1))
    expect(drifted(1)).not.toEqual(drifted(2))
    expect(drifted(1).length).toBeGreaterThan(40)
    expect(drifted(1).length).toBeLessThan(80)
    expect(NAMES.some((name) => driftsOf(device(name), { seed: 1, drift: 0 }).size > 0)).toBe(false)
    expect(NAMES.every((name) => driftsOf(device(name), { seed: 1, drift: 1 }).size > 0)).toBe(true)
  })
})

describe('deriveKey', () => {
  test('makes keys that OpenSSH reads, the same for the same secret and name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'till-key-'))
    for (const name of ['a', 'b', 'a rather long name of a device/pos1', '']) {
      const { privateKey, publicKey } = deriveKey(Buffer.from('secret'), name)
      const file = join(folder, 'key')
      writeFileSync(file, privateKey)
      chmodSync(file, 0o600)
      const { stdout } = spawnSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' })
      expect(stdout.trim().split(' ').slice(0, 2).join(' ')).toBe(publicKey)
      expect(deriveKey(Buffer.from('secret'), name).publicKey).toBe(publicKey)
    }
    expect(deriveKey(Buffer.from('secret'), 'a').publicKey).not.toBe(deriveKey(Buffer.from('other'), 'a').publicKey)
    rmSync(folder, { recursive: true })
  })
})

describe('deviceFolder', () => {
  test('is another for another name, and never leads out', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        (a, b) => {
          const of = (name: string): string => deviceFolder(`S/${name.replaceAll('/', '')}x`)
          expect(join('/devices', of(a)).startsWith('/devices/S/')).toBe(true)
          expect(/[^\w%.~/-]/.test(of(a))).toBe(false)
          if (a.replaceAll('/', '') !== b.replaceAll('/', '')) expect(of(a)).not.toBe(of(b))
        },
      ),
    )
    expect(deviceFolder('../..')).toBe('%2e./%2e.')
  })
})
