import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { BegunLists, Page } from '../../app/overview/paging.ts'
import type { JsonObject } from '../../core/json.ts'
import { textOfBody } from '../read-body.ts'
import { ApiRefused } from './api-refused.ts'
import type { Dashboard } from './dashboard.ts'

const USUAL = 100
const MOST = 1_000
/** What people type is small. */
const MOST_BODY = 16_384
/** Lists of one question. */
const MOST_VALUES = 50

/** The parameters of a question; a name that is not among them is told, so that nobody takes an answer for a filtered one. */
export function asked<Name extends string>(
  context: Context,
  names: readonly Name[],
): Readonly<Record<Name, readonly string[]>> {
  const given = context.req.queries()
  const strange = Object.keys(given).find((name) => !(names as readonly string[]).includes(name))
  if (strange !== undefined) {
    const list = names.length === 0 ? 'It has none.' : `There are ${names.join(', ')}.`
    throw new ApiRefused(400, `There is no parameter "${strange.slice(0, 50)}". ${list}`)
  }
  const lists = names.map((name) => {
    const values = (given[name] ?? []).flatMap((value) => value.split(',')).filter((value) => value !== '')
    if (values.length > MOST_VALUES) throw new ApiRefused(400, `"${name}" has more than ${MOST_VALUES} values.`)
    return [name, values]
  })
  return Object.fromEntries(lists) as Record<Name, readonly string[]>
}

/** `limit` and `after` of a question, for who sees what `key` stands for. */
export function pageOf(
  context: Context,
  { limit, after }: { readonly limit: readonly string[]; readonly after: readonly string[] },
  { lists, key }: { readonly lists: BegunLists; readonly key: string | undefined },
): Page {
  const count = limit[0] === undefined ? USUAL : Number(limit[0])
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new ApiRefused(400, `"limit" is a number from 1 to ${MOST}.`)
  if (key === undefined) return { limit: count, after: after[0] }
  const question = Object.entries(context.req.queries()).filter(([name]) => name !== 'limit' && name !== 'after')
  return lists.page({ limit: count, after: after[0] }, JSON.stringify([key, context.req.path, question]))
}

/** Values that have to be among those that there are. Throws ApiRefused. */
export function among(name: string, values: readonly string[], known: readonly string[]): void {
  const strange = values.find((value) => !known.includes(value))
  if (strange !== undefined)
    throw new ApiRefused(400, `"${name}" has no value "${strange.slice(0, 50)}". There are ${known.join(', ')}.`)
}

/** The JSON object that a request brings. Throws ApiRefused. */
export async function readJson(
  context: Context<{ Bindings: HttpBindings }>,
  dashboard: Pick<Dashboard, 'bodies' | 'addressOf'>,
): Promise<JsonObject> {
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? ''))
    throw new ApiRefused(415, 'It is sent as application/json.')
  // Without a length it could go on and on.
  if (!(Number(context.req.header('content-length') ?? Number.NaN) <= MOST_BODY))
    throw new ApiRefused(413, `It has more than ${MOST_BODY} bytes, or does not say how many.`)
  const { incoming } = context.env
  const read = await dashboard.bodies.read(incoming, { kind: 'people', address: dashboard.addressOf(incoming) })
  if (!read.ok && read.status === 503) throw new ApiRefused(503, read.why, { 'retry-after': '2' })
  if (!read.ok) throw new ApiRefused(read.status === 413 ? 413 : 400, read.why)
  try {
    const value: unknown = JSON.parse(textOfBody(read.bytes) ?? '')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    // Told below.
  }
  throw new ApiRefused(400, 'Its body is no JSON object.')
}
