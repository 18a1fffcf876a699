import { expect, it } from 'vitest'
import { NAMED_REPORTS, REPORT_PARTS, uselessWord } from '../../src/core/report-names.ts'

it.each([
  [
    'sla',
    ['region'],
    'The report sla is about contracts as a whole, and cannot be told of one region',
    'Name contracts with `contract` instead.',
  ],
  ['sla', ['by'], 'The report sla is not told by groups', 'Take `by` out.'],
  ['trends', ['of'], 'The report trends is of one thing only', 'Take `of` out.'],
  ['horizon', ['contract'], 'The report horizon is about no contracts', 'Take `contract` out.'],
  ['visits', ['weeks'], 'The report visits does not go by weeks', 'Take `weeks` out.'],
  ['board', ['contract', 'store'], 'The report board of some devices has no contracts', 'Take `contract` out.'],
] as const)('%s has no use for %j', (report, words, why, detail) => {
  expect(uselessWord(report, words)).toMatchObject({ why, detail })
})

it('takes what it goes by, and words of time and pages with it', () => {
  for (const report of NAMED_REPORTS) {
    const parts = REPORT_PARTS[report].filter((part) => part !== 'contract')
    const words = parts.map((part) => (part === 'devices' ? 'store' : part))
    expect(uselessWord(report, [...words, 'since', 'page'])).toBeUndefined()
  }
})
