import type { Context } from 'hono'

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
