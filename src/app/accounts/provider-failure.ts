/**
 * Why somebody was not signed in by a provider: `away`, it cannot be asked; `denied`, it does not let that one in; `refused`, what it
 * answered does not hold; `setup`, it and this server are not set up for each other.
 */
export type ProviderReason = 'away' | 'denied' | 'refused' | 'setup'

/** A sign-in that failed at the provider. Its message is for the log of the server, and holds nothing of a token. */
export class ProviderFailed extends Error {
  readonly reason: ProviderReason

  constructor(reason: ProviderReason, told: string) {
    super(told)
    this.reason = reason
  }
}

/** OAuth 2.0 (RFC 6749, 4.1.2.1 and 5.2) and OpenID Connect Core 1.0 (3.1.2.6); what else there is lies with how it is set up. */
const REASONS: Readonly<Record<string, ProviderReason>> = {
  access_denied: 'denied',
  login_required: 'denied',
  interaction_required: 'denied',
  account_selection_required: 'denied',
  consent_required: 'denied',
  temporarily_unavailable: 'away',
  server_error: 'away',
  invalid_grant: 'refused',
}
const MOST_TOLD = 200

/** What openid-client, or fetch below it, fails with. */
export function failureOf(error: unknown): ProviderFailed {
  const chain = causesOf(error)
  const own = chain.find((one) => one instanceof ProviderFailed)
  if (own) return own
  if (chain.some(isOfNetwork)) return new ProviderFailed('away', `it cannot be reached (${networkReason(chain)})`)
  const words = chain.flatMap((one) => (one instanceof Error ? [one.message] : []))
  // The words of the library name claims, and not what they hold.
  const told = [...new Set(words)].join(': ').slice(0, MOST_TOLD)
  return answerOf(chain) ?? new ProviderFailed(chain[0] instanceof TypeError ? 'setup' : 'refused', told)
}

/** What the provider has answered in place of what was asked for. */
function answerOf(chain: readonly unknown[]): ProviderFailed | undefined {
  const { error: named, status } = (chain[0] ?? {}) as { error?: unknown; status?: unknown }
  const answer = chain.find((one) => one instanceof Response)
  const told = typeof status === 'number' ? status : answer?.status
  const isAway = told !== undefined && (told >= 500 || told === 429)
  if (typeof named === 'string')
    return new ProviderFailed(
      isAway ? 'away' : (REASONS[named] ?? 'setup'),
      `it answers "${named.slice(0, MOST_TOLD)}"`,
    )
  return told === undefined ? undefined : new ProviderFailed(isAway ? 'away' : 'setup', `it answers ${told}`)
}

function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = []
  for (let one = error; one !== undefined && one !== null && chain.length < 8; one = (one as { cause?: unknown }).cause)
    chain.push(one)
  return chain
}

function isOfNetwork(error: unknown): boolean {
  const { message, name, code } = error as { message?: unknown; name?: unknown; code?: unknown }
  return message === 'fetch failed' || message === 'terminated' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT'
}

function networkReason(chain: readonly unknown[]): string {
  const last = chain.at(-1) as { code?: unknown; name?: unknown }
  return String(last.code ?? last.name ?? 'unknown').slice(0, MOST_TOLD)
}
