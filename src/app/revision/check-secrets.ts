import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { wrongSecretKind } from '../../lang/secret-kind.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { isShort, secretReader, shown } from '../reach/secrets.ts'
import { isAtHand, secretReferences } from './secret-references.ts'

/**
 * What can be said of the secrets of an inventory without asking anybody for one: that their kind or a command is not there, and that
 * one which happens to be at hand is too short. Those that cannot be read here are nobody's fault: a pipeline has none.
 */
export async function checkSecrets(project: Project, fleet: Fleet): Promise<readonly Diagnostic[]> {
  const { commands } = project.settings.secrets
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const found: Diagnostic[] = []
  for (const [reference, { device, path }] of firstUses(fleet)) {
    // Where it stands is looked for when there is something to say of it: for each of a large fleet that takes long.
    const place = () => sourceOf(fleet, device, path)
    const wrong = wrongSecretKind(reference) ?? unknownCommand(reference, Object.keys(commands))
    if (wrong) found.push({ ...wrong, severity: 'error', ...place() })
    // An encrypted value in the inventory costs a key exchange each; a file of them one.
    if (!isAtHand(reference) || isSealedHere(reference)) continue
    const secret = await secrets.read(reference)
    if (!secret.ok || !isShort(secret.value)) continue
    const summary = `The secret "${shown(reference)}" has fewer than 4 characters`
    const detail = 'It is masked only where it stands alone: inside of other text it would be found everywhere.'
    found.push({ code: 'SECRET_SHORT', severity: 'warning', summary, detail, ...place() })
  }
  return found
}

function unknownCommand(
  reference: string,
  names: readonly string[],
): Pick<Diagnostic, 'code' | 'summary' | 'detail'> | undefined {
  const [, command] = /^command:([^/]*)/.exec(reference) ?? []
  if (command === undefined || names.includes(command)) return undefined
  const summary = `"${command}" is no command under secrets.commands of tillwright.yaml`
  const detail = names.length === 0 ? 'There are none.' : `There are: ${names.join(', ')}.`
  return { code: 'INV_REFERENCE_UNKNOWN', summary, detail }
}

interface Use {
  readonly device: Device
  readonly path: string
}

function firstUses(fleet: Fleet): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>()
  for (const device of fleet.devices.values()) {
    for (const [reference, path] of secretReferences(device)) {
      if (!uses.has(reference)) uses.set(reference, { device, path })
    }
  }
  return uses
}

function isSealedHere(reference: string): boolean {
  return reference.startsWith('age:') && !reference.includes('#')
}

function sourceOf(fleet: Fleet, device: Device, path: string): Pick<Diagnostic, 'source'> {
  const values = fleet.explain(device.name)
  const source = (values.get(`${path}.secret`) ?? values.get(path))?.source
  return source ? { source } : {}
}
