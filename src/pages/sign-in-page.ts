import { useEffect, useState } from 'preact/hooks'
import { ask, Refused, type Who } from './ask.ts'
import { html } from './html.ts'
import { Heading } from './parts.ts'
import type { Place } from './route.ts'
import { filled, wordFor, words } from './words.ts'

/** How somebody can sign in here. */
interface Ways {
  readonly passwords: boolean
  readonly provider: { readonly name: string } | null
}

/** Asks who somebody is. Whoever comes back from a provider without being let in reads here why. */
export function SignInPage({ onIn, place }: { readonly onIn: (who: Who) => void; readonly place: Place }) {
  const [why, setWhy] = useState(reasonIn(place))
  const [isBusy, setBusy] = useState(false)
  const [{ passwords, provider }, setWays] = useState<Ways>({ passwords: true, provider: null })
  useEffect(() => {
    // Where that cannot be asked, signing in tells why.
    ask<Ways>('/sign-in').then(setWays, () => undefined)
  }, [])
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    ask<Who>('/session', { method: 'POST', body: { account: form.get('account'), password: form.get('password') } })
      .then(onIn, (error) => setWhy(passwordReason(error)))
      .finally(() => setBusy(false))
  }
  const leave = (): void => {
    setBusy(true)
    const to = place.parts[0] === 'sign-in' ? '/' : `${location.pathname}${location.search}`
    ask<{ url: string }>('/sign-in/provider', { method: 'POST', body: { to } }).then(
      ({ url }) => location.assign(url),
      (error) => {
        setWhy(wayReason(error))
        setBusy(false)
      },
    )
  }
  const showsForm = passwords || !provider
  return html`<main id="content" class="sign-in"><div>
    <${Heading} title=${words.signIn}>Tillwright<//>
    <div role="alert" class=${why === '' ? '' : 'alert'}>${why}</div>
    ${provider && html`<button type="button" class="provider" disabled=${isBusy} onClick=${leave}>${filled(words.signInBy, provider.name)}</button>`}
    ${provider && showsForm && html`<p>${words.signInOr}</p>`}
    ${
      showsForm &&
      html`<form onSubmit=${submit}>
      <label>${words.account}<input name="account" autocomplete="username" required autofocus /></label>
      <label>${words.password}<input name="password" type="password" autocomplete="current-password" required /></label>
      <button type="submit" disabled=${isBusy}>${words.signIn}</button>
    </form>`
    }
  </div></main>`
}

function reasonIn({ parts, query }: Place): string {
  const why = parts[0] === 'sign-in' ? query.get('why') : null
  if (why === null) return ''
  return wordFor(words.notSignedIn, Object.hasOwn(words.notSignedIn, why) ? why : 'again')
}

function passwordReason(error: unknown): string {
  const { wrong, tries, busy } = words.notSignedIn
  if (!(error instanceof Refused)) return words.away
  const known = { 401: wrong, 429: tries, 503: busy }
  return known[error.status as 401 | 429 | 503] ?? error.message
}

function wayReason(error: unknown): string {
  if (!(error instanceof Refused)) return words.notSignedIn.away
  const known = { 429: words.notSignedIn.tries, 503: words.notSignedIn.away }
  return known[error.status as 429 | 503] ?? error.message
}
