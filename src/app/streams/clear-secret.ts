import { InputError } from '../../core/diagnostic.ts'
import type { SourceRange } from '../../core/source.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader } from '../reach/secrets.ts'

/** A secret in clear, for a broker or an address; `what` it is for. Throws InputError with SECRET_UNREADABLE. */
export async function clearSecret(
  project: Project,
  reference: string,
  { what, source }: { readonly what: string; readonly source: SourceRange },
): Promise<string> {
  const reader = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const read = await reader.read(reference)
  if (read.ok) return read.value.reveal()
  const summary = `${what} cannot be spoken to: ${read.failure.message}`
  const detail = `It is read from "${reference}", as this entry says.`
  throw new InputError([{ code: 'SECRET_UNREADABLE', severity: 'error', summary, detail, source }])
}
