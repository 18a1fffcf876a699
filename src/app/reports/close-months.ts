import { usageError } from '../../core/diagnostic.ts'
import { instantsOf } from '../../core/zoned-time.ts'
import { putOnRecord } from '../audit/audit-view.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'
import { leftNote } from './left-inventory.ts'
import { closeMonth } from './sla-record.ts'
import type { SlaAnswer, SlaAnswers, SlaQuestion } from './sla-report.ts'

/** Closes a month of contracts, as they were just computed; throws InputError where it is not over everywhere. */
export async function closeMonths(
  project: Project,
  { store, fleet, period, now }: SlaQuestion,
  { answers, left, unproven, why }: SlaAnswers & { readonly why: string | undefined },
): Promise<SlaAnswers> {
  const { month } = period
  if (month === null) throw usageError('--close takes a month', 'A month is written 2026-10.')
  const [year = 0, number = 1] = month.split('-').map(Number)
  const open = [...fleet.stores.values()].find(({ time_zone: zone }) => {
    return instantsOf(Date.UTC(year, number), zone).latest > now.getTime()
  })
  if (open) throw usageError(`--close: ${month} is not over`, `${open.id} has its last day still before it.`)
  const before = (await store.availability.closed()).filter((one) => one.month === month)
  const isFirst = answers.some(({ contract: { name } }) => !before.some((one) => one.contract === name))
  if (isFirst && left.length > 0 && why === undefined) {
    const detail = 'Take them back into the inventory for the time being, or say with --because why they do not count.'
    throw usageError(`--close: ${month} lacks outages. ${leftNote(left).join('')}`, detail)
  }
  const said = { by: accountName(), why, now }
  const closed: SlaAnswer[] = []
  for (const answer of answers) {
    const { closed: kept, isNew } = await closeMonth(store.availability, { ...answer, month }, said)
    closed.push({ ...answer, closed: kept })
    const { contract, version, hash } = kept
    if (isNew) await putOnRecord(project, 'sla.closed', { contract, month, version, hash, why: kept.why })
    else process.stderr.write(`${month} of ${contract} is closed like this already, as version ${version}.\n`)
  }
  return { answers: closed, left, unproven }
}
