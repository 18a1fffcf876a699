import { type LocalAccount, ROLES, type Role } from '../../core/account.ts'
import type { Project } from '../project.ts'
import { KnownAccounts } from './known-accounts.ts'
import { type KnownAccount, readAccounts } from './open-accounts.ts'

/**
 * Those whom both let in: what is in force, and a newer tillwright.yaml that something keeps from being in force. Each has the lesser
 * of two roles, and the password or token of the newer one. `fewer` names those who lose by it; of a provider all do where
 * anything else is said of whom it lets in.
 */
export async function narrowed(
  inForce: { readonly accounts: KnownAccounts; readonly project: Project },
  newer: Project,
): Promise<{ readonly accounts: KnownAccounts; readonly fewer: readonly string[] }> {
  const { accounts, project } = inForce
  const before = byName(project)
  const named = byName(newer)
  const { known, unread } = await readAccounts(newer)
  const fewer: string[] = []
  const own = new Map<string, KnownAccount>()
  for (const old of accounts.all()) {
    const { name, role } = old.account
    const [one, other] = [before.get(name), named.get(name)]
    // What cannot be read for now is as it was.
    const isOnlyAway = unread.has(name) && JSON.stringify(one?.proof) === JSON.stringify(other?.proof)
    const proven = isOnlyAway ? old : known.get(name)
    const least = lesser(role, one, other)
    if (least !== role || !proven) fewer.push(name)
    if (proven && least) own.set(name, { ...proven, account: { ...proven.account, role: least } })
  }
  const { provider } = accounts
  const isProviderSame = provider?.letsInAs(newer.settings.server().provider) === true
  if (provider && !isProviderSame) fewer.push(`everybody of ${provider.provider.name}`)
  return { accounts: new KnownAccounts(own, isProviderSame ? provider : undefined), fewer }
}

function byName(project: Project): ReadonlyMap<string, LocalAccount> {
  return new Map(project.settings.server().accounts.map((account) => [account.name, account]))
}

/** undefined: it is gone, or sees other devices by now. */
function lesser(role: Role, one: LocalAccount | undefined, other: LocalAccount | undefined): Role | undefined {
  if (!other || one?.devices?.text !== other.devices?.text || one?.partner !== other.partner) return undefined
  return ROLES.indexOf(role) < ROLES.indexOf(other.role) ? role : other.role
}
