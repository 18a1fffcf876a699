import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { newToken, proofOf, publicKeyOf, whyNotCounted } from '../../src/app/worker/worker-token.ts'

const token = newToken()
const key = publicKeyOf(token) ?? ''

function whyNot(right: string, serve: string): string | undefined {
  const who = { name: 'hub', session: randomUUID(), serve }
  return whyNotCounted([{ name: 'hub', serve: right, key }], { ...who, proof: proofOf(token, who) })
}

test.each([
  ['all', 'all', undefined],
  ['region:north', 'region:north', undefined],
  ['region:north', 'all', 'it serves more than region:north'],
  ['region:north', 'region:south', 'it may not serve region:south'],
  // A worker of a later version may know more to serve.
  ['region:north', 'rack:3,region:north', 'this version does not know what it serves, "rack:3,region:north"'],
  ['all', 'rack:3', 'this version does not know what it serves, "rack:3"'],
  ['all', '', 'this version does not know what it serves, ""'],
])('a worker that may serve %s and serves %s', (right, serve, why) => {
  expect(whyNot(right, serve)).toBe(why)
})
