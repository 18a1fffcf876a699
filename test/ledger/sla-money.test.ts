import { expect, test } from 'vitest'
import type { Contract } from '../../src/core/contract.ts'
import { moneyText } from '../../src/core/money.ts'
import { SlaSum } from '../../src/ledger/sla.ts'

const CONTRACT: Contract = {
  name: 'kas',
  partner: null,
  of: 'devices',
  hours: 'always',
  bound: 'seen',
  unknown: 'excluded',
  maintenance: 'excluded',
  line: 'excluded',
  pauses: [],
  threshold: 0.99,
  per: 'store',
  penalties: [{ below: 0.99, amount: 33.33 }],
  currency: 'PLN',
}

test('penalties of many stores add up to the amount that was written so many times', () => {
  const sum = new SlaSum(CONTRACT)
  const month = { from: 0, to: 100 }
  for (let store = 1; store <= 100; store += 1)
    sum.add({
      ...{ name: `S${store}/pos1`, unit: `S${store}`, month, hours: [month], pauses: [], line: [] },
      intervals: [{ ...month, state: 'down' }],
    })
  const { penalty } = sum.result()
  expect([penalty, moneyText(penalty)]).toEqual([3333, '3,333.00'])
})
