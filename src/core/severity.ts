/** Stands for words of users, which may mean anything. */
const OF_OTHERS = ''
/** What a device cannot do comes before what it may soon not do, and what nobody could judge before what is well. */
const WORST_FIRST = [
  'sale-blocked',
  'work-blocked',
  'sale-at-risk',
  OF_OTHERS,
  'attention',
  'planned',
  'unknown',
  'none',
]

/** How bad a severity of `classify` is: less is worse. What has none comes last. */
export function severityRank(severity: string | null | undefined): number {
  if (severity === null || severity === undefined) return WORST_FIRST.length
  const place = WORST_FIRST.indexOf(severity)
  return place < 0 ? WORST_FIRST.indexOf(OF_OTHERS) : place
}
