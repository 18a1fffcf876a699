import { createHash } from 'node:crypto'
import type { Account, LocalAccount } from '../../core/account.ts'
import { type Diagnostic, InputError, NotNow } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader, shown } from '../reach/secrets.ts'
import { holds } from '../revision/selection.ts'
import { readHash } from './password-hash.ts'

/** An account with its hash or the digest of its token; one of a provider has neither. */
export interface KnownAccount {
  readonly account: Account
  readonly hash?: NonNullable<ReturnType<typeof readHash>>
  /** sha256 of its token. */
  readonly token?: Buffer
  /** Another one where its password or token is another. */
  readonly proof: string
}

/** Whether a device of a fleet exists for an account; undefined: all do. */
export function seesIn({ devices }: Account, fleet: Fleet): ((device: Device) => boolean) | undefined {
  return devices && ((device) => holds(devices, fleet, device))
}

/** Shorter ones are found by trying. */
const SHORTEST_TOKEN = 16

/**
 * Reads hashes and tokens of accounts, anew each time. Throws InputError with each that cannot be used; NotNow where nothing is
 * wrong but that some cannot be read.
 */
export async function openAccounts(project: Project): Promise<ReadonlyMap<string, KnownAccount>> {
  const { known, wrong, unread } = await readAccounts(project)
  if (wrong.length > 0) throw wrong.length === unread.size ? new NotNow(wrong) : new InputError(wrong)
  return known
}

/** Accounts that can be used, what is wrong with the others, and the names of those whose secret cannot be read. */
export async function readAccounts(project: Project): Promise<{
  readonly known: ReadonlyMap<string, KnownAccount>
  readonly wrong: readonly Diagnostic[]
  readonly unread: ReadonlySet<string>
}> {
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const wrong: Diagnostic[] = []
  const unread = new Set<string>()
  const known = new Map<string, KnownAccount>()
  for (const account of project.settings.server().accounts) {
    const { proof } = account
    const reference = proof.kind === 'password' ? proof.hash : proof.secret
    const text = await textOf(reference, secrets)
    if ('why' in text) unread.add(account.name)
    const opened = 'why' in text ? text : openedOf(account, text.text)
    const twin = 'why' in opened || !opened.token ? undefined : [...known.values()].find((one) => isSame(one, opened))
    if ('why' in opened) wrong.push(unusable(account, opened.why, opened.detail))
    else if (twin)
      wrong.push(unusable(account, `it has the token of "${twin.account.name}"`, 'Who is asking could not be told.'))
    else known.set(account.name, opened)
  }
  return { known, wrong, unread }
}

interface Trouble {
  readonly why: string
  readonly detail: string
}

async function textOf(
  reference: string,
  secrets: ReturnType<typeof secretReader>,
): Promise<{ readonly text: string } | Trouble> {
  if (reference.startsWith('scrypt:')) return { text: reference }
  const secret = await secrets.read(reference)
  if (secret.ok) return { text: secret.value.reveal() }
  return { why: `"${shown(reference)}" cannot be read`, detail: secret.failure.message }
}

function openedOf(account: LocalAccount, text: string): KnownAccount | Trouble {
  const common = { account, proof: digestOf(text).toString('hex') }
  if (account.proof.kind === 'token') {
    if (Buffer.byteLength(text) >= SHORTEST_TOKEN) return { ...common, token: digestOf(text) }
    return {
      why: `its token has fewer than ${SHORTEST_TOKEN} characters`,
      detail: 'Make a long one: openssl rand -hex 32',
    }
  }
  const hash = readHash(text)
  if (hash) return { ...common, hash }
  return { why: 'its password is no hash that can be used', detail: 'Make one of the password: till account hash' }
}

function isSame({ token: one }: KnownAccount, { token: other }: KnownAccount): boolean {
  return one !== undefined && other !== undefined && one.equals(other)
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function unusable({ name, source }: Account, why: string, detail: string): Diagnostic {
  return { code: 'SERVER_INVALID', severity: 'error', summary: `Account "${name}": ${why}`, detail, source }
}
