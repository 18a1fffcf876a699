import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, Refused, signedIn, type Who } from './ask.ts'
import { DevicePage } from './device-page.ts'
import { html, type View } from './html.ts'
import { IncidentPage } from './incident-page.ts'
import { IncidentsPage } from './incidents-page.ts'
import { watchSilence } from './news.ts'
import { NowPage } from './now-page.ts'
import { Heading, timeText } from './parts.ts'
import { go, Link, type Place, usePlace } from './route.ts'
import { RunPage } from './run-page.ts'
import { RunsPage } from './runs-page.ts'
import { SearchPage } from './search-page.ts'
import { SignInPage } from './sign-in-page.ts'
import { SlaPage } from './sla-page.ts'
import { StorePage } from './store-page.ts'
import { BoardPage, CompletenessPage, TrendsPage } from './trend-pages.ts'
import { filled, LANGUAGES, type Language, language, languageOf, speak, wordFor, words } from './words.ts'

const TYPING_MS = 150
/** A server that is away is asked again so soon. */
const AGAIN_MS = 3_000
const SIGN_IN = 'sign-in'
/** What the head of each page leads to. */
const PLACES = [
  { path: 'incidents', name: 'incidents', page: IncidentsPage },
  { path: 'runs', name: 'runs', page: RunsPage },
  { path: 'sla', name: 'sla', page: SlaPage },
  { path: 'trends', name: 'trends', page: TrendsPage },
  { path: 'completeness', name: 'completeness', page: CompletenessPage },
  { path: 'board', name: 'board', page: BoardPage },
] as const

/** Who is signed in, once the server has said so. That it cannot be asked is told: nobody types a password for it. */
function Entrance() {
  const [first, setFirst] = useState<{ readonly who: Who | undefined } | undefined>()
  const [isAway, setAway] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = (): void => {
      ask<Who>('/session').then(
        (who) => setFirst({ who }),
        (error) => {
          if (error instanceof Refused && error.status < 500) return setFirst({ who: undefined })
          setAway(true)
          timer = setTimeout(look, AGAIN_MS)
        },
      )
    }
    look()
    return () => clearTimeout(timer)
  }, [])
  if (first) return html`<${App} first=${first.who} />`
  return html`<main id="content"><div role="status" class=${isAway ? 'alert' : ''}>${isAway && words.away}</div></main>`
}

function App({ first }: { readonly first: Who | undefined }) {
  const [who, setWho] = useState(first)
  const [, setSpoken] = useState(language)
  const place = usePlace()
  signedIn(who)
  const enter = (next: Who): void => {
    if (place.parts[0] === SIGN_IN) go('/', { replace: true })
    setWho(next)
  }
  const page = pageAt(place)
  const isSignIn = place.parts[0] === SIGN_IN && place.parts.length === 1
  // Nobody has to sign in to be told that there is nothing.
  if (!who && !page && !isSignIn) return html`<main id="content"><${NotFound} /></main>`
  // A sign-in that failed ends there, whoever was signed in before.
  if (!who || isSignIn) return html`<${SignInPage} onIn=${enter} place=${place} />`
  const leave = (): void => void ask('/session', { method: 'DELETE' }).finally(() => setWho(undefined))
  const choose = (event: Event): void => {
    speak((event.currentTarget as HTMLSelectElement).value as Language)
    setSpoken(language)
  }
  const [at = ''] = place.parts
  return html`<a class="skip" href="#content">${words.skip}</a>
    <header>
      <nav aria-label="Tillwright">
        <${Link} to="/" class="brand" current=${at === ''}>${words.now}<//>
        ${PLACES.map(({ path, name }) => html`<${Link} key=${path} to=${`/${path}`} current=${at === path}>${words[name]}<//>`)}
      </nav>
      <${SearchBox} place=${place} />
      <div class="who"><select aria-label="Język, Язык, Language" value=${language} onChange=${choose}>${Object.entries(
        LANGUAGES,
      ).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select>
      <span>${who.account} <small>${wordFor(words.roles, who.role)}</small></span> <button type="button" onClick=${leave}>${words.signOut}</button></div>
    </header>
    <${Silence} />
    <main id="content" key=${language}>${page ?? html`<${NotFound} />`}</main>`
}

/** What is at a place; undefined: nothing is. The server knows the same places (`server/dashboard/pages.ts`). */
function pageAt(place: Place): View | undefined {
  const [at, one, two] = place.parts
  switch (`${at ?? ''} ${place.parts.length}`) {
    case ' 0':
      return html`<${NowPage} place=${place} />`
    case 'search 1':
      return html`<${SearchPage} place=${place} />`
    case 'store 2':
      return html`<${StorePage} id=${one} />`
    case 'device 3':
      return html`<${DevicePage} name=${`${one}/${two}`} />`
    case 'runs 2':
      return html`<${RunPage} id=${one} place=${place} />`
    case 'incidents 2':
      return html`<${IncidentPage} id=${one} />`
    default: {
      const page = place.parts.length === 1 ? PLACES.find(({ path }) => path === at)?.page : undefined
      return page && html`<${page} place=${place} />`
    }
  }
}

function NotFound() {
  return html`<${Heading} title=${words.notFound} /><p><${Link} to="/">${words.wayBack}<//></p>`
}

/** Since when nothing has come from the server: what the page shows may be old by now. */
function Silence() {
  const [since, setSince] = useState<string | undefined>()
  useEffect(() => watchSilence(setSince), [])
  const isSilent = since !== undefined
  return html`<div role="status" class=${isSilent ? 'alert' : ''}>${isSilent && filled(words.noNews, timeText(since))}</div>`
}

/** Looks while somebody types; "/" leads to it from anywhere. */
function SearchBox({ place }: { readonly place: Place }) {
  const box = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const isThere = place.parts[0] === 'search'
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea')
      if (event.key !== '/' || isTyping) return
      event.preventDefault()
      box.current?.focus()
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [])
  const look = (): void => {
    const text = box.current?.value.trim() ?? ''
    if (text !== '') go(`/search?q=${encodeURIComponent(text)}`, { replace: location.pathname === '/search' })
  }
  const typed = (): void => {
    clearTimeout(timer.current)
    timer.current = setTimeout(look, TYPING_MS)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    look()
  }
  return html`<form role="search" onSubmit=${submit}><input ref=${box} type="search" aria-label=${words.search} placeholder=${words.searchHint}
    defaultValue=${isThere ? (place.query.get('q') ?? '') : ''} onInput=${typed} /></form>`
}

speak(languageOf())
const root = document.getElementById('root')
if (root) render(html`<${Entrance} />`, root)
