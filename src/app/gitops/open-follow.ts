import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import type { GitLogin } from '../../gitops/git.ts'
import type { Follow } from '../../gitops/pull.ts'
import { signersProblems } from '../../gitops/signers-file.ts'
import { digestOfSigners } from '../../gitops/verify-signatures.ts'
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
  const [signersText, revoked, keys] = [
    required(signers, 'The list of signers'),
    required(revocations, 'The list of revocations'),
    settings.gpg && required(inFolder(settings.gpg.keys), 'The file of keys of GnuPG'),
  ]
  const problems = signersProblems(signersText.toString())
  if (problems.length > 0) throw new InputError(problems.map(({ line, detail }) => inSigners(signers, line, detail)))
  const { paths, merges, forges, gpg } = settings
  const policy = { paths, merges, forges }
  const decided = [signersText, revoked, keys ?? '', JSON.stringify({ policy, gpg: gpg?.signers ?? null }), VERSION]
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
      ...(gpg && keys && { gpg: { keys, signers: new Map(Object.entries(gpg.signers)) } }),
      scratch: join(folder, 'scratch'),
    },
    paths: { revisions: join(folder, 'revisions'), home: join(folder, 'till'), current: currentCheckout(folder) },
  }
}

/** Leads to the checkout of what is in force. */
export function currentCheckout(folder: string): string {
  return join(folder, 'current')
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
