import { counted, formatCount } from '../../../core/counted.ts'
import type { Store } from '../../../core/fleet.ts'
import { plainText } from '../../../reporters/plain-text.ts'
import type { Project } from '../../project.ts'
import { openSides } from '../preview/open-sides.ts'
import { differenceOf } from '../preview/preview-work.ts'
import { touchedOf } from '../preview/touched.ts'

/** What comes, goes, or is another. */
interface Named {
  readonly name: string
  readonly what: 'new' | 'gone' | 'changed'
}

/** What merging `from` into `into` would mean (till.promotion/1), by the files of both; nothing is merged. Throws InputError. */
export async function promotion(project: Project, { from, into }: { readonly from: string; readonly into: string }) {
  const sides = await openSides(project, { ref: from, into })
  const { base, merged, tip, commits } = sides
  const difference = await differenceOf(sides)
  const settings = [base.project.settings, merged.project.settings] as const
  const assignments = settings.map((one) => new Map(one.assignments.map(({ source: _, ...rest }) => [rest.name, rest])))
  return {
    schema: 'till.promotion/1',
    from,
    into,
    tip,
    base: base.commit,
    commits,
    touched: touchedOf(difference.touched),
    inventory: difference.inventory,
    assignments: namedDifference(assignments[0] ?? new Map(), assignments[1] ?? new Map()),
    policies: namedDifference(settings[0].policies, settings[1].policies),
    stores: namedDifference(storesOf(base.fleet.stores), storesOf(merged.fleet.stores)),
    runbooks: difference.runbooks,
    notes: difference.notes,
  } as const
}

export type Promotion = Awaited<ReturnType<typeof promotion>>

/** What the inventory says of a store besides its devices, which are counted for themselves. */
function storesOf(stores: ReadonlyMap<string, Store>): ReadonlyMap<string, unknown> {
  return new Map([...stores].map(([id, { devices: _, source: __, ...facts }]) => [id, facts]))
}

function namedDifference(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly Named[] {
  const found: Named[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (!before.has(name)) found.push({ name, what: 'new' })
    else if (!after.has(name)) found.push({ name, what: 'gone' })
    else if (JSON.stringify(before.get(name)) !== JSON.stringify(after.get(name))) found.push({ name, what: 'changed' })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const MOST_NAMES = 12

/** The same for people. */
export function promotionText(promoted: Promotion): string {
  const { from, into, tip, base, commits } = promoted
  const head = `${from} (${tip.slice(0, 12)}) has ${counted(commits, 'commit')} that ${into} (${base.slice(0, 12)}) has not.`
  const last = `Nothing was merged. What devices say to it: till plan --against ${from}, where ${into} is checked out.`
  const lines = commits === 0 ? [head] : [head, ...meaningLines(promoted), last]
  return `${lines.map(plainText).join('\n')}\n`
}

function* meaningLines({ touched, inventory, notes, ...parts }: Promotion): Generator<string> {
  const reach = `${counted(touched.devices, 'device')} in ${counted(touched.stores, 'store')}`
  yield touched.devices === 0 ? 'Merging it touches no device.' : `Merging it touches ${reach}.`
  for (const [by, counts] of Object.entries(touched.by)) {
    const shares = Object.entries(counts).map(([name, count]) => `${name} ${formatCount(count)}`)
    if (shares.length > 0) yield titled(by, shares)
  }
  const { added, removed, changed } = inventory
  if (added + removed + changed > 0)
    yield titled('inventory', [`${counted(added, 'device')} new, ${removed} gone, ${changed} changed`])
  const { stores, assignments, policies } = parts
  for (const [title, named] of Object.entries({ stores, assignments, policies }))
    if (named.length > 0)
      yield titled(
        title,
        named.map(({ name, what }) => `${name} ${what}`),
      )
  for (const { runbook, what, devices } of parts.runbooks)
    yield titled('runbook', [`${runbook}: ${what} for ${counted(devices, 'device')}`])
  for (const note of notes) yield `  ${note}`
}

function titled(title: string, all: readonly string[]): string {
  return `  ${title.padEnd(12)} ${list(all)}`
}

function list(all: readonly string[]): string {
  const left = all.length - MOST_NAMES
  return [...all.slice(0, MOST_NAMES), ...(left > 0 ? [`and ${left} more`] : [])].join(', ')
}
