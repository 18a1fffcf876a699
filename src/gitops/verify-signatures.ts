import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { batches } from '../core/batches.ts'
import type { Commit } from './commit-object.ts'
import { runProgram } from './git.ts'
import { type GpgKeys, verifyGpg } from './gpg-signature.ts'
import type { CommitFacts } from './judge-range.ts'
import { answered, inOwnFolder, ToolBroken, toolEnvironment } from './program-tools.ts'
import { isListed } from './signers-file.ts'
import { readSshSignature, type SshSignature } from './ssh-signature.ts'
import { verifyX509, type X509Authorities } from './x509-signature.ts'

/** Who is trusted, in files that stand outside of the repository. */
export interface SignerFiles {
  /** allowed_signers of ssh-keygen(1). */
  readonly signers: string
  /** Keys that are not trusted any more, or a KRL; may be empty, and has to be there. */
  readonly revocations: string
  readonly signersText: string
  readonly gpg?: GpgKeys | undefined
  readonly x509?: X509Authorities | undefined
  /** A folder of our own for what is verified. */
  readonly scratch: string
}

type Verdict = CommitFacts['signer']

/** Lines of one shell; more are a long wait for the first answer. */
const BATCH = 250
const PRINCIPALS = 8
const TIMEOUT_MS = 600_000
/** How ssh-keygen ends that says no (`return -1` of its functions, fatal()); see ssh-keygen.c of OpenSSH. */
const KEYGEN_NO = 255

/**
 * Each pair of a number and a name on stdin is verified by a process of ssh-keygen, and answered by its exit status;
 * what it prints is not read: for the key of a stranger it begins with "Good". A shell starts them in a fifth of the time
 * that Node.js takes.
 */
const SCRIPT = `while read -r n principal; do
ssh-keygen -Y verify -f "$SIGNERS" -I "$principal" -n git -s "$n.sig" -r "$REVOCATIONS" -O "verify-time=$TIME" <"$n.msg" >/dev/null 2>&1
echo "$n $? $principal"
done`

/** Verifies signatures of commits that were all received at one time. Throws ToolMissing, ToolBroken. */
export async function verifySignatures(
  commits: readonly Commit[],
  files: SignerFiles,
  receivedAt: Date,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  const bySsh: { readonly commit: Commit; readonly signature: SshSignature }[] = []
  for (const commit of commits) {
    const signature = commit.signature.kind === 'ssh' ? readSshSignature(commit.signature.armored) : undefined
    if (signature) bySsh.push({ commit, signature })
    else verdicts.set(commit.id, await verdictAlone(commit, files, receivedAt))
  }
  if (bySsh.length === 0) return verdicts
  const verify = (folder: string) => verifySsh(bySsh, { files, folder, at: receivedAt })
  for (const [id, verdict] of await inOwnFolder(files.scratch, 'verify-', verify)) verdicts.set(id, verdict)
  return verdicts
}

/** Of a signature that is not verified with many others. */
async function verdictAlone({ signature }: Commit, files: SignerFiles, at: Date): Promise<Verdict> {
  switch (signature.kind) {
    case 'none':
      return { kind: 'unsigned', detail: 'it is not signed' }
    case 'unknown':
      return { kind: 'bad-signature', detail: 'its signature is of no kind that is known' }
    case 'ssh':
      return { kind: 'bad-signature', detail: 'its SSH signature cannot be read' }
    case 'gpg':
      return verifyGpg(signature, files.gpg, { scratch: files.scratch, at })
    case 'x509':
      return verifyX509(signature, files.x509, { scratch: files.scratch, at })
  }
}

interface Work {
  readonly files: SignerFiles
  readonly folder: string
  readonly at: Date
}

