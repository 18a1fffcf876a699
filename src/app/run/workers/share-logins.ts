/** Someone with a gate of its own. */
export interface LoginParty {
  readonly logins: number
  /** Resolves when it has no more than `limit` logins under way. */
  setLogins(limit: number): Promise<void>
}

/**
 * Divides the logins of a run among those who work on it. Never are more under way than `total`: whoever is to have
 * fewer gives back first, and only then do the others get theirs.
 */
export async function shareLogins(total: number, parties: readonly LoginParty[]): Promise<void> {
  const each = Math.floor(total / Math.max(1, parties.length))
  const rest = total - each * parties.length
  const shares = parties.map((party, index) => ({ party, share: each + (index < rest ? 1 : 0) }))
  const fewer = shares.filter(({ party, share }) => share < party.logins)
  await Promise.all(fewer.map(({ party, share }) => party.setLogins(share)))
  const more = shares.filter(({ party, share }) => share > party.logins)
  await Promise.all(more.map(({ party, share }) => party.setLogins(share)))
}
