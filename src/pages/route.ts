import { useEffect, useState } from 'preact/hooks'
import { html } from './html.ts'

/** Where somebody is: the path in its parts, and the question behind it. */
export interface Place {
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

const CHANGED = 'till-place'

/** Goes to an address of ours. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  dispatchEvent(new Event(CHANGED))
}

export function usePlace(): Place {
  const [href, setHref] = useState(location.href)
  useEffect(() => {
    const changed = (): void => setHref(location.href)
    addEventListener('popstate', changed)
    addEventListener(CHANGED, changed)
    return () => {
      removeEventListener('popstate', changed)
      removeEventListener(CHANGED, changed)
    }
  }, [])
  const { pathname, searchParams } = new URL(href)
  return { parts: pathname.split('/').filter(Boolean).map(decoded), query: searchParams }
}

/** A part of a path; one that is encoded wrongly stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The same place with another question; null takes a name away. */
export function withQuery(
  query: URLSearchParams,
  change: Readonly<Record<string, string | null>>,
  path = location.pathname,
): string {
  const next = new URLSearchParams(query)
  for (const [name, value] of Object.entries(change)) {
    if (value === null) next.delete(name)
    else next.set(name, value)
  }
  const text = next.toString()
  return text === '' ? path : `${path}?${text}`
}

interface LinkProps {
  readonly to: string
  readonly children?: unknown
  readonly class?: string
  readonly current?: boolean
  readonly title?: string
}

/** A link that a middle click opens in another tab, as any other. */
export function Link({ to, children, current, ...more }: LinkProps) {
  const click = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(to)
    if (!to.startsWith(`${location.pathname}?`)) scrollTo(0, 0)
  }
  return html`<a href=${to} onClick=${click} aria-current=${current ? 'page' : undefined} ...${more}>${children}</a>`
}
