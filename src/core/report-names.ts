/** Reports that are told from what is kept, without a terminal. */
export const NAMED_REPORTS = [
  'availability',
  'sla',
  'sla-outages',
  'recurring',
  'trends',
  'completeness',
  'board',
  'horizon',
  'visits',
  'versions',
  'incidents',
  'checklist',
] as const
export type NamedReport = (typeof NAMED_REPORTS)[number]

/** By what devices, or stores, are told together. */
export const GROUPINGS = ['partner', 'region', 'store', 'kind', 'model', 'device'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** What a report can be asked for besides its time: a grouping, what is judged, some devices alone, some contracts alone, how many weeks. */
export type ReportPart = 'by' | 'of' | 'devices' | 'contract' | 'weeks'

/** What each report goes by; of everything else it has no use, and says so rather than tell of more than was asked for. */
export const REPORT_PARTS: Readonly<Record<NamedReport, readonly ReportPart[]>> = {
  availability: ['by', 'of', 'devices'],
  sla: ['contract'],
  'sla-outages': ['contract'],
  recurring: ['by', 'devices'],
  trends: ['by', 'devices'],
  completeness: ['devices'],
  board: ['devices', 'contract', 'weeks'],
  horizon: ['devices'],
  visits: ['devices'],
  versions: ['devices'],
  incidents: ['devices'],
  checklist: ['devices'],
}

/** Which part of a question each of its words belongs to; words of a time or a page belong to none. */
const PART_OF: Readonly<Record<string, ReportPart>> = {
  by: 'by',
  of: 'of',
  contract: 'contract',
  weeks: 'weeks',
  ...Object.fromEntries(GROUPINGS.map((one) => [one, 'devices' as const])),
}

/** The first of the words (`by`, `region`, `contract` …) that a report has no use for, and what to do about it. */
export function uselessWord(
  report: NamedReport,
  words: readonly string[],
): { readonly word: string; readonly why: string; readonly detail: string } | undefined {
  const parts = REPORT_PARTS[report]
  const isSome = words.some((one) => PART_OF[one] === 'devices')
  for (const word of words) {
    const part = PART_OF[word]
    // Of some stores nobody can say what a contract over all of them came to.
    const isBoth = part === 'contract' && isSome
    if (part === undefined || (parts.includes(part) && !isBoth)) continue
    const why = isBoth ? `The report ${report} of some devices has no contracts` : WHY[part](report, word)
    const detail =
      parts.includes('contract') && part === 'devices'
        ? 'Name contracts with `contract` instead.'
        : `Take \`${word}\` out.`
    return { word, why, detail }
  }
  return undefined
}

const WHY: Readonly<Record<ReportPart, (report: string, word: string) => string>> = {
  by: (report) => `The report ${report} is not told by groups`,
  of: (report) => `The report ${report} is of one thing only`,
  devices: (report, word) => `The report ${report} is about contracts as a whole, and cannot be told of one ${word}`,
  contract: (report) => `The report ${report} is about no contracts`,
  weeks: (report) => `The report ${report} does not go by weeks`,
}
