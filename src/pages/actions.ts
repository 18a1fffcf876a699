import { useState } from 'preact/hooks'
import type { RunAnswer } from './answers.ts'
import { ask, mayDo } from './ask.ts'
import { html } from './html.ts'
import { Alert, runPath, timeText, type Why } from './parts.ts'
import { go } from './route.ts'
import { filled, words } from './words.ts'

/** Buttons that have a device looked at by the runbooks that looked at it before; they lead to the run. */
export function LookButtons({ device, runbooks }: { readonly device: string; readonly runbooks: readonly string[] }) {
  const [why, setWhy] = useState<Why>('')
  const [isBusy, setBusy] = useState(false)
  if (!mayDo('look') || runbooks.length === 0) return null
  const look = (runbook: string): void => {
    setBusy(true)
    ask<{ readonly run: string }>('/plans', { method: 'POST', body: { device, runbook } })
      .then(
        ({ run }) => go(`${runPath(run)}?device=${encodeURIComponent(device)}`),
        (error) => setWhy(error as Error),
      )
      .finally(() => setBusy(false))
  }
  return html`<p class="buttons">${runbooks.map(
    (runbook) =>
      html`<button type="button" key=${runbook} disabled=${isBusy} onClick=${() => look(runbook)}>${filled(words.lookNow, runbook)}</button>`,
  )}</p><${Alert} why=${why} />`
}

/** What somebody may say about a run that waits or goes on; the reason is asked for. */
export function RunWords({ run }: { readonly run: RunAnswer }) {
  const [word, setWord] = useState<'approve' | 'pause' | 'resume' | 'abort' | undefined>()
  const [why, setWhy] = useState<Why>('')
  const [awaits, setAwaits] = useState<readonly string[] | undefined>()
  const isLeft = run.state !== 'finished' || run.waiting.length > 0
  const all = [
    ['approve', 'approve', words.approve],
    ...(run.state === 'running'
      ? [run.paused ? (['resume', 'change', words.goOnRun] as const) : (['pause', 'change', words.pauseRun] as const)]
      : []),
    ['abort', 'change', words.abort],
  ] as const
  const mine = all.filter(([, right]) => mayDo(right))
  if (!isLeft || run.mode !== 'apply' || mine.length === 0) return null
  const choose = (name: (typeof mine)[number][0]): void => {
    setWord(name)
    setWhy('')
    setAwaits(undefined)
    if (name !== 'approve') return
    ask<{ readonly awaits: readonly string[] }>(`${runPath(run.run)}/awaits`).then(
      (answer) => setAwaits(answer.awaits),
      (error) => setWhy(error as Error),
    )
  }
  const say = (event: SubmitEvent): void => {
    event.preventDefault()
    const text = new FormData(event.currentTarget as HTMLFormElement).get('why')
    // What has come to wait while somebody thinks is not agreed to.
    const body = { why: text, ...(word === 'approve' && { awaits }) }
    ask(`${runPath(run.run)}/${word}`, { method: 'POST', body }).then(
      () => {
        setWord(undefined)
        setWhy('')
      },
      (error) => setWhy(error as Error),
    )
  }
  return html`${run.paused && html`<p class="note" aria-live="polite">${filled(words.pausedBy, run.paused.by, timeText(run.paused.at))}: ${run.paused.why}</p>`}<p class="buttons">${mine.map(
    ([name, , text]) => html`<button type="button" key=${name} onClick=${() => choose(name)}>${text}</button>`,
  )}</p>
    ${
      word &&
      html`<form class="confirm" onSubmit=${say}>${word === 'approve' && html`<${Awaited} lines=${awaits} />`}<label>${words.whySo} <input name="why" required maxlength="500" autofocus /></label>
      <p class="buttons"><button type="submit" disabled=${word === 'approve' && awaits === undefined}>${all.find(([name]) => name === word)?.[2]}</button> <button type="button" onClick=${() => setWord(undefined)}>${words.cancel}</button></p></form>`
    }
    <${Alert} why=${why} />`
}

/** What somebody agrees to who approves. */
function Awaited({ lines }: { readonly lines: readonly string[] | undefined }) {
  if (lines === undefined) return null
  return html`<p>${words.agreesTo}</p><ul>${lines.map((line) => html`<li key=${line}><code>${line}</code></li>`)}</ul>`
}

/** Applies a plan that was made here, after a question: what is shown below is what is done. */
export function ApplyPlan({ run }: { readonly run: RunAnswer }) {
  const [isAsking, setAsking] = useState(false)
  const [why, setWhy] = useState<Why>('')
  if (!run.appliable || !mayDo('change') || (run.counts['drifted'] ?? 0) === 0) return null
  const apply = (): void => {
    ask<{ readonly run: string }>(`${runPath(run.run)}/apply`, { method: 'POST', body: {} }).then(
      (begun) => go(`${runPath(begun.run)}?device=${encodeURIComponent(run.device_list[0]?.device ?? '')}`),
      (error) => setWhy(error as Error),
    )
  }
  return html`${
    isAsking
      ? html`<div class="confirm"><p>${filled(words.applyThis, run.runbooks.join(', '), run.device_list[0]?.device ?? '')}</p>
        <p class="buttons"><button type="button" onClick=${apply}>${words.yesApply}</button> <button type="button" onClick=${() => setAsking(false)}>${words.cancel}</button></p></div>`
      : html`<p class="buttons"><button type="button" onClick=${() => setAsking(true)}>${words.applyPlan}</button></p>`
  }<${Alert} why=${why} />`
}

/** Asks that nothing touches a store or a device until some time. */
export function HoldForm({ on }: { readonly on: string }) {
  const [isOpen, setOpen] = useState(false)
  const [said, setSaid] = useState('')
  const [why, setWhy] = useState<Why>('')
  if (!mayDo('change')) return null
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement))
    ask<{ readonly until: string }>('/holds', { method: 'POST', body: { on, ...form } }).then(
      ({ until }) => {
        setOpen(false)
        setWhy('')
        setSaid(filled(words.heldUntil, timeText(until)))
      },
      (error) => setWhy(error as Error),
    )
  }
  return html`${
    isOpen
      ? html`<form class="confirm" onSubmit=${submit}><label>${words.holdUntil} <input name="until" required placeholder="4h, 18:00" autofocus /></label>
        <label>${words.whySo} <input name="why" required maxlength="500" /></label>
        <p class="buttons"><button type="submit">${words.holdIt}</button> <button type="button" onClick=${() => setOpen(false)}>${words.cancel}</button></p></form>`
      : html`<p class="buttons"><button type="button" onClick=${() => setOpen(true)}>${words.holdIt}</button> <span aria-live="polite">${said}</span></p>`
  }<${Alert} why=${why} />`
}
