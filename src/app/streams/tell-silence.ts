import type { EventStore, Heard, SourceSettings } from '../../core/event-source.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookStore } from '../../core/hook-store.ts'
import { OWN_SENDER, STREAMS } from '../hooks/open-hooks.ts'
import type { SilenceKind, SilenceLook, Silent } from './silence.ts'
import { silenceOf } from './sources-status.ts'

const ALERTS: Readonly<Record<SilenceKind, { readonly name: string; readonly text: string }>> = {
  silent: { name: 'till-silent', text: 'No event of it has come' },
  never: {
    name: 'till-never-heard',
    text: 'No event of it has ever come: its sender is not set up, or has no licence',
  },
  licence: { name: 'events-licence-missing', text: 'It says that it has no licence for events' },
}

/** What was told of a device. `pending`: it may not have arrived, since whoever tells was ended before it could note more. */
interface Told {
  readonly id: string
  readonly kind: SilenceKind
  readonly pending?: true
}

/**
 * Tells of devices of a source that are silent by now, and of those that speak again, as alerts of the hook source `streams`. While
 * the source itself is quiet or in trouble nobody is told of: that is no fault of a device.
 */
export async function tellSilence(
  settings: SourceSettings,
  of: {
    readonly events: EventStore
    readonly hooks: HookStore
    readonly fleet: Fleet
    readonly since: number
    readonly now: number
    readonly inTrouble: boolean
  },
): Promise<SilenceLook> {
  const heard = settings.silence ? await of.events.heard(settings.name) : []
  const look = await silenceOf(settings, of.events, { ...of, heard })
  if (!settings.silence || look.isQuiet || of.inTrouble) return look
  const silent = new Map(look.silent.map(({ device, kind }) => [device, kind]))
  const told = toldOf(heard)
  const at = new Date(of.now).toISOString()
  const alerts: object[] = []
  const notes: [string, Told | null][] = []
  const note = async (device: string, one: Told | null): Promise<void> =>
    of.events.tell(settings.name, device, one && JSON.stringify(one))
  const unheard = [...told.keys()].some((device) => !silent.has(device))
    ? await unheardOf(settings, { ...of, heard })
    : new Set()
  for (const [device, { id, kind }] of told) {
    if (silent.get(device) === kind || (!silent.has(device) && unheard.has(device))) continue
    alerts.push({ id, state: 'resolved', device, name: ALERTS[kind].name, text: 'It speaks again', started_at: at })
    notes.push([device, null])
  }
  for (const { id, isKnown, ...one } of toTell(settings.name, look.silent, told)) {
    // By its name it is told again, and ended, even if it speaks for a moment before the next look.
    if (!isKnown) await note(one.device, { id, kind: one.kind, pending: true })
    alerts.push({ id, started_at: at, ...alertOf(settings.name, one) })
    notes.push([one.device, { id, kind: one.kind }])
  }
  if (alerts.length > 0)
    await of.hooks.receive([{ source: STREAMS, sender: OWN_SENDER, body: JSON.stringify({ alerts }) }])
  for (const [device, one] of notes) await note(device, one)
  return look
}

/** Devices that have not spoken, whether or not somebody listened: after a pause of ours it is too soon to say that they are silent, and no all-clear. */
async function unheardOf(
  settings: SourceSettings,
  of: {
    readonly events: EventStore
    readonly heard: readonly Heard[]
    readonly fleet: Fleet
    readonly now: number
  },
): Promise<ReadonlySet<string>> {
  const { silent } = await silenceOf(settings, of.events, { ...of, since: 0 })
  return new Set(silent.map(({ device }) => device))
}

/** Those of which nobody has been told for certain; what a device was silent of before ends first, and the next look goes on. */
function toTell(source: string, silent: readonly Silent[], told: ReadonlyMap<string, Told>) {
  return silent.flatMap((one) => {
    const before = told.get(one.device)
    if (!before)
      return [{ ...one, id: `${source}/${one.device}/${one.kind}/${one.heardAt ?? 'never'}`, isKnown: false }]
    return before.kind === one.kind && before.pending ? [{ ...one, id: before.id, isKnown: true }] : []
  })
}

function alertOf(stream: string, { device, kind, heardAt }: Silent): object {
  const { name, text } = ALERTS[kind]
  const since = heardAt === null ? '' : ` since ${new Date(heardAt).toISOString()}`
  return { state: 'firing', device, name, text: `${text}${since}.`, labels: { stream, kind } }
}

/** Ends what was told of devices of sources of which nobody wants to know any more whether they are silent, and the trouble of those that are gone. */
export async function endTold(
  sources: readonly SourceSettings[],
  of: { readonly events: EventStore; readonly hooks: HookStore; readonly now: number },
): Promise<void> {
  const watched = new Set(sources.filter(({ silence }) => silence).map(({ name }) => name))
  const standing = await of.events.standing()
  const gone = standing.filter(
    ({ source, trouble }) => trouble !== null && sources.every(({ name }) => name !== source),
  )
  for (const { source } of gone) await of.events.trouble(source, undefined)
  const left = standing.filter(({ source }) => !watched.has(source))
  const at = new Date(of.now).toISOString()
  for (const { source } of left) {
    const told = toldOf(await of.events.heard(source))
    // Of devices that have left the inventory, too: by its name an alert ends what it has begun.
    const alerts = [...told].map(([device, { id, kind }]) => ({
      ...{ id, state: 'resolved', device, name: ALERTS[kind].name, started_at: at },
      text: 'Its silence is not looked at any more',
    }))
    if (alerts.length > 0)
      await of.hooks.receive([{ source: STREAMS, sender: OWN_SENDER, body: JSON.stringify({ alerts }) }])
    for (const device of told.keys()) await of.events.tell(source, device, null)
  }
}

/** By device. */
function toldOf(heard: readonly Heard[]): ReadonlyMap<string, Told> {
  return new Map(heard.flatMap(({ device, told }) => (told === null ? [] : [[device, JSON.parse(told) as Told]])))
}
