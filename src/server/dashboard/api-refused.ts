import type { Context } from 'hono'
import { type Diagnostic, InputError, isUnusable, NotNow } from '../../core/diagnostic.ts'
import { AGAIN } from '../state-away.ts'

/** A question that is refused, with the reason for people. */
export class ApiRefused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 503
  readonly headers: Readonly<Record<string, string>>

  constructor(status: ApiRefused['status'], why: string, headers: Readonly<Record<string, string>> = {}) {
    super(why)
    this.status = status
    this.headers = headers
  }
}

export const notFound = (what: string): ApiRefused => new ApiRefused(404, `There is no ${what}.`)

/** The answer to it. */
export function problem(context: Context, { status, message, headers }: ApiRefused): Response {
  return context.json({ schema: 'till.api-problem/1', status, why: message }, status, { ...headers })
}

/** What makes no sense, or not now, is told with its reason; `as` may tell it as something else. */
export async function tried<T>(
  work: () => Promise<T>,
  as: (first: Diagnostic) => ApiRefused | undefined = () => undefined,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isUnusable(error) || !(error instanceof InputError)) throw error
    const [first] = error.diagnostics
    const told = `${first?.summary ?? error.message}${first?.detail ? `: ${first.detail}` : ''}`
    const refused = error instanceof NotNow ? new ApiRefused(503, told, AGAIN) : new ApiRefused(409, told)
    throw (first && as(first)) ?? refused
  }
}
