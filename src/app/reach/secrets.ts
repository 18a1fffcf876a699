import pLimit from 'p-limit'
import { fail, type Result } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import type { SecretSource } from '../../core/ports.ts'
import type { Secret } from '../../core/secret.ts'
import { type Masker, SHORTEST_SECRET } from '../../engine/journal/mask.ts'
import { isAtHand, secretReferences } from '../revision/secret-references.ts'

const AGAIN_MS = 1_000
/** Secrets read at a time: sources may start programs. */
const AT_ONCE = 16

/** Secrets of a process. */
export interface SecretReader {
  /** The secret of a reference, `scheme:name`. */
  read(reference: string): Promise<Result<Secret>>
  /** Reads it anew, at most once a second: somebody may have changed it. */
  again(reference: string): Promise<void>
}

/**
 * Reads `scheme:reference` once a process, has the masker know what came of it, and says so where it is too short to be
 * masked everywhere. The answer is a Failure with SECRET_UNREADABLE when the scheme is unknown or the source has none, and
 * what else the source fails with.
 */
export function secretReader(
  sources: readonly SecretSource[],
  masker: Masker,
  warn: (text: string) => void = () => undefined,
): SecretReader {
  const known = new Map<string, Promise<Result<Secret>>>()
  const limit = pLimit(AT_ONCE)
  const againAt = new Map<string, number>()
  function readNow(reference: string): Promise<Result<Secret>> {
    const secret = limit(() => read(sources, reference)).then((result) => {
      if (result.ok) masker.add(result.value)
      if (result.ok && isShort(result.value)) warn(shortSecret(reference))
      return result
    })
    known.set(reference, secret)
    return secret
  }
  return {
    read: (reference) => known.get(reference) ?? readNow(reference),
    async again(reference) {
      if (performance.now() < (againAt.get(reference) ?? 0)) {
        await known.get(reference)
        return
      }
      againAt.set(reference, performance.now() + AGAIN_MS)
      const before = await known.get(reference)
      // What cannot be read any more must not take the place of what could.
      const now = await readNow(reference)
      if (!now.ok && before?.ok) known.set(reference, Promise.resolve(before))
    },
  }
}

/** Reads what is at hand of a device's secrets; what cannot be read fails whoever needs it. */
export async function learnSecrets(
  device: Device,
  readSecret: (reference: string) => Promise<Result<Secret>>,
): Promise<void> {
  await Promise.all([...secretReferences(device).keys()].filter(isAtHand).map(readSecret))
}

export function isShort(secret: Secret): boolean {
  return Buffer.byteLength(secret.reveal()) < SHORTEST_SECRET
}

/** What is said of a secret that cannot be masked everywhere. */
export function shortSecret(reference: string): string {
  return (
    `warning: the secret "${shown(reference)}" has fewer than ${SHORTEST_SECRET} characters: it is masked only where it ` +
    'stands alone. (SECRET_SHORT)'
  )
}

/** An encrypted value is long, and says nothing to anybody. */
export function shown(reference: string): string {
  return reference.length > 80 ? `${reference.slice(0, 40)}…` : reference
}

async function read(sources: readonly SecretSource[], reference: string): Promise<Result<Secret>> {
  const colon = reference.indexOf(':')
  const scheme = reference.slice(0, Math.max(colon, 0))
  const source = sources.find((candidate) => candidate.name === scheme)
  if (source) return source.read(reference.slice(colon + 1))
  const message = `"${scheme}" is no source of secrets; there are ${sources.map((s) => s.name).join(' and ')}, written "env:NAME".`
  return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message })
}
