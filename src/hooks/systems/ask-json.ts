import type { JsonValue } from '../../core/json.ts'
import { boundedBody } from '../bounded-body.ts'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 64 * 1024 * 1024

export type Asked =
  | { readonly ok: true; readonly value: JsonValue }
  /** In words, without anything secret. */
  | {
      readonly ok: false
      readonly why: string
      readonly status?: number
      /** It has answered, and what was asked is refused; else it is not known what came of it. */
      readonly isRefusal?: boolean
    }

/** Asks a system of monitoring; what it cannot say is a value. It is not followed to another place. */
export async function askJson(
  url: string,
  options: {
    readonly token?: string | undefined
    readonly body?: string
    readonly type?: string
    /** Default: POST with a body, GET without. */
    readonly method?: 'DELETE'
    readonly timeoutMs?: number
  } = {},
): Promise<Asked> {
  const { token, body, type = 'application/json', method = body === undefined ? 'GET' : 'POST' } = options
  const { timeoutMs = TIMEOUT_MS } = options
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': type }),
  }
  try {
    const answer = await fetch(url, {
      headers,
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { body }),
    })
    const bytes = await boundedBody(answer, MOST_BYTES)
    if (bytes === undefined) return { ok: false, why: 'its answer has no end' }
    if (!answer.ok) return { ok: false, why: `it answers ${answer.status}`, status: answer.status }
    if (/^text\/html/i.test(answer.headers.get('content-type') ?? ''))
      return { ok: false, why: 'it answers with a page of HTML, such as a sign-in, and not with JSON' }
    const text = bytes.toString('utf8')
    return { ok: true, value: text === '' ? null : (JSON.parse(text) as JsonValue) }
  } catch (error) {
    return { ok: false, why: reasonOf(error, timeoutMs) }
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return `it does not answer within ${timeoutMs / 1000} s`
  if (name === 'SyntaxError') return 'its answer is not JSON'
  return `it cannot be reached (${cause?.code ?? cause?.message ?? name ?? 'unknown'})`
}
