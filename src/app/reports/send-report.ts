import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import { firstSummary, InputError } from '../../core/diagnostic.ts'
import type { MessageResult } from '../../core/escalation-store.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { Report } from '../../core/report.ts'
import type { NamedReport } from '../../core/report-names.ts'
import { periodOf, type ScheduledReport } from '../../core/report-schedule.ts'
import type { RunStore } from '../../core/run-store.ts'
import { localDay } from '../../core/zoned-time.ts'
import { failed } from '../../hooks/channels/outgoing.ts'
import { suggest } from '../../lang/suggest.ts'
import { reportNotes } from '../../reporters/report-sheet.ts'
import { openAccounts, seesIn } from '../accounts/open-accounts.ts'
import { ChannelSenders } from '../escalation/channel-senders.ts'
import type { Duties } from '../incidents/duties.ts'
import { PictureKeeper } from '../overview/picture-keeper.ts'
import { reportSeen } from '../overview/report-view.ts'
import { sightOf } from '../overview/sight.ts'
import type { Project } from '../project.ts'
import { fileWriter, UnwritableError } from '../writer.ts'
import { shownReport } from './show-report.ts'

/** A revision of the repository, and where what is known of it is. */
export interface Reporting {
  readonly project: Project
  readonly fleet: Fleet
  readonly store: RunStore
  readonly incidents: IncidentStore
  readonly duties: Duties | undefined
}

/** A report as it is sent. */
export interface MadeReport {
  readonly subject: string
  readonly text: string
  readonly file: { readonly name: string; readonly content: Buffer }
}

/** Where a report goes: a contact, or the folder. */
export type ReportPlace = { readonly contact: string } | { readonly folder: string }

const TYPES = {
  html: 'text/html; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const

export function placesOf({ to, folder }: ScheduledReport): readonly ReportPlace[] {
  return [...to.map((contact) => ({ contact })), ...(folder === undefined ? [] : [{ folder }])]
}

/** By which it is remembered what was sent there. */
export function placeKey({ name }: ScheduledReport, place: ReportPlace): string {
  return 'contact' in place ? `${name} → ${place.contact}` : `${name} → folder ${place.folder}`
}

/** The report of that name. Throws InputError where there is none. */
export function scheduledReport(project: Project, name: string): ScheduledReport {
  const all = project.settings.reports()
  const found = all.find((one) => one.name === name)
  if (found) return found
  const names = all.map((one) => one.name)
  const near = suggest(name, names)
  const detail = names.length === 0 ? 'tillwright.yaml has no `reports`.' : `There are ${names.join(', ')}.`
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  throw new InputError([
    { code: 'USAGE_INVALID', severity: 'error', summary: `There is no scheduled report "${name}"`, detail, ...hint },
  ])
}

/** Makes a report as of the instant that it is due: what its account sees, and nothing else. Throws InputError. */
export async function makeReport(of: Reporting, wanted: ScheduledReport, nominal: number): Promise<MadeReport> {
  const report = await asked(of, wanted, nominal)
  const parts = await shownReport(report, wanted.format, { width: undefined, locale: wanted.locale })
  const content = Buffer.concat([...parts].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const day = localDay(nominal, wanted.times.zone)
  // Its end is the first instant after it.
  const [first, last] = [Date.parse(report.since), Date.parse(report.until) - 1].map((at) => localDay(at, report.zone))
  const days = first === last ? first : `${first} – ${last}`
  return {
    subject: `${report.form.title}, ${days} (${wanted.name})`,
    text: `${reportNotes(report).join('\n')}\n\nThe report is attached. It is sent by till: tillwright.yaml, reports.${wanted.name}.\n${linkTo(of.project, wanted, [first, last])}`,
    file: { name: `${wanted.name}-${day}.${wanted.format}`, content },
  }
}

/** Pages of the dashboard that go on from a report. */
const PAGES: Readonly<Partial<Record<NamedReport, string>>> = {
  availability: '/sla',
  sla: '/sla',
  'sla-outages': '/sla',
  recurring: '/trends',
  trends: '/trends',
  horizon: '/trends',
  completeness: '/completeness',
  board: '/board',
  incidents: '/incidents',
}

/** A line that leads to the dashboard, where that has an address. */
function linkTo(project: Project, { report }: ScheduledReport, days: readonly (string | undefined)[]): string {
  const { publicUrl } = project.settings.server()
  const page = PAGES[report]
  if (publicUrl === undefined || page === undefined) return ''
  const [month, last] = days.map((day) => day?.slice(0, 7))
  const period = page === '/sla' && month !== undefined && month === last ? `?period=${month}` : ''
  return `On the dashboard: ${publicUrl}${page}${period}\n`
}

async function asked(of: Reporting, wanted: ScheduledReport, nominal: number): Promise<Report> {
  const { project, fleet, store } = of
  const account = wanted.as === undefined ? undefined : (await openAccounts(project)).get(wanted.as)
  if (wanted.as !== undefined && !account) throw new Error(`There is no account ${wanted.as}.`)
  const picture = await new PictureKeeper(async () => ({ project, fleet, store })).refresh()
  const sees = account && seesIn(account.account, fleet)
  const sight = sightOf(picture, { fleet, store, sees, partner: account?.account.partner })
  const { report: name, by, stores, regions, kinds, contracts, period, times } = wanted
  const among = { store: stores, region: regions, kind: kinds }
  const days = periodOf(period, { nominal, zone: times.zone })
  const { incidents } = of
  const terms = { settings: project.settings.availability(), contracts: project.settings.contracts(), incidents }
  return reportSeen(sight, { name, by, of: wanted.of, among, contracts, ...days }, terms)
}

/** Sends what was made; whatever happens is a value. `nominal` tells it from the others of its name. */
export async function sendReport(
  of: Reporting,
  made: MadeReport,
  {
    report,
    place,
    nominal,
  }: { readonly report: ScheduledReport; readonly place: ReportPlace; readonly nominal: string },
): Promise<MessageResult> {
  if ('folder' in place) return writeReport(of.project, made, place.folder)
  const contact = of.duties?.responsibility.contacts.get(place.contact)
  const channel = of.duties?.responsibility.channels.get(contact?.channel ?? '')
  if (!contact || channel?.kind !== 'smtp') return failed('Its contact is no longer told by e-mail.', { isFinal: true })
  const sender = await new ChannelSenders(of.project).of(channel)
  if ('why' in sender) return failed(sender.why)
  const digest = createHash('sha256')
    .update(`${await of.store.fleets.keyOf(of.fleet)} ${placeKey(report, place)} ${nominal}`)
    .digest('hex')
  const { subject, text, file } = made
  return sender.send({
    message: `R${digest.slice(0, 16)}`,
    incidents: [],
    kind: 'call',
    to: contact.to,
    subject,
    text,
    doubtSince: null,
    ticket: null,
    files: [{ ...file, type: TYPES[report.format] }],
  })
}

async function writeReport(project: Project, { file }: MadeReport, folder: string): Promise<MessageResult> {
  const into = isAbsolute(folder) ? folder : join(project.root, folder)
  try {
    const writer = await fileWriter(join(into, file.name))
    await writer.write(file.content)
    await writer.close()
    return { ok: true, reference: null }
  } catch (error) {
    if (error instanceof UnwritableError) return failed(error.message)
    if (error instanceof InputError) return failed(firstSummary(error))
    throw error
  }
}
