/** What may be read by the three steps of a status request. */
export const STATUS_TYPES = Object.freeze(['device', 'fiscal_memory', 'protected_memory'] as const)
export type StatusType = (typeof STATUS_TYPES)[number]

/** A request that may be sent: a method, a path and a body that are known beforehand. */
export interface NoviRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: string
}

const bodyOf = (type: StatusType): string => JSON.stringify({ status: { type } })
const STATUS_BODIES: readonly string[] = Object.freeze(STATUS_TYPES.map(bodyOf))

/**
 * All that is ever sent to NoviAPI 1.0.4: questions, a token, and what becomes of a status request of our own. Nothing
 * that prints, configures, or touches the requests of a till: `DELETE /queue` empties its queue.
 */
const ALLOWED: readonly {
  readonly method: NoviRequest['method']
  readonly path: RegExp
  readonly bodies?: readonly string[]
}[] = Object.freeze([
  { method: 'GET', path: /^\/api\/v1$/ },
  { method: 'GET', path: /^\/api\/v1\/token$/ },
  { method: 'PATCH', path: /^\/api\/v1\/token$/ },
  { method: 'GET', path: /^\/api\/v1\/queue$/ },
  { method: 'POST', path: /^\/api\/v1\/status$/, bodies: STATUS_BODIES },
  { method: 'PUT', path: /^\/api\/v1\/status\/[0-9A-Za-z]{1,64}$/ },
  { method: 'GET', path: /^\/api\/v1\/status\/[0-9A-Za-z]{1,64}\?timeout=\d{1,5}$/ },
  { method: 'DELETE', path: /^\/api\/v1\/status\/[0-9A-Za-z]{1,64}$/ },
])

/** Whether a request is one of those. */
export function isAllowed({ method, path, body }: NoviRequest): boolean {
  return ALLOWED.some(
    (one) =>
      one.method === method &&
      one.path.test(path) &&
      (one.bodies === undefined ? body === undefined : body !== undefined && one.bodies.includes(body)),
  )
}

export const REQUESTS = Object.freeze({
  test: (): NoviRequest => ({ method: 'GET', path: '/api/v1' }),
  token: (): NoviRequest => ({ method: 'GET', path: '/api/v1/token' }),
  refresh: (): NoviRequest => ({ method: 'PATCH', path: '/api/v1/token' }),
  queue: (): NoviRequest => ({ method: 'GET', path: '/api/v1/queue' }),
  post: (type: StatusType): NoviRequest => ({ method: 'POST', path: '/api/v1/status', body: bodyOf(type) }),
  confirm: (id: string): NoviRequest => ({ method: 'PUT', path: `/api/v1/status/${id}` }),
  look: (id: string, timeoutMs: number): NoviRequest => ({
    method: 'GET',
    path: `/api/v1/status/${id}?timeout=${timeoutMs}`,
  }),
  remove: (id: string): NoviRequest => ({ method: 'DELETE', path: `/api/v1/status/${id}` }),
})
