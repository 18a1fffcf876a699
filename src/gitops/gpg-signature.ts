import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './git.ts'
import type { CommitFacts } from './judge-range.ts'
import { answered, inOwnFolder, toolEnvironment } from './program-tools.ts'

/** Keys of GnuPG that are trusted: nothing of a web of trust, each by its fingerprint. */
export interface GpgKeys {
  /** The public keys, as `gpg --export` writes them. */
  readonly keys: Buffer
  /** Who has the key with a fingerprint (of the primary key, upper case). */
  readonly signers: ReadonlyMap<string, string>
}

type Verdict = CommitFacts['signer']

/** How gpg ends: all is well, a signature is bad, or something else is not as it should be, such as a key that is not there (gpg(1)). */
const GPG_ANSWERS = [0, 1, 2]

const OPTIONS = ['--batch', '--no-options', '--no-auto-key-retrieve', '--no-auto-key-locate', '--disable-dirmngr']
/** Words of gpg that take a signature back although it is sound: of a key that has expired or was revoked. */
const NOT_VALID = /^\[GNUPG:\] (EXPSIG|EXPKEYSIG|REVKEYSIG|BADSIG|ERRSIG|KEYREVOKED)\b/m

/** Verifies a signature of GnuPG with the pinned keys and no others, as of the time at which it was received. */
export async function verifyGpg(
  signature: { readonly armored: string; readonly payload: Buffer },
  keys: GpgKeys | undefined,
  options: { readonly scratch: string; readonly at: Date },
): Promise<Verdict> {
  if (keys === undefined)
    return { kind: 'unknown-signer', detail: 'it is signed by GnuPG, for which nobody is trusted' }
  return inOwnFolder(options.scratch, 'gpg-', (home) => verifyIn(home, signature, { keys, at: options.at }))
}

async function verifyIn(
  home: string,
  signature: { readonly armored: string; readonly payload: Buffer },
  { keys, at }: { readonly keys: GpgKeys; readonly at: Date },
): Promise<Verdict> {
  await chmod(home, 0o700)
  await writeFile(join(home, 'keys'), keys.keys)
  await writeFile(join(home, 'signature'), signature.armored)
  const gpg = (args: readonly string[], input: Buffer | string = '') =>
    runProgram('gpg', [...OPTIONS, '--homedir', home, ...args], { env: toolEnvironment(), input, timeoutMs: 60_000 })
  answered('gpg', await gpg(['--no-autostart', '--import', join(home, 'keys')]), GPG_ANSWERS)
  const seconds = Math.floor(at.getTime() / 1000)
  const verify = ['--faked-system-time', `${seconds}`, '--trust-model', 'always', '--status-fd', '1']
  const asked = await gpg([...verify, '--verify', join(home, 'signature'), '-'], signature.payload)
  const ended = answered('gpg', asked, GPG_ANSWERS)
  return verdictOf(ended.code, ended.stdout.toString(), keys)
}

function verdictOf(code: number | null, status: string, { signers }: GpgKeys): Verdict {
  const valid = [...status.matchAll(/^\[GNUPG:\] VALIDSIG (.+)$/gm)].map(([, fields = '']) => fields.split(' '))
  if (code !== 0 || valid.length !== 1 || NOT_VALID.test(status)) {
    const detail = 'its signature by GnuPG does not verify, or the key has expired or is revoked'
    return { kind: status.includes(' NO_PUBKEY ') ? 'unknown-signer' : 'bad-signature', detail }
  }
  // The last field is the primary key, the first the one that signed (doc/DETAILS of GnuPG).
  const fingerprint = valid[0]?.at(-1) ?? ''
  const name = signers.get(fingerprint)
  return name === undefined
    ? { kind: 'unknown-signer', detail: `nobody in the list of signers has the key ${fingerprint} of GnuPG` }
    : { principals: [name], fingerprint }
}
