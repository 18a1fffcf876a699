import type { CustomFetchOptions } from 'openid-client'
import { isLoopback } from '../../core/sign-in-provider.ts'
import { boundedBody } from '../../hooks/bounded-body.ts'
import { ProviderFailed } from './provider-failure.ts'

/** Keys and claims are a few kilobytes. */
const MOST_BYTES = 1024 * 1024

/** Asks a provider: over TLS or this machine, and no more is read than so. */
export async function boundedFetch(url: string, options: CustomFetchOptions): Promise<Response> {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'https:' && !isLoopback(hostname))
    throw new ProviderFailed('setup', 'it names an address that is not https')
  const answer = await fetch(url, options as RequestInit)
  const bytes = await boundedBody(answer, MOST_BYTES)
  if (bytes === undefined) throw new ProviderFailed('refused', 'its answer has no end')
  const { status, statusText, headers } = answer
  // These have no body (RFC 9110, 15.3.5 and 15.4.5).
  const body = [204, 205, 304].includes(status) ? null : bytes
  return new Response(body, { status, statusText, headers })
}
