import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './git.ts'
import type { CommitFacts } from './judge-range.ts'
import { answered, inOwnFolder, toolEnvironment } from './program-tools.ts'

/** Authorities whose certificates are trusted to sign, and for whom. */
export interface X509Authorities {
  /** Their certificates, PEM. */
  readonly authorities: Buffer
  /** Their lists of revoked certificates (CRL, PEM); empty where none is looked at. */
  readonly revocations: Buffer
  /** Addresses of e-mail that a certificate has to be for; an address is the name of its signer. */
  readonly signers: readonly string[]
}

type Verdict = CommitFacts['signer']

/** How `openssl cms -verify` ends that has an answer: verified, its input is no CMS, it does not verify (openssl-cms(1)). */
const CMS_ANSWERS = [0, 2, 4]
/** How `openssl verify` ends that has an answer: verified, not verified (apps/verify.c of OpenSSL). */
const VERIFY_ANSWERS = [0, 2]
/** Digests of a message that nobody can make a second text for. */
const SOUND_DIGESTS: ReadonlySet<string> = new Set(['sha256', 'sha384', 'sha512'])

const ARMOR = /^-----BEGIN SIGNED MESSAGE-----\n([A-Za-z0-9+/=\n]+)-----END SIGNED MESSAGE-----\n$/

/**
 * Verifies a signature of gpgsm, smimesign or another program of S/MIME (RFC 5652, RFC 8551) with the named authorities and no
 * others, as of the time at which it was received. A certificate that is revoked by now is not taken, whenever it signed: what was
 * stolen can be dated back. Throws ToolMissing, ToolBroken.
 */
export async function verifyX509(
  signature: { readonly armored: string; readonly payload: Buffer },
  trusted: X509Authorities | undefined,
  options: { readonly scratch: string; readonly at: Date },
): Promise<Verdict> {
  if (trusted === undefined)
    return { kind: 'unknown-signer', detail: 'it is signed by an X.509 certificate, for which nobody is trusted here' }
  const body = ARMOR.exec(signature.armored)?.[1]
  if (body === undefined) return bad('its signature by an X.509 certificate cannot be read')
  return inOwnFolder(options.scratch, 'x509-', async (folder) => {
    const files = { 'signature.der': Buffer.from(body, 'base64'), message: signature.payload }
    const lists = { 'authorities.pem': trusted.authorities, 'revocations.pem': trusted.revocations }
    for (const [name, bytes] of Object.entries({ ...files, ...lists })) await writeFile(join(folder, name), bytes)
    return verifyIn(folder, trusted, options.at)
  })
}

const bad = (detail: string): Verdict => ({ kind: 'bad-signature', detail })

async function verifyIn(folder: string, { signers, revocations }: X509Authorities, at: Date): Promise<Verdict> {
  // Authorities of the machine, which are those of the web, are none of ours.
  const env = { ...toolEnvironment(), SSL_CERT_DIR: join(folder, 'none'), SSL_CERT_FILE: join(folder, 'none.pem') }
  const openssl = async (args: readonly string[], codes: readonly number[]) =>
    answered('openssl', await runProgram('openssl', args, { cwd: folder, env, timeoutMs: 60_000 }), codes)
  const input = ['-inform', 'DER', '-in', 'signature.der']
  const anchors = ['-CAfile', 'authorities.pem', '-no-CApath', '-purpose', 'smimesign', '-auth_level', '2']
  const found = ['-signer', 'signer.pem', '-certsout', 'others.pem', '-out', '/dev/null']
  const seconds = `${Math.floor(at.getTime() / 1000)}`
  const message = ['-binary', '-content', 'message', '-attime', seconds]
  const verified = await openssl(['cms', '-verify', ...input, ...message, ...anchors, ...found], CMS_ANSWERS)
  if (verified.code !== 0) return notVerified(verified.stderr)
  const weak = weakDigest((await openssl(['cms', '-cmsout', '-print', '-noout', ...input], [0])).stdout.toString())
  if (weak !== undefined) return bad(`its signature is over a digest by ${weak}, which does not hold`)
  if (revocations.length > 0) {
    const lists = ['-crl_check_all', '-CRLfile', 'revocations.pem', '-untrusted', 'others.pem', '-no_check_time']
    const standing = await openssl(['verify', ...anchors, ...lists, 'signer.pem'], VERIFY_ANSWERS)
    if (standing.code !== 0) return bad(`its certificate is not taken: ${reasonOf(standing.stderr)}`)
  }
  return signerOf(await readFile(join(folder, 'signer.pem'), 'latin1'), signers)
}

function notVerified(stderr: string): Verdict {
  // An authority that is not listed makes a stranger, as a key that is not listed does.
  return /unable to get (?:local )?issuer certificate|self-signed certificate|self signed certificate/.test(stderr)
    ? { kind: 'unknown-signer', detail: 'no authority that is trusted here has issued its X.509 certificate' }
    : bad(`its signature by an X.509 certificate does not verify: ${reasonOf(stderr)}`)
}

/** What OpenSSL says in words; the head of its lines is of use to its authors. */
function reasonOf(stderr: string): string {
  const reason =
    /Verify error:\s*(.+)$/m.exec(stderr)?.[1] ?? /^error \d+ at \d+ depth lookup: (.+)$/m.exec(stderr)?.[1]
  const last = reason ?? /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(stderr)?.[1] ?? stderr.trim()
  return last.slice(0, 200)
}

/** What a signer digested the message by, where that is no sound one; read from what `openssl cms -cmsout -print` prints of each. */
function weakDigest(printed: string): string | undefined {
  const digests = [...printed.matchAll(/^\s*digestAlgorithm: *\n\s*algorithm: (\S+)/gm)].map(([, name = '']) => name)
  return digests.length === 0 ? 'nothing that is known' : digests.find((name) => !SOUND_DIGESTS.has(name))
}

function signerOf(pem: string, signers: readonly string[]): Verdict {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  if (certificates.length !== 1) return bad(`it is signed by ${certificates.length} certificates, and one is taken`)
  const certificate = new X509Certificate(certificates[0] ?? '')
  const principals = signers.filter((signer) => certificate.checkEmail(signer) !== undefined)
  const fingerprint = certificate.fingerprint256.replaceAll(':', '')
  return principals.length > 0
    ? { principals, fingerprint }
    : { kind: 'unknown-signer', detail: `nobody in x509.signers has the certificate ${fingerprint}` }
}
