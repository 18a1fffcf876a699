import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { presentable } from '../../src/core/change.ts'
import { asSecret, hasSecret, inClear, isSecret, jsonInClear, MASK, Secret, secretsIn } from '../../src/core/secret.ts'

it('a secret leaves by reveal alone, however it is printed', () => {
  const secret = new Secret('correct horse')
  const printed = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }),
    `${secret}`,
  ]
  for (const text of printed) {
    expect(text).toContain(MASK)
    expect(text).not.toContain('horse')
  }
  expect(Object.values(secret)).toEqual([])
  expect(secret.reveal()).toBe('correct horse')
})

it('what was given in clear is treated like a secret, and a secret stays the one that it is', () => {
  const secret = new Secret('a')
  expect(asSecret(secret)).toBe(secret)
  expect(asSecret('a').reveal()).toBe('a')
  expect(isSecret('a')).toBe(false)
})

it('is told as the text that it is to whom it is meant for, however deep it stands', () => {
  expect([inClear(new Secret('a')), inClear('b'), inClear(3), inClear(true)]).toEqual(['a', 'b', '3', 'true'])
  const value = { env: [{ PIN: new Secret('1234') }, null, 7], name: 'pos1' }
  expect(jsonInClear(value)).toEqual({ env: [{ PIN: '1234' }, null, 7], name: 'pos1' })
  expect(secretsIn(value).map((one) => one.reveal())).toEqual(['1234'])
  expect([hasSecret(value), hasSecret({ name: 'pos1' }), hasSecret(null)]).toEqual([true, false, false])
})

it('a sensitive change is shown without its values and texts, but that something is not there stays seen', () => {
  const change = {
    path: 'pin',
    before: null,
    after: '1234',
    sensitive: true,
    texts: { before: null, after: 'x' },
    diff: '+x',
  }
  expect(presentable(change)).toEqual({ path: 'pin', before: null, after: MASK, sensitive: true })
  expect(presentable({ ...change, before: '1', after: null })).toMatchObject({ before: MASK, after: null })
  const open = { path: 'name', before: 'a', after: 'b' }
  expect(presentable(open)).toBe(open)
})
