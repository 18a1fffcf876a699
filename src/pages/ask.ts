/** Whoever is signed in. */
export interface Who {
  readonly account: string
  readonly role: string
  readonly rights: readonly string[]
  readonly sees: 'all' | 'some'
  readonly csrf: string
}

/** A question that was refused; `status` 401: nobody is signed in. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, why: string) {
    super(why)
    this.status = status
  }
}

let csrf = ''
let rights: readonly string[] = []

/** From now on what changes something is sent with it. */
export function signedIn(who: Who | undefined): void {
  csrf = who?.csrf ?? ''
  rights = who?.rights ?? []
}

/** Whether who is signed in may do so; the server asks again. */
export function mayDo(right: string): boolean {
  return rights.includes(right)
}

interface Asking {
  readonly method?: string
  readonly body?: unknown
  /** Nobody did something: it keeps no session alive. */
  readonly isBackground?: boolean
  readonly signal?: AbortSignal
}

/** Asks the server. Throws Refused. */
export async function ask<T>(path: string, { method = 'GET', body, isBackground, signal }: Asking = {}): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    ...(signal && { signal }),
    headers: {
      ...(method !== 'GET' && { 'x-till-csrf': csrf }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(isBackground && { 'x-till-background': '1' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const json = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refused(answer.status, String(json.why ?? answer.status))
  return json as T
}
