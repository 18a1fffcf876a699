import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import { readCertificates } from '../../devices/certificate/read-certificates.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import type { GitLogin } from '../../gitops/git.ts'
import type { Follow } from '../../gitops/pull.ts'
import { signersProblems } from '../../gitops/signers-file.ts'
import { digestOfSigners } from '../../gitops/verify-signatures.ts'
import type { X509Authorities } from '../../gitops/x509-signature.ts'
import { type GitopsSettings, loadGitops } from '../../lang/load-gitops.ts'
import { VERSION } from '../version.ts'
import { GITOPS_FILE } from './gitops-folder.ts'

/** What a controller follows, opened; and where it keeps what belongs to it. */
export interface OpenFollow extends Follow {
  readonly settings: GitopsSettings
  readonly paths: {
    /** Checkouts of our own, a folder a commit. */
    readonly revisions: string
    /** The `.till` of all of them: state, cache. */
    readonly home: string
    /** Leads to the checkout that is in force. */
    readonly current: string
  }
}

/** Opens it. Throws InputError with everything that is wrong with the settings and the files that they name. */
export async function openFollow(folder: string): Promise<OpenFollow> {
  const file = join(folder, GITOPS_FILE)
  if (!existsSync(file)) {
    const summary = `No repository is followed in "${folder}"`
    const detail =
      'Say which, and whom you trust with it: `till gitops follow REPOSITORY --signers FILE --revocations FILE`.'
    throw inputError('GITOPS_MISSING', summary, detail)
  }
  const { settings, diagnostics } = loadGitops(file)
  if (settings === undefined) throw new InputError(diagnostics)
  const inFolder = (name: string): string => (isAbsolute(name) ? name : join(folder, name))
  const signers = inFolder(settings.signers)
  const revocations = inFolder(settings.revocations)
  const signersText = required(signers, 'The list of signers')
  const revoked = required(revocations, 'The list of revocations')
  const gpg = settings.gpg && {
    keys: required(inFolder(settings.gpg.keys), 'The file of keys of GnuPG'),
    signers: new Map(Object.entries(settings.gpg.signers)),
  }
  const x509 = settings.x509 && openX509(settings.x509, inFolder)
  const problems = signersProblems(signersText.toString())
  if (problems.length > 0) throw new InputError(problems.map(({ line, detail }) => inSigners(signers, line, detail)))
  const { paths, merges, forges } = settings
  const policy = { paths, merges, forges }
  const names = { gpg: settings.gpg?.signers ?? null, x509: x509?.signers ?? null }
  const lists = [signersText, revoked, gpg?.keys ?? '', x509?.authorities ?? '', x509?.revocations ?? '']
  const decided = [...lists, JSON.stringify({ policy, ...names }), VERSION]
  return {
    folder,
    settings,
    policy,
    decidedWith: digestOfSigners(decided),
    remote: {
      repository: settings.repository,
      branch: settings.branch,
      login: await loginOf(settings, { folder, inFolder }),
      timeoutMs: settings.fetchTimeoutMs,
    },
    files: {
      signers,
      revocations,
      signersText: signersText.toString(),
      ...(gpg && { gpg }),
      ...(x509 && { x509 }),
      scratch: join(folder, 'scratch'),
    },
    paths: { revisions: join(folder, 'revisions'), home: join(folder, 'till'), current: currentCheckout(folder) },
  }
}

/** Leads to the checkout of what is in force. */
export function currentCheckout(folder: string): string {
  return join(folder, 'current')
}

const CRL = '-----BEGIN X509 CRL-----'

/** The authorities of X.509 certificates. Throws InputError for a file in which OpenSSL would find none of what it is to hold. */
function openX509(
  { authorities, revocations, signers }: NonNullable<GitopsSettings['x509']>,
  inFolder: (name: string) => string,
): X509Authorities {
  const trusted = required(inFolder(authorities), 'The file of authorities')
  const revoked = required(inFolder(revocations), 'The list of revoked certificates')
  if (!isPem(trusted)) {
    const summary = `"${inFolder(authorities)}" holds no certificates in PEM`
    const detail =
      'Put those of the authorities there. From DER: `openssl x509 -inform DER -in FILE -out authorities.pem`.'
    throw inputError('GITOPS_INVALID', summary, detail)
  }
  if (revoked.length > 0 && !revoked.includes(CRL)) {
    const summary = `"${inFolder(revocations)}" holds no list of revoked certificates in PEM`
    const detail = 'Put CRLs there, or leave it empty. From DER: `openssl crl -inform DER -in FILE -out revoked.crl`.'
    throw inputError('GITOPS_INVALID', summary, detail)
  }
  return { authorities: trusted, revocations: revoked, signers }
}

function isPem(bytes: Buffer): boolean {
  try {
    return bytes.includes('-----BEGIN ') && readCertificates(bytes).length > 0
  } catch {
    return false
  }
}

function required(file: string, what: string): Buffer {
  try {
    return readRegular(file, MOST_BYTES.text)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const summary = `${what}, "${file}", cannot be read (${code ?? message})`
    const detail = 'Nothing is trusted without it. Put it there; a list of revocations may be empty.'
    throw inputError('GITOPS_INVALID', summary, detail)
  }
}

/** A line of a list of signers that ssh-keygen would read otherwise than it looks, or not at all. */
export function inSigners(file: string, line: number, what: string): Diagnostic {
  return {
    code: 'GITOPS_INVALID',
    severity: 'error',
    summary: 'A line of the list of signers is not taken',
    detail: `${what[0]?.toUpperCase()}${what.slice(1)}.`,
    source: { file, line, column: 1, endLine: line, endColumn: 2 },
  }
}

/** Answers git from the environment, so that a token stands on no command line. */
const ASKPASS = `#!/bin/sh
case $1 in Username*) printf '%s\\n' "$TILL_GIT_USER" ;; *) cat "$TILL_GIT_TOKEN" ;; esac
`

async function loginOf(
  { login, repository }: GitopsSettings,
  { folder, inFolder }: { readonly folder: string; readonly inFolder: (name: string) => string },
): Promise<GitLogin> {
  const { key, known_hosts: hosts, token, user } = login
  if (token === undefined)
    return {
      ...(key !== undefined && { key: inFolder(key) }),
      ...(hosts !== undefined && { knownHosts: inFolder(hosts) }),
    }
  required(inFolder(token), 'The file of the token')
  if (!repository.startsWith('https://')) {
    const summary = `A token is given for "${repository}"`
    const detail = 'It is sent over https only. Write the address so, or leave `login.token` away.'
    throw inputError('GITOPS_INVALID', summary, detail)
  }
  await mkdir(join(folder, 'scratch'), { recursive: true, mode: 0o700 })
  const askpass = join(folder, 'scratch', 'askpass')
  await writeFile(askpass, ASKPASS, { mode: 0o700 })
  await chmod(askpass, 0o700)
  return { askpass, token: { user, file: inFolder(token) } }
}
