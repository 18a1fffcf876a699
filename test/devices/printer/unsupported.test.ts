import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { UNSUPPORTED_PROTOCOLS } from '../../../src/devices/printer/unsupported.ts'

it('says of every protocol that is not there why, and what to do instead', () => {
  expect(Object.keys(UNSUPPORTED_PROTOCOLS)).toContain('elzab')
  for (const { reason, instead } of Object.values(UNSUPPORTED_PROTOCOLS)) {
    expect(reason).toMatch(/\.$/)
    expect(instead).toMatch(/till/)
  }
})

it('names none that is there', () => {
  const there = readdirSync(new URL('../../../src/devices', import.meta.url))
  expect(Object.keys(UNSUPPORTED_PROTOCOLS).filter((name) => there.includes(name))).toEqual([])
})
