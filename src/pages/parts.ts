import { useState } from 'preact/hooks'
import type { Clock, Counts, DeviceRow, Sells, StoreRow } from './answers.ts'
import { Refused } from './ask.ts'
import { html, type View } from './html.ts'
import { Link } from './route.ts'
import { filled, language, wordFor, words } from './words.ts'

/** How bad a state looks; a shape besides, for those who see no colours. */
const TONE: Readonly<Record<string, readonly [tone: string, sign: string]>> = {
  'in-sync': ['good', '✓'],
  changed: ['good', '✓'],
  ok: ['good', '✓'],
  yes: ['good', '✓'],
  drifted: ['minor', '≠'],
  deferred: ['minor', '◷'],
  skipped: ['none', '–'],
  'to-come': ['none', '·'],
  cancelled: ['none', '–'],
  never: ['none', '?'],
  unknown: ['unknown', '?'],
  unreachable: ['unknown', '?'],
  no: ['bad', '✕'],
  late: ['bad', '◷'],
  'incident-open': ['bad', '!'],
  'incident-taken': ['unknown', '✎'],
  'incident-paused': ['minor', '‖'],
  'incident-cleared': ['good', '✓'],
  'incident-closed': ['none', '–'],
}

/** A state in a word, with a sign and a colour. */
export function State({ state, children }: { readonly state: string; readonly children?: unknown }) {
  const [tone, sign] = TONE[state] ?? ['bad', '✕']
  return html`<span class=${`mark ${tone}`}><span aria-hidden="true">${sign}</span> ${children ?? wordFor(words.states, state)}</span>`
}

export function SellsMark({ sells }: { readonly sells: Sells }) {
  return html`<${State} state=${sells}>${words.sells[sells]}<//>`
}

/** Of each state how many. */
export function CountsText({ counts }: { readonly counts: Counts }) {
  const some = Object.entries(counts).filter(([, count]) => count > 0)
  return html`<span class="counts">${some.map(([state, count]) => html`<${State} key=${state} state=${state}>${count} ${wordFor(words.states, state)}<//> `)}</span>`
}

