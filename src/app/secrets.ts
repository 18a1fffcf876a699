import { fail, type Result } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import type { Secret } from '../core/secret.ts'
import type { Masker } from '../engine/mask.ts'

/**
 * Reads `scheme:reference` once a process, and has the masker know what came of it.
 * The answer is a Failure with SECRET_UNREADABLE when the scheme is unknown or the source has none.
 */
export function secretReader(
  sources: readonly SecretSource[],
  masker: Masker,
): (reference: string) => Promise<Result<Secret>> {
  const known = new Map<string, Promise<Result<Secret>>>()
  return (reference) => {
    let secret = known.get(reference)
    if (!secret) {
      secret = read(sources, reference).then((result) => {
        if (result.ok) masker.add(result.value)
        return result
      })
      known.set(reference, secret)
    }
    return secret
  }
}

async function read(sources: readonly SecretSource[], reference: string): Promise<Result<Secret>> {
  const colon = reference.indexOf(':')
  const scheme = reference.slice(0, Math.max(colon, 0))
  const source = sources.find((candidate) => candidate.name === scheme)
  if (source) return source.read(reference.slice(colon + 1))
  const message = `"${scheme}" is no source of secrets; there are ${sources.map((s) => s.name).join(' and ')}, written "env:NAME".`
  return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message })
}
