import { useState } from 'preact/hooks'
import type { OutageNote, OutagesAnswer } from './answers.ts'
import { ask, mayDo } from './ask.ts'
import { html } from './html.ts'
import { Alert, Time, timeText, type Why } from './parts.ts'
import { useAnswer } from './use-answer.ts'
import { filled, words } from './words.ts'

interface Shown {
  readonly outages: readonly OutageNote[]
  /** Asks the server anew; absent: nothing can be ended here. */
  readonly again?: () => void
}

/** What is known to be out of order here: nobody is called meanwhile. */
export function Outages({ outages, again }: Shown) {
  const [why, setWhy] = useState<Why>('')
  if (outages.length === 0) return null
  const end = (outage: string): void => {
    ask(`/outages/${encodeURIComponent(outage)}`, { method: 'DELETE' }).then(
      () => again?.(),
      (error) => setWhy(error as Error),
    )
  }
  return html`<ul class="plain" aria-label=${words.knownOutages}>${outages.map(
    (
      one,
    ) => html`<li key=${one.outage} class="note"><strong>${one.closed ? words.closedPlace : words.knownOutage}</strong>
      <span lang="">${one.why}</span> <small>${one.by}, ${filled(words.until, timeText(one.until))} (${one.outage})</small>
      ${again && mayDo(one.closed ? 'change' : 'attend') && html` <button type="button" onClick=${() => end(one.outage)}>${words.endOutage}</button>`}</li>`,
  )}</ul><${Alert} why=${why} />`
}

/** All that are known, for the first page. */
export function OutageList() {
  const { value, again } = useAnswer<OutagesAnswer>('/outages')
  const outages = value?.outages ?? []
  if (outages.length === 0) return null
  return html`<details><summary>${words.knownOutages}: ${outages.length}</summary>
    <ul class="plain">${outages.map(
      (
        one,
      ) => html`<li key=${one.outage}>${one.state === 'coming' && html`<${Time} at=${one.from} /> `}${filled(words.outageSize, one.stores, one.devices)}
        <${Outages} outages=${[one]} again=${again} /></li>`,
    )}</ul></details>`
}

/** Says that a store or a device is known to be out of order, or closed, until some time. */
export function OutageForm({ on, again }: { readonly on: string; readonly again: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const [why, setWhy] = useState<Why>('')
  if (!mayDo('attend')) return null
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement))
    ask('/outages', { method: 'POST', body: { on, ...form, closed: form['closed'] === 'on' } }).then(
      () => {
        setOpen(false)
        setWhy('')
        again()
      },
      (error) => setWhy(error as Error),
    )
  }
  return html`${
    isOpen
      ? html`<form class="confirm" onSubmit=${submit}><label>${words.holdUntil} <input name="until" required placeholder="4h, 18:00" autofocus /></label>
        <label>${words.whySo} <input name="why" required maxlength="500" /></label>
        ${mayDo('change') && html`<label><input type="checkbox" name="closed" /> ${words.closedPlace}</label>`}
        <p class="buttons"><button type="submit">${words.addOutage}</button> <button type="button" onClick=${() => setOpen(false)}>${words.cancel}</button></p></form>`
      : html`<p class="buttons"><button type="button" onClick=${() => setOpen(true)}>${words.addOutage}</button></p>`
  }<${Alert} why=${why} />`
}
