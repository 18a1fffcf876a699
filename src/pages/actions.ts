import { useState } from 'preact/hooks'
import type { RunAnswer } from './answers.ts'
import { ask, mayDo } from './ask.ts'
import { html } from './html.ts'
import { runPath } from './parts.ts'
import { go } from './route.ts'
import { filled, words } from './words.ts'

/** Buttons that have a device looked at by the runbooks that looked at it before; they lead to the run. */
export function LookButtons({ device, runbooks }: { readonly device: string; readonly runbooks: readonly string[] }) {
  const [why, setWhy] = useState('')
  const [isBusy, setBusy] = useState(false)
  if (!mayDo('look') || runbooks.length === 0) return null
  const look = (runbook: string): void => {
    setBusy(true)
    ask<{ readonly run: string }>('/plans', { method: 'POST', body: { device, runbook } })
      .then(
        ({ run }) => go(`${runPath(run)}?device=${encodeURIComponent(device)}`),
        (error) => setWhy((error as Error).message),
      )
      .finally(() => setBusy(false))
  }
  return html`<p class="buttons">${runbooks.map(
    (runbook) =>
      html`<button type="button" key=${runbook} disabled=${isBusy} onClick=${() => look(runbook)}>${filled(words.lookNow, runbook)}</button>`,
  )}</p><div role="alert" class=${why === '' ? '' : 'alert'}>${why}</div>`
}

/** What somebody may say about a run that waits or goes on; the reason is asked for. */
export function RunWords({ run }: { readonly run: RunAnswer }) {
  const [word, setWord] = useState<'approve' | 'abort' | undefined>()
  const [why, setWhy] = useState('')
  const isLeft = run.state !== 'finished' || run.waiting.length > 0
  const all = [
    ['approve', 'approve', words.approve],
    ['abort', 'change', words.abort],
  ] as const
  const mine = all.filter(([, right]) => mayDo(right))
  if (!isLeft || run.mode !== 'apply' || mine.length === 0) return null
  const say = (event: SubmitEvent): void => {
    event.preventDefault()
    const text = new FormData(event.currentTarget as HTMLFormElement).get('why')
    ask(`${runPath(run.run)}/${word}`, { method: 'POST', body: { why: text } }).then(
      () => {
        setWord(undefined)
        setWhy('')
      },
      (error) => setWhy((error as Error).message),
    )
  }
  return html`<p class="buttons">${mine.map(
    ([name, , text]) => html`<button type="button" key=${name} onClick=${() => setWord(name)}>${text}</button>`,
  )}</p>
    ${
      word &&
      html`<form class="confirm" onSubmit=${say}><label>${words.whySo} <input name="why" required maxlength="500" autofocus /></label>
      <p class="buttons"><button type="submit">${words[word]}</button> <button type="button" onClick=${() => setWord(undefined)}>${words.cancel}</button></p></form>`
    }
    <div role="alert" class=${why === '' ? '' : 'alert'}>${why}</div>`
}