async function verifySsh(
  signed: readonly { readonly commit: Commit; readonly signature: SshSignature }[],
  work: Work,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  const owners = new Map<string, readonly string[]>()
  const questions: { readonly id: string; readonly principal: string }[] = []
  for (const { commit, signature } of signed) {
    if (commit.signature.kind !== 'ssh') continue
    const { armored, payload } = commit.signature
    await writeFile(join(work.folder, `${commit.id}.sig`), armored)
    const names = owners.get(signature.key) ?? (await principalsOf(join(work.folder, `${commit.id}.sig`), work))
    owners.set(signature.key, names)
    if (names.length === 0) {
      verdicts.set(commit.id, stranger(signature, work.files))
      continue
    }
    await writeFile(join(work.folder, `${commit.id}.msg`), payload)
    questions.push(...names.map((principal) => ({ id: commit.id, principal })))
  }
  const proven = await ask(questions, work)
  for (const { commit, signature } of signed) {
    if (verdicts.has(commit.id)) continue
    const principals = proven.get(commit.id) ?? []
    const detail = `its signature by ${signature.fingerprint} does not verify${namespaceHint(signature)}, or the key is revoked`
    verdicts.set(
      commit.id,
      principals.length > 0 ? { principals, fingerprint: signature.fingerprint } : { kind: 'bad-signature', detail },
    )
  }
  return verdicts
}

function namespaceHint({ namespace }: SshSignature): string {
  return namespace === 'git' ? '' : ` (it was made for ${JSON.stringify(namespace)}, not for git)`
}

function stranger({ key, fingerprint }: SshSignature, { signersText }: SignerFiles): Verdict {
  const detail = isListed(signersText, key)
    ? `the key ${fingerprint} is in the list of signers, but was not valid when this commit was received`
    : `nobody in the list of signers has the key ${fingerprint}`
  return { kind: 'unknown-signer', detail }
}

/** In UTC, so that two controllers agree. */
function verifyTime(at: Date): string {
  return `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}

async function principalsOf(signature: string, { files, at }: Work): Promise<readonly string[]> {
  const args = ['-Y', 'find-principals', '-f', files.signers, '-s', signature, '-O', `verify-time=${verifyTime(at)}`]
  const ended = await runProgram('ssh-keygen', args, { env: toolEnvironment(), timeoutMs: 30_000 })
  if (answered('ssh-keygen', ended, [0, KEYGEN_NO]).code !== 0) return []
  const names = ended.stdout.toString().split(/[\n,]/)
  return [...new Set(names.filter((name) => name !== '' && !/\s/.test(name)))].slice(0, PRINCIPALS)
}

/** The names for which ssh-keygen ended with 0, by commit. */
async function ask(
  questions: readonly { readonly id: string; readonly principal: string }[],
  { files, folder, at }: Work,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const left = [...batches(questions, BATCH)]
  const env = { SIGNERS: files.signers, REVOCATIONS: files.revocations, TIME: verifyTime(at) }
  const proven = new Map<string, string[]>()
  const lane = async (): Promise<void> => {
    for (let batch = left.pop(); batch; batch = left.pop()) {
      const input = batch.map(({ id, principal }) => `${id} ${principal}\n`).join('')
      const options = { cwd: folder, env: { ...toolEnvironment(), ...env }, input, timeoutMs: TIMEOUT_MS }
      const ended = answered('sh', await runProgram('sh', ['-c', SCRIPT], options), [0])
      const lines = ended.stdout.toString().trimEnd().split('\n')
      if (lines.length !== batch.length)
        throw new ToolBroken('ssh-keygen', `${lines.length} answers to ${batch.length} questions`)
      for (const line of lines) {
        const [id = '', status = '', principal = ''] = line.split(' ')
        const code = Number.parseInt(status, 10)
        answered('ssh-keygen', { ...ended, code, missing: code === 127 }, [0, KEYGEN_NO])
        if (code === 0) proven.set(id, [...(proven.get(id) ?? []), principal])
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), left.length) }, lane))
  return proven
}

/** What decides about a signature, in one word: where any of it is another, nothing that was remembered counts. */
export function digestOfSigners(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}\0`).update(part)
  return hash.digest('hex')
}
