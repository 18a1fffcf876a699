import { boundedBody } from '../bounded-body.ts'

const TIMEOUT_MS = 15_000
const MOST_BYTES = 1024 * 1024

export type HttpAnswer =
  | { readonly ok: true; readonly status: number; readonly text: string; readonly afterMs: number | undefined }
  /** No answer; `sent`: the request may have arrived. */
  | { readonly ok: false; readonly why: string; readonly sent: boolean }

/** One request, which is not followed elsewhere. What is said of it holds nothing secret. */
export async function askHttp(
  url: string,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string | undefined
  },
): Promise<HttpAnswer> {
  const { method, headers, body } = request
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body }),
    })
    const bytes = await boundedBody(answer, MOST_BYTES)
    if (bytes === undefined) return { ok: false, why: 'its answer has no end', sent: true }
    const text = bytes.toString('utf8')
    return { ok: true, status: answer.status, text, afterMs: afterOf(answer.headers.get('retry-after')) }
  } catch (error) {
    const { name, cause } = error as { name?: string; cause?: { code?: string } }
    if (name === 'TimeoutError')
      return { ok: false, why: `it does not answer within ${TIMEOUT_MS / 1000} s`, sent: true }
    const code = cause?.code ?? 'unknown'
    const why = `it cannot be reached (${code})`
    // Nothing was sent where there was no connection yet.
    return {
      ok: false,
      why,
      sent: !['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(code),
    }
  }
}

function afterOf(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 3_600_000) : undefined
}

/** Whether a status may be another one the next time. */
export function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
