import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { InputError, inputError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { signersProblems } from '../../gitops/signers-file.ts'
import { GITOPS_FILE } from './gitops-folder.ts'
import { inSigners, type OpenFollow, openFollow } from './open-follow.ts'

/** What `till gitops follow` is told. */
export interface FollowRequest {
  readonly repository: string
  readonly branch: string
  readonly signers: string
  readonly revocations: string
}

const SIGNERS = 'allowed_signers'
const REVOCATIONS = 'revoked_keys'

/**
 * Writes gitops.yaml and copies of the lists into the folder. Throws InputError where one is there or something is wrong;
 * then nothing is followed that was not before.
 */
export async function followRepository(folder: string, request: FollowRequest): Promise<OpenFollow> {
  const file = join(folder, GITOPS_FILE)
  if (existsSync(file)) throw followsAlready(folder, file)
  const lists = [
    { from: request.signers, to: join(folder, SIGNERS), bytes: listIn(request.signers) },
    { from: request.revocations, to: join(folder, REVOCATIONS), bytes: listIn(request.revocations) },
  ]
  const problems = signersProblems(lists[0]?.bytes.toString() ?? '')
  if (problems.length > 0)
    throw new InputError(problems.map(({ line, detail }) => inSigners(request.signers, line, detail)))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = [file, ...lists.map(({ to }) => to)].filter((path) => !existsSync(path))
  await writeFile(file, textOf(request), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? followsAlready(folder, file) : error
  })
  try {
    for (const { to, bytes } of lists) await writeFile(to, bytes)
    return await openFollow(folder)
  } catch (error) {
    for (const path of fresh) await rm(path, { force: true })
    throw error
  }
}

function listIn(file: string): Buffer {
  try {
    return readRegular(resolve(file), MOST_BYTES.text)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const summary = `"${file}" cannot be read (${code ?? message})`
    const detail =
      'Name a list of signers (ssh-keygen(1), ALLOWED SIGNERS), and one of keys that are revoked, which may be empty.'
    throw inputError('GITOPS_INVALID', summary, detail)
  }
}

function followsAlready(folder: string, file: string): InputError {
  const summary = `"${folder}" follows a repository already`
  const detail = `Edit "${file}", or name another folder with --folder.`
  return inputError('GITOPS_INVALID', summary, detail)
}

/** A path of this machine holds wherever it is read. */
function addressOf(repository: string): string {
  const isLocal = !/^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(repository)
  return isLocal && !isAbsolute(repository) ? resolve(repository) : repository
}

function textOf({ repository, branch }: FollowRequest): string {
  return `# Which repository this controller follows, and whom it trusts with it. Keys and their meaning: till schema gitops
repository: ${JSON.stringify(addressOf(repository))}
branch: ${JSON.stringify(branch)}
# Who may sign commits (ssh-keygen(1), ALLOWED SIGNERS; times end with Z), and keys that are not trusted any more.
signers: ${SIGNERS}
revocations: ${REVOCATIONS}
# A merge that nobody signed is taken if git makes the same of its two verified parents; signed: it is not.
merges: rebuilt
# Who has to sign for what; all rules that match a path hold.
paths: []
#  - path: tillwright.yaml
#    signers: [anna@example.com, jan@example.com]
#  - path: inventory/fiscal/**
#    signers: [anna@example.com, jan@example.com]
#    signatures: 2
`
}
