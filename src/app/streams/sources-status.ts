import { counted } from '../../core/counted.ts'
import { InputError } from '../../core/diagnostic.ts'
import {
  type EventStore,
  type Heard,
  SOURCE_TALLIES,
  type SourceSettings,
  type SourceStanding,
} from '../../core/event-source.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import { didYouMean } from '../../lang/suggest.ts'
import { lookForSilence, type Silent } from './silence.ts'

export interface SourceStatus extends SourceStanding {
  readonly from: string
  readonly configured: boolean
  readonly silent: readonly Silent[]
  readonly isQuiet: boolean
}

/** Every source of a project, and those of before of which something is known. */
export async function sourcesStatus(
  settings: readonly SourceSettings[],
  store: EventStore,
  { fleet, now }: { readonly fleet: Fleet; readonly now: number },
): Promise<readonly SourceStatus[]> {
  const standing = await store.standing()
  const configured = await Promise.all(
    settings.map(async (one): Promise<SourceStatus> => {
      const known = standing.find(({ source }) => source === one.name) ?? { ...NOTHING_YET, source: one.name }
      const heard = one.silence ? await store.heard(one.name) : []
      const { silent, isQuiet } = await silenceOf(one, store, { heard, fleet, since: 0, now })
      return { ...known, from: originText(one), configured: true, silent, isQuiet }
    }),
  )
  const others = standing
    .filter(({ source }) => settings.every(({ name }) => name !== source))
    // Nobody waits for what it does not bring.
    .map((one) => ({ ...one, ...NO_TROUBLE, from: '', configured: false, silent: [], isQuiet: false }))
  return [...configured, ...others]
}

/** Which devices of a source are silent; those without a licence are told apart. */
export async function silenceOf(
  settings: SourceSettings,
  store: EventStore,
  of: { readonly heard: readonly Heard[]; readonly fleet: Fleet; readonly since: number; readonly now: number },
): Promise<ReturnType<typeof lookForSilence>> {
  const first = lookForSilence(settings, of)
  const unlicensed = new Set<string>()
  for (const { device } of first.silent) {
    const licence = await store.fact(device, 'licence', settings.name)
    if (licence?.value === 'false') unlicensed.add(device)
  }
  return unlicensed.size === 0 ? first : lookForSilence(settings, { ...of, unlicensed })
}

const NO_TROUBLE = { trouble: null, troubleSince: null }

const NOTHING_YET: SourceStanding = {
  source: '',
  tallies: {},
  unknown: [],
  devices: 0,
  lastAt: null,
  ...NO_TROUBLE,
}

export function originText({ from, name }: SourceSettings): string {
  switch (from.kind) {
    case 'push':
      return `POST /sources/${name}`
    case 'files':
      return `files ${from.path}`
    case 'mqtt':
      return `mqtt ${from.url} ${from.topics.join(', ')}`
    case 'kafka':
      return `kafka ${from.brokers.join(', ')} ${from.topics.join(', ')}`
    case 'set_events':
      return `SetEvents on ${from.listen}`
  }
}

/** As JSON. */
export function sourcesDocument(sources: readonly SourceStatus[]): JsonObject {
  return {
    schema: 'till.sources/1',
    sources: sources.map(({ source, from, configured, tallies, unknown, devices, lastAt, trouble, ...rest }) => ({
      ...{ source, from, configured, devices },
      last_at: isoOrNull(lastAt),
      quiet: rest.isQuiet,
      silent: rest.silent.map(({ device, kind, heardAt }) => ({ device, kind, heard_at: isoOrNull(heardAt) })),
      events: Object.fromEntries(SOURCE_TALLIES.map((what) => [what, tallies[what] ?? 0])),
      unknown: unknown.map((one) => ({ ...one })),
      trouble,
      trouble_since: rest.troubleSince,
    })),
  }
}

/** For a terminal: a block a source. */
export function sourcesText(sources: readonly SourceStatus[], now: Date): string {
  if (sources.length === 0) return 'There are no sources. See docs/streams.md for `sources` of tillwright.yaml.\n'
  return sources.map((source) => blockOf(source, now)).join('')
}

const SHOWN = 10

function blockOf(source: SourceStatus, now: Date): string {
  const { tallies, unknown, silent } = source
  const told = SOURCE_TALLIES.filter((what) => (tallies[what] ?? 0) > 0)
  const last = source.lastAt === null ? 'nothing has come' : `the last ${ageText(source.lastAt, now)} ago`
  const lines = [
    `${source.source}  ${source.configured ? source.from : 'not in tillwright.yaml any more'}`,
    `  ${counted(source.devices, 'device')}, ${last}${told.map((what) => `; ${tallies[what]} ${TALLY_WORDS[what]}`).join('')}`,
  ]
  if (source.trouble !== null) {
    const since = source.troubleSince === null ? '' : ` for ${ageText(Date.parse(source.troubleSince), now)}`
    lines.push(`  brings nothing${since}: ${source.trouble}`)
  }
  for (const what of ['kind', 'device'] as const) {
    const names = unknown.filter((one) => one.what === what)
    if (names.length > 0)
      lines.push(`  unknown ${what}s: ${listText(names.map(({ name, count }) => `${nameText(name)} (${count})`))}`)
  }
  if (source.isQuiet) lines.push('  quiet: nothing comes from any device')
  else if (silent.length > 0)
    lines.push(
      `  silent: ${listText(silent.map(({ device, kind, heardAt }) => `${device} ${SILENT_WORDS[kind](heardAt, now)}`))}`,
    )
  return `${lines.join('\n')}\n`
}

export const TALLY_WORDS: Readonly<Record<(typeof SOURCE_TALLIES)[number], string>> = {
  taken: 'taken',
  repeated: 'came again',
  retained: 'kept by the broker from before',
  unknown_kind: 'of unknown kinds',
  unknown_device: 'of unknown devices',
  late: 'late',
  ahead: 'ahead of this clock',
  too_old: 'too old',
  no_time: 'without a time that can be read',
  malformed: 'malformed',
  too_long: 'too long',
  card_number: 'with a card number left out',
  unusable: 'not as the source says',
}

const SILENT_WORDS: Readonly<Record<Silent['kind'], (heardAt: number | null, now: Date) => string>> = {
  silent: (heardAt, now) => (heardAt === null ? '' : `(${ageText(heardAt, now)})`),
  never: () => '(never heard of)',
  licence: () => '(no licence for events)',
}

function listText(texts: readonly string[]): string {
  const more = texts.length - SHOWN
  return `${texts.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function nameText(name: string): string {
  return name === '' ? 'others' : JSON.stringify(name)
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function ageText(at: number, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

/** The settings of a source by its name; the only one where no name is given. Throws InputError with SOURCE_UNKNOWN. */
export function namedSource(settings: readonly SourceSettings[], name: string | undefined): SourceSettings {
  const found = name === undefined && settings.length === 1 ? settings[0] : settings.find((one) => one.name === name)
  if (found) return found
  const names = settings.map((one) => one.name)
  const summary =
    names.length === 0
      ? 'There are no sources'
      : name === undefined
        ? 'Which source is not said'
        : `There is no source "${name}"`
  throw new InputError([
    {
      code: 'SOURCE_UNKNOWN',
      severity: 'error',
      summary,
      detail: names.length === 0 ? '`sources` of tillwright.yaml names none.' : `There are ${names.join(', ')}.`,
      ...(name !== undefined && didYouMean(name, names)),
    },
  ])
}
