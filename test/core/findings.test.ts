import { describe, expect, it } from 'vitest'
import { Findings, scopeOf } from '../../src/core/findings.ts'

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

describe('what no truth table says', () => {
  const step = (id: string, state: 'drifted' | 'unmet' | 'unknown' | 'ok') => ({
    runbook: 'care',
    step: id,
    name: id,
    module: 'config',
    state,
    duration_ms: 1,
  })

  it('is drift by step, checks that do not hold, what could not be judged, and why a device failed', () => {
    const findings = new Findings()
    for (const id of ['pos1', 'pos2']) {
      const steps = [step('ntp', 'drifted'), step('cert', 'unmet'), step('disk', 'unknown'), step('fine', 'ok')]
      findings.add({ device: `PL-0001/${id}`, state: 'drifted', steps })
    }
    const failure = { code: 'CONVERGE_FAILED', phase: 'converge', message: 'no room' } as const
    findings.add({ device: 'PL-0001/pos3', state: 'failed', failure, steps: [] })
    findings.add({
      device: 'PL-0001/pos4',
      state: 'unmet',
      failure: { ...failure, code: 'CHECK_UNMET' },
      steps: [step('cert', 'unmet')],
    })
    expect(findings.list().map(({ key, count }) => [key, count])).toEqual([
      ['drift|care/ntp||attention|', 2],
      ['check-unmet|care/cert||attention|', 3],
      ['unknown|care/disk||unknown|', 2],
      ['failed|CONVERGE_FAILED||attention|', 1],
    ])
  })
})

describe('the remedy of a finding', () => {
  const FAULT = { fault: 'service-down', cause: 'cups', severity: 'attention' }
  const found = (many: number, remedy: (n: number) => string) => {
    const findings = new Findings()
    for (let n = 1; n <= many; n += 1)
      findings.add({ device: `PL-0001/pos${n}`, classification: { ...FAULT, remedy: remedy(n) } })
    return findings
  }

  it('names a few devices, and picks many by the run', () => {
    const remedy = (n: number) => `till apply fix --device=PL-0001/pos${n}`
    expect(found(2, remedy).list('r1')[0]?.remedy).toBe('till apply fix --device=PL-0001/pos1 --device=PL-0001/pos2')
    expect(found(4, remedy).list('r1')[0]?.remedy).toBe('till apply fix --from-run=r1:service-down:cups')
    expect(found(4, remedy).list()[0]?.remedy).toMatch(/pos1 .*pos4$/)
    expect(scopeOf({ says: { fault: 'drift', severity: '' }, devices: [], count: 9 }, 'r1')).toBe('--from-run=r1:drift')
  })

  it('is left out where it is not the same for all of them', () => {
    const findings = found(2, (n) => (n === 1 ? 'call the vendor' : 'look at the drawer'))
    expect(findings.list('r1')).toMatchObject([{ count: 2 }])
    expect(findings.list('r1')[0]).not.toHaveProperty('remedy')
    expect(findings.classified()).toHaveLength(2)
  })
})
