import type { Context, MiddlewareHandler } from 'hono'
import { PAGE_FILES, type PageFile, pageFiles } from '../page-files.ts'
import type { DashboardApp, DashboardEnv } from './dashboard.ts'

/** Addresses that the script in the page knows; each can be opened, kept and sent. */
const PLACES = [
  ...['/', '/search', '/store/:store', '/device/:store/:device', '/runs', '/runs/:run'],
  ...['/incidents', '/incidents/:incident', '/sla', '/trends', '/completeness', '/board'],
]
/** Where somebody is asked who it is; whoever is not signed in is so at the others, too. */
export const SIGN_IN_PLACE = '/sign-in'
/** First parts of their paths. */
export const PLACE_NAMES = [...new Set(PLACES.map((place) => place.split('/')[1] ?? '').filter((name) => name !== ''))]

/** Whether somebody in a browser asks, and no program. */
function isPerson({ req }: Context): boolean {
  return /\btext\/html\b/.test(req.header('accept') ?? '')
}

/**
 * The pages and their files: nothing in them says anything about the fleet, so that everybody may have them. Gives what answers
 * people at addresses that nothing else does: the page, which says so in their language.
 */
export function pageRoutes(app: DashboardApp): MiddlewareHandler<DashboardEnv> {
  const fileOf = pageFiles()
  const send =
    (name: PageFile, status: 200 | 404 = 200) =>
    (context: Context) => {
      const { type, bytes, zipped, tag } = fileOf(name)
      const headers = { 'content-type': type, 'cache-control': 'no-cache', etag: tag, vary: 'accept-encoding' }
      if (status === 200 && context.req.header('if-none-match') === tag) return context.body(null, 304, headers)
      const isZipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '')
      const body = new Uint8Array(isZipped ? zipped : bytes)
      return context.body(body, status, { ...headers, ...(isZipped && { 'content-encoding': 'gzip' }) })
    }
  for (const place of [...PLACES, SIGN_IN_PLACE]) app.get(place, send('index.html'))
  for (const name of PAGE_FILES) if (name !== 'index.html') app.get(`/${name}`, send(name))
  return async (context, next) => (isPerson(context) ? send('index.html', 404)(context) : next())
}
