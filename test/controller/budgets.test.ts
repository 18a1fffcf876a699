import { expect, test } from 'vitest'
import { Budgets } from '../../src/controller/budgets.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'

const nobody = new AbortController().signal

/** How many logins are let in at once, of ten that ask. */
async function letIn(gate: ReturnType<typeof createHandshakeGate>): Promise<number> {
  const entered: { release(): void }[] = []
  const leaving = new AbortController()
  const asked = Array.from({ length: 10 }, async () => {
    const place = await gate.enter(leaving.signal)
    if (place) entered.push(place)
  })
  await new Promise((turn) => setImmediate(turn))
  const count = entered.length
  leaving.abort()
  await Promise.all(asked)
  for (const place of entered) place.release()
  return count
}

test('runs one after the other, and beside each other, find the logins that the project allows', async () => {
  const gate = createHandshakeGate(4)
  const budgets = new Budgets(gate, { logins: 4, devices: 100 })
  for (let run = 0; run < 3; run++) {
    const one = budgets.join(() => undefined)
    expect(await letIn(gate)).toBe(4)
    const two = budgets.join(() => undefined)
    await one.gate.resize(two.share.logins)
    expect([two.share.logins, await letIn(gate)]).toEqual([2, 4])
    one.leave()
    two.leave()
  }
  expect(await gate.enter(nobody)).toBeDefined()
})