/** How long ago, with the time itself on hover. */
export function Ago({ at }: { readonly at: string | null }) {
  if (at === null) return html`<span>${words.never}</span>`
  const seconds = (Date.now() - Date.parse(at)) / 1000
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const [value, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 5400
        ? [seconds / 60, 'minute']
        : seconds < 129_600
          ? [seconds / 3600, 'hour']
          : [seconds / 86_400, 'day']
  return html`<time dateTime=${at} title=${timeText(at)}>${format.format(-Math.round(value as number), unit as Intl.RelativeTimeFormatUnit)}</time>`
}

/** A day and a time by the clocks of a zone, or of whoever looks. */
export function timeText(at: string, zone?: string): string {
  const clock = { dateStyle: 'medium', timeStyle: 'medium', ...(zone !== undefined && { timeZone: zone }) } as const
  return new Intl.DateTimeFormat(language, clock).format(new Date(at))
}

export function Time({ at }: { readonly at: string }) {
  return html`<time dateTime=${at}>${timeText(at)}</time>`
}

/** `3 min 20 s`. */
export function tookText(from: string, to: string | null): string {
  const seconds = Math.max(0, Math.round(((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000))
  const { h, min, s } = words.units
  if (seconds < 60) return `${seconds} ${s}`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${min} ${seconds % 60} ${s}`
  return `${Math.floor(seconds / 3600)} ${h} ${Math.floor((seconds % 3600) / 60)} ${min}`
}

/** By the clocks of the store: what time it is, and its trading around now. */
export function ClockText({ clock }: { readonly clock: Clock }) {
  const at = (time: string): string =>
    new Intl.DateTimeFormat(language, {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      timeZone: clock.zone,
    }).format(new Date(time))
  const next = clock.open
    ? clock.closes && filled(words.closesAt, at(clock.closes))
    : clock.opens && filled(words.opensAt, at(clock.opens))
  return html`<span>${clock.local.slice(11)} (${clock.zone}) · ${clock.open ? words.open : words.closed}${next ? ` · ${next}` : ''}</span>`
}

export const storePath = (store: string): string => `/store/${encodeURIComponent(store)}`
export const devicePath = (device: string): string => `/device/${device.split('/').map(encodeURIComponent).join('/')}`
export const runPath = (run: string): string => `/runs/${encodeURIComponent(run)}`

/** A table of stores. */
export function StoreTable({ stores, title }: { readonly stores: readonly StoreRow[]; readonly title: string }) {
  if (stores.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  return html`<${Scroll} title=${title}><table>
    <caption class="hidden">${title}</caption>
    <thead><tr><th scope="col">${words.store}</th><th scope="col">${words.canSell}</th><th scope="col">${words.devices}</th><th scope="col" class="wide">${words.region}</th></tr></thead>
    <tbody>${stores.map(
      (one) => html`<tr key=${one.store}>
        <th scope="row"><${Link} to=${storePath(one.store)}>${one.store}<//><br /><small>${one.name}</small></th>
        <td><${SellsMark} sells=${one.sells} /><br /><small>${one.open ? words.open : words.closed}</small></td>
        <td><${CountsText} counts=${one.counts} /></td>
        <td class="wide">${one.region}</td>
      </tr>`,
    )}</tbody></table><//>`
}

/** A table of devices. */
export function DeviceTable({ devices, title }: { readonly devices: readonly DeviceRow[]; readonly title: string }) {
  if (devices.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  return html`<${Scroll} title=${title}><table>
    <caption class="hidden">${title}</caption>
    <thead><tr><th scope="col">${words.device}</th><th scope="col">${words.state}</th><th scope="col">${words.why}</th><th scope="col" class="wide">${words.age}</th></tr></thead>
    <tbody>${devices.map(
      (one) => html`<tr key=${one.device}>
        <th scope="row"><${Link} to=${devicePath(one.device)}>${one.device}<//><br /><small>${wordFor(words.kinds, one.kind)}${one.attached_to ? ` → ${one.attached_to}` : ''}</small></th>
        <td><${State} state=${one.state} /></td>
        <td><${Said} text=${one.message} /></td>
        <td class="wide"><${Ago} at=${one.last_at} /></td>
      </tr>`,
    )}</tbody></table><//>`
}

/** What is wider than the screen scrolls by itself, also by keyboard. */
export function Scroll({ title, children }: { readonly title: string; readonly children?: unknown }) {
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${title}>${children}</div>`
}

/** A command, and a button that copies it. */
export function Command({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true))
  return html`<div class="command"><code>${text}</code>
    <button type="button" onClick=${copy}>${isCopied ? words.copied : words.copy}</button></div>`
}

/** Names with their values. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: View | unknown])[] }) {
  const there = facts.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
  return html`<dl class="facts">${there.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** Why something was not done; '' where it was, or nobody tried. */
export type Why = Error | ''

/** What there is to say while, or instead of, an answer. */
export function Waiting({ why }: { readonly why?: Error | undefined }) {
  return why === undefined
    ? html`<p class="quiet" aria-busy="true">${words.loading}</p>`
    : html`<${Alert} why=${why} />`
}

/** Why something was not done, in the language of the page as far as it can be; the server's own words are English. */
export function Alert({ why }: { readonly why: Why }) {
  const known = why instanceof Refused && language !== 'en' ? words.refused[why.status] : undefined
  const said = why !== '' && html`<${Said} text=${why.message} />`
  return html`<div role="alert" class=${why === '' ? '' : 'alert'}>${known === undefined ? said : html`${known} <small>${said}</small>`}</div>`
}

/** A text of Tillwright that is written in English whatever the page speaks: readers of screens say it as such. */
export function Said({ text }: { readonly text: string | null | undefined }) {
  return text ? html`<span lang="en">${text}</span>` : null
}

/** A heading that tells readers of screens, and the browser's tab, where they are. */
export function Heading({ children, title }: { readonly children?: unknown; readonly title: string }) {
  document.title = `${title} – Tillwright`
  return html`<h1 tabindex="-1">${children ?? title}</h1>`
}

/** How bad something is; systems that raise alerts write the same words in capitals or not. */
export function severityText(severity: string): string {
  return Object.hasOwn(words.severities, severity.toLowerCase())
    ? wordFor(words.severities, severity.toLowerCase())
    : severity
}

/** Words of an owner: `ops-slaskie, dyzur@example.pl`. */
export function ownerText(owner: Readonly<Record<string, unknown>>): string {
  return Object.values(owner)
    .filter((value) => typeof value === 'string')
    .join(', ')
}
