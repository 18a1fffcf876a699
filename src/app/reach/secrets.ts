import pLimit from 'p-limit'
import { fail, type Result } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import type { SecretSource } from '../../core/ports.ts'
import type { Secret } from '../../core/secret.ts'
import { type Masker, SHORTEST_SECRET } from '../../engine/journal/mask.ts'
import { secretFile } from '../../secrets/file.ts'
import type { Project } from '../project.ts'
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

/** What a process knows of its secrets, whichever run it was read for. */
interface KnownSecrets {
  /** The last value that could be read. */
  readonly good: Map<string, Result<Secret> & { readonly ok: true }>
  /** Told of a secret that has another value than before. */
  readonly changed: (reference: string) => void
}

/** What was read so long ago is read anew for a run that begins; until then runs share it, since sources may start programs. */
const FRESH_MS = 10_000

/**
 * Secrets of a process that may live for months. Each call gives those of a run that begins now: they are what they were when the run
 * began, and the next one sees what somebody has changed since; at once where `revision` is another one. What can no longer be read is
 * what it was. `changed` is told of secrets that have another value by now.
 */
export function lastingSecrets(
  sources: readonly SecretSource[],
  masker: Masker,
  { warn, changed }: { readonly warn: (text: string) => void; readonly changed: (reference: string) => void },
): (revision: object) => SecretReader {
  const told = new Set<string>()
  const once = (text: string): void => {
    if (!told.has(text)) warn(text)
    told.add(text)
  }
  const known: KnownSecrets = { good: new Map(), changed }
  let reader: SecretReader | undefined
  let opened: { readonly at: number; readonly revision: object } | undefined
  return (revision) => {
    if (!reader || opened?.revision !== revision || performance.now() - opened.at >= FRESH_MS) {
      reader = secretReader(sources, masker, once, known)
      opened = { at: performance.now(), revision }
    }
    return reader
  }
}

/**
 * Reads each `scheme:reference` once, has the masker know what came of it, and says so where it is too short to be
 * masked everywhere. The answer is a Failure with SECRET_UNREADABLE when the scheme is unknown or the source has none, and
 * what else the source fails with.
 */
export function secretReader(
  sources: readonly SecretSource[],
  masker: Masker,
  warn: (text: string) => void = () => undefined,
  { good, changed }: KnownSecrets = { good: new Map(), changed: () => undefined },
): SecretReader {
  const known = new Map<string, Promise<Result<Secret>>>()
  const limit = pLimit(AT_ONCE)
  const againAt = new Map<string, number>()
  async function readAndNote(reference: string): Promise<Result<Secret>> {
    const result = await limit(() => read(sources, reference))
    const before = good.get(reference)
    // What cannot be read any more must not take the place of what could.
    if (!result.ok) return before ?? result
    good.set(reference, result)
    masker.add(result.value)
    if (isShort(result.value)) warn(shortSecret(reference))
    if (before && before.value.reveal() !== result.value.reveal()) changed(reference)
    return result
  }
  function readNow(reference: string): Promise<Result<Secret>> {
    const secret = readAndNote(reference)
    known.set(reference, secret)
    return secret
  }
  return {
    read: (reference) => known.get(reference) ?? readNow(reference),
    async again(reference) {
      const isSoon = performance.now() < (againAt.get(reference) ?? 0)
      if (!isSoon) againAt.set(reference, performance.now() + AGAIN_MS)
      await (isSoon ? known.get(reference) : readNow(reference))
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

/** Files of secrets that tillwright.yaml names. */
export function secretFilesOf({ settings }: Project): readonly string[] {
  return settings.secretFiles().map(secretFile)
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
