import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './git.ts'
import { answered, ToolMissing, toolEnvironment } from './program-tools.ts'
import { readSshSignature } from './ssh-signature.ts'

/** Whom a signature of a file has to be of. */
export interface DetachedSigners {
  /** allowed_signers of ssh-keygen(1). */
  readonly signers: string
  /** Keys that are not trusted any more, or a KRL. Default: a list that is empty. */
  readonly revocations?: string | undefined
}

const TIMEOUT_MS = 60_000

/**
 * Signs bytes by `ssh-keygen -Y sign`; the key may be a private one, or a public one of which an agent has the other half.
 * Why it cannot be, where it cannot. Throws ToolMissing.
 */
export async function signBytes(
  bytes: Buffer,
  { key, namespace }: { readonly key: string; readonly namespace: string },
): Promise<{ readonly ok: true; readonly armored: Buffer } | { readonly ok: false; readonly why: string }> {
  const env = { ...toolEnvironment(), SSH_AUTH_SOCK: process.env['SSH_AUTH_SOCK'], SSH_ASKPASS_REQUIRE: 'never' }
  const args = ['-q', '-Y', 'sign', '-n', namespace, '-f', key]
  const ended = await runProgram('ssh-keygen', args, { env, input: bytes, timeoutMs: TIMEOUT_MS })
  if (ended.missing) throw new ToolMissing('ssh-keygen')
  if (ended.code === 0 && readSshSignature(ended.stdout.toString())) return { ok: true, armored: ended.stdout }
  return { ok: false, why: ended.stderr.trim().split('\n')[0] || `ssh-keygen ended with exit code ${ended.code}` }
}

/** Who signed bytes: names in the list of signers, as ssh-keygen says by its exit status. None where nobody who counts did. */
export async function signersOf(
  bytes: Buffer,
  armored: Buffer,
  { signers, revocations, namespace }: DetachedSigners & { readonly namespace: string },
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), `till-verify-${randomBytes(3).toString('hex')}-`))
  try {
    const [signature, none] = [join(folder, 'signature'), join(folder, 'none')]
    await writeFile(signature, armored, { mode: 0o600 })
    await writeFile(none, '')
    const run = async (args: readonly string[], input: Buffer | string = '') => {
      const ended = await runProgram('ssh-keygen', args, { env: toolEnvironment(), input, timeoutMs: TIMEOUT_MS })
      return answered('ssh-keygen', ended, [0, 255])
    }
    const found = await run(['-Y', 'find-principals', '-f', signers, '-s', signature])
    const names = found.code === 0 ? found.stdout.toString().split(/[\n,]/) : []
    const good: string[] = []
    for (const name of new Set(names.filter((one) => one !== '' && !/\s/.test(one)))) {
      const args = [
        '-Y',
        'verify',
        '-f',
        signers,
        '-I',
        name,
        '-n',
        namespace,
        '-s',
        signature,
        '-r',
        revocations ?? none,
      ]
      if ((await run(args, bytes)).code === 0) good.push(name)
    }
    return good
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
