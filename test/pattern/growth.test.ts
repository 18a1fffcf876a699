import { describe, expect, it } from 'vitest'
import { globMatches } from '../../src/pattern/glob.ts'
import { patternOf } from '../../src/pattern/pattern.ts'

/** Each took time that doubles with every letter, or grows with a high power of the length, in engines that try again. */
const EVIL = [
  '(a+)+$',
  '(a|a)*$',
  '(a|aa)+$',
  '(.*a){12}!x?$',
  String.raw`(\w+\s?)*$`,
  '(?:(?:a*)*)*!$b?',
  '(([a-z])+.)+[A-Z]([a-z])+$',
] as const

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('the time that a pattern takes', () => {
  it.each(EVIL)('grows with the length of the text: %s', (source) => {
    const pattern = patternOf(source)
    const text = (length: number): string => `${'a'.repeat(length)}!b`
    cpuMs(() => pattern.exec(text(2000)))
    const [short, long] = [4_000, 32_000].map((length) =>
      Math.min(
        ...Array.from({ length: 3 }, () => cpuMs(() => [pattern.test(text(length)), pattern.exec(text(length))])),
      ),
    ) as [number, number]
    // Eight times the text: twenty times the time would be more than chance, and short times are not told apart.
    expect(long).toBeLessThan(Math.max(short, 5) * 20)
  })

  it('of a name with many stars too', () => {
    expect(cpuMs(() => globMatches(`${'*a'.repeat(30)}b`, 'a'.repeat(10_000)))).toBeLessThan(1000)
    expect([
      globMatches('a*b?', 'axxbc'),
      globMatches('*', ''),
      globMatches('a*b', 'abc'),
      globMatches('a**', 'a'),
    ]).toEqual([true, true, false, true])
  })
})
