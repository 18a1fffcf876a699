import { HoldForm, LookButtons } from './actions.ts'
import type { DeviceAnswer } from './answers.ts'
import { html } from './html.ts'
import { OutageForm, Outages } from './outages.ts'
import {
  Ago,
  ClockText,
  Command,
  DeviceTable,
  devicePath,
  Facts,
  Heading,
  ownerText,
  runPath,
  Said,
  SellsMark,
  State,
  severityText,
  storePath,
  Time,
  Waiting,
} from './parts.ts'
import { Link } from './route.ts'
import { Samples } from './samples.ts'
import { useAnswer } from './use-answer.ts'
import { counted, wordFor, words } from './words.ts'

/** A device: what is wrong with it, since when, what helps, and how it came to be so. */
export function DevicePage({ name }: { readonly name: string }) {
  const {
    value: device,
    why,
    again,
  } = useAnswer<DeviceAnswer>(`/devices/${name.split('/').map(encodeURIComponent).join('/')}`)
  if (!device) return html`<${Heading} title=${name} /><${Waiting} why=${why} />`
  const { family, distribution, version } = device.os
  const names = (all: readonly string[]) =>
    all.map((one) => html`<${Link} key=${one} to=${devicePath(one)}>${one}<//> `)
  return html`<${Heading} title=${device.device} />
    <p class="lead"><${State} state=${device.state} /> <${Said} text=${device.message} /></p>
    ${device.findings.length > 0 && html`<h2>${words.whatIsWrong}</h2>${device.findings.map((one) => html`<${FindingBox} key=${one.key} finding=${one} />`)}`}
    <${Outages} outages=${device.outages} again=${again} />
    <${HoldForm} on=${device.device} />
    <${OutageForm} on=${device.device} again=${again} />
    <${LookButtons} device=${device.device} runbooks=${runbooksFor(device)} />
    <${Facts} facts=${[
      [words.since, device.since && html`<${Ago} at=${device.since} />`],
      [words.age, html`<${Ago} at=${device.last_at} />`],
      [
        words.store,
        html`<${Link} to=${storePath(device.store)}>${device.store_row.name}<//> <${SellsMark} sells=${device.store_row.sells} />`,
      ],
      [words.localTime, html`<${ClockText} clock=${device.clock} />`],
      [words.kind, `${wordFor(words.kinds, device.kind)} (${device.profile})`],
      [words.system, [distribution ?? family, version].filter(Boolean).join(' ')],
      [words.address, device.address],
      [words.serial, device.serials.join(', ')],
      [words.hangsOn, device.attached_to && names([`${device.store}/${device.attached_to}`])],
      [words.hangOn, device.attached.length > 0 && names(device.attached)],
      [words.owner, ownerText(device.owner)],
    ]} />
    ${device.note && html`<p class="note">${device.note}</p>`}
    ${device.suffering.length > 0 && html`<h2>${words.alsoSuffer}</h2><${DeviceTable} devices=${device.suffering} title=${words.alsoSuffer} />`}
    <${Samples} device=${device.device} zone=${device.clock.zone} />
    <h2>${words.timeline}</h2>
    ${device.timeline.length === 0 && html`<p class="quiet">${words.nothing}</p>`}
    <ol class="timeline">${device.timeline.map(
      (one) => html`<li key=${one.run}><${Time} at=${one.at} /> <${State} state=${one.state} />
        <${Said} text=${one.message} />
        <small><${Link} to=${`${runPath(one.run)}?device=${encodeURIComponent(one.device)}`}>${one.run}<//>
        ${one.times > 1 && html` · ${counted(words.times, one.times, '')}<${Time} at=${one.from} />`}</small></li>`,
    )}</ol>`
}

/** Those that looked at it, and those that a remedy names. */
function runbooksFor({ looks, findings }: DeviceAnswer): readonly string[] {
  const named = findings.flatMap(({ remedy }) => /\btill (?:plan|apply) ([\w-]+)/.exec(remedy ?? '')?.[1] ?? [])
  return [...new Set([...named, ...looks.flatMap(({ runbooks }) => runbooks)])]
}

/** What is wrong, and what helps. */
export function FindingBox({ finding }: { readonly finding: DeviceAnswer['findings'][number] }) {
  const { fault, cause, severity, owner, remedy, about } = finding
  const command = /\btill (?:plan|apply|drift|runs|exec)\b.*$/.exec(remedy ?? '')?.[0]
  return html`<article class="finding">
    <p><strong>${wordFor(words.faults, fault)}</strong>${cause && `: ${wordFor(words.faults, cause)}`} <small>${[severity && severityText(severity), about, owner && wordFor(words.owners, owner)].filter(Boolean).join(' · ')}</small></p>
    ${remedy && html`<p><span class="quiet">${words.whatHelps}:</span> <${Said} text=${command ? remedy.slice(0, -command.length) : remedy} /></p>`}
    ${command && html`<${Command} text=${command} />`}
  </article>`
}
