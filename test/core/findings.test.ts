import { describe, expect, it } from 'vitest'
import { Findings } from '../../src/core/findings.ts'

const LINK = { fault: 'link-down', severity: 'sale-at-risk', owner: 'network', about: 'link of PL-0001' }

it('tells one cause once, however many devices suffer from it', () => {
  const findings = new Findings()
  for (const id of ['fiscal1', 'fiscal2', 'receipt1']) {
    findings.add({ device: `PL-0001/${id}`, classification: LINK })
  }
  findings.add({ device: 'PL-0002/fiscal1', classification: { ...LINK, about: 'link of PL-0002' } })
  findings.add({ device: 'PL-0003/fiscal1', classification: { fault: 'paper-out', severity: 'sale-blocked' } })
  findings.add({ device: 'PL-0004/fiscal1', classification: { fault: 'paper-out', severity: 'sale-blocked' } })
  findings.add({ device: 'PL-0005/fiscal1' })
  expect(findings.list()).toEqual([
    {
      key: 'link-down||link of PL-0001|sale-at-risk|network',
      ...LINK,
      count: 3,
      devices: ['PL-0001/fiscal1', 'PL-0001/fiscal2', 'PL-0001/receipt1'],
    },
    {
      key: 'link-down||link of PL-0002|sale-at-risk|network',
      ...LINK,
      about: 'link of PL-0002',
      count: 1,
      devices: ['PL-0002/fiscal1'],
    },
    {
      key: 'paper-out|||sale-blocked|',
      fault: 'paper-out',
      severity: 'sale-blocked',
      count: 2,
      devices: ['PL-0003/fiscal1', 'PL-0004/fiscal1'],
    },
  ])
})

it('names the first of many devices and counts them all', () => {
  const findings = new Findings()
  for (let n = 0; n < 1000; n += 1) findings.add({ device: `PL-0001/till${n}`, classification: LINK })
  const [finding] = findings.list()
  expect(finding?.count).toBe(1000)
  expect(finding?.devices).toHaveLength(50)
})

describe('devices that could not be reached', () => {
  const lost = (device: string, code: 'CONNECT_TIMEOUT' | 'CONNECT_REFUSED' = 'CONNECT_TIMEOUT') => ({
    device,
    store: device.slice(0, 7),
    state: 'unreachable' as const,
    failure: { code, phase: 'connect' as const, message: 'no answer' },
  })
  const printer = (device: string) => ({
    device,
    store: device.slice(0, 7),
    state: 'failed' as const,
    classification: { ...LINK, about: `link of ${device.slice(0, 7)}` },
  })

  it.each(['before', 'after'])('are counted to the dead line of their store, found %s them', (order) => {
    const findings = new Findings()
    const [tills, printers] = [
      [lost('PL-0001/pos1'), lost('PL-0001/pos2')],
      [printer('PL-0001/fiscal1'), printer('PL-0001/fiscal2')],
    ]
    for (const one of order === 'before' ? [...printers, ...tills] : [...tills, ...printers]) findings.add(one)
    expect(findings.list()).toEqual([
      {
        key: 'link-down||link of PL-0001|sale-at-risk|network',
        ...LINK,
        count: 4,
        devices: ['PL-0001/fiscal1', 'PL-0001/fiscal2', 'PL-0001/pos1', 'PL-0001/pos2'],
      },
    ])
    expect(findings.explained).toBe(2)
  })

  it('are not where somebody of the store answered, or its line is well', () => {
    const findings = new Findings()
    findings.add(printer('PL-0001/fiscal1'))
    findings.add(lost('PL-0001/pos1', 'CONNECT_REFUSED'))
    findings.add(lost('PL-0002/pos1'))
    expect(findings.list()).toMatchObject([
      { ...LINK, count: 1, devices: ['PL-0001/fiscal1'] },
      { fault: 'unreachable', cause: 'CONNECT_REFUSED', count: 1, devices: ['PL-0001/pos1'] },
      { fault: 'unreachable', cause: 'CONNECT_TIMEOUT', count: 1, devices: ['PL-0002/pos1'] },
    ])
    expect(findings.explained).toBe(0)
  })
})
