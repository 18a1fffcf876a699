import { useState } from 'preact/hooks'
import { ask, type Who } from './ask.ts'
import { html } from './html.ts'
import { Heading } from './parts.ts'
import { words } from './words.ts'

/** Asks who somebody is. */
export function SignInPage({ onIn }: { readonly onIn: (who: Who) => void }) {
  const [why, setWhy] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    ask<Who>('/session', { method: 'POST', body: { account: form.get('account'), password: form.get('password') } })
      .then(onIn, (error) => setWhy((error as Error).message))
      .finally(() => setBusy(false))
  }
  return html`<main id="content" class="sign-in"><form onSubmit=${submit}>
    <${Heading} title=${words.signIn}>Tillwright<//>
    <label>${words.account}<input name="account" autocomplete="username" required autofocus /></label>
    <label>${words.password}<input name="password" type="password" autocomplete="current-password" required /></label>
    <div role="alert" class=${why === '' ? '' : 'alert'}>${why}</div>
    <button type="submit" disabled=${isBusy}>${words.signIn}</button>
  </form></main>`
}
