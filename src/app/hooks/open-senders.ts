import { createHash } from 'node:crypto'
import { type Diagnostic, InputError, NotNow } from '../../core/diagnostic.ts'
import type { Secret } from '../../core/secret.ts'
import type { Sender } from '../../core/server-settings.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader, shown } from '../reach/secrets.ts'

/** A sender with its secret; one with a certificate has none. */
export interface KnownSender {
  readonly sender: Sender
  readonly secret?: Secret
}

/** Shorter ones are found by trying. */
const SHORTEST = 16

/**
 * Reads the secrets of those who may send, anew each time. Throws InputError with everyone whose secret cannot be read, is
 * too short, or is that of another one; NotNow where nothing is wrong but that some cannot be read.
 */
export async function openSenders(project: Project): Promise<readonly KnownSender[]> {
  const { known, wrong, unread } = await readSenders(project)
  if (wrong.length > 0) throw wrong.length === unread.size ? new NotNow(wrong) : new InputError(wrong)
  return known
}

/** Senders that can be used, what is wrong with the others, and the names of those whose secret cannot be read. */
export async function readSenders(project: Project): Promise<{
  readonly known: readonly KnownSender[]
  readonly wrong: readonly Diagnostic[]
  readonly unread: ReadonlySet<string>
}> {
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const wrong: Diagnostic[] = []
  const unread = new Set<string>()
  const digests = new Map<string, string>()
  const known: KnownSender[] = []
  const report = ({ name, source }: Sender, summary: string, detail: string): void => {
    wrong.push({ code: 'SERVER_INVALID', severity: 'error', summary: `"${name}": ${summary}`, detail, source })
  }
  for (const sender of project.settings.server().senders) {
    if (sender.proof.kind === 'certificate') {
      known.push({ sender })
      continue
    }
    const secret = await secrets.read(sender.proof.secret)
    if (!secret.ok) {
      unread.add(sender.name)
      report(sender, `its secret "${shown(sender.proof.secret)}" cannot be read`, secret.failure.message)
      continue
    }
    const text = secret.value.reveal()
    const isShort = Buffer.byteLength(text) < SHORTEST
    if (isShort)
      report(sender, `its secret has fewer than ${SHORTEST} characters`, 'Make a long one: openssl rand -hex 32')
    const digest = createHash('sha256').update(text).digest('hex')
    const other = digests.get(digest)
    if (other !== undefined) report(sender, `it has the secret of "${other}"`, 'Who is sending could not be told.')
    digests.set(digest, sender.name)
    if (!isShort && other === undefined) known.push({ sender, secret: secret.value })
  }
  return { known, wrong, unread }
}
