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
] as const
export type NamedReport = (typeof NAMED_REPORTS)[number]

/** By what devices, or stores, are told together. */
export const GROUPINGS = ['partner', 'region', 'store', 'kind', 'model', 'device'] as const
export type Grouping = (typeof GROUPINGS)[number]
