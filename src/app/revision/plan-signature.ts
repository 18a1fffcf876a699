import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { inputError } from '../../core/diagnostic.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { signBytes, signersOf } from '../../gitops/detached-signature.ts'
import { ToolBroken, ToolMissing } from '../../gitops/program-tools.ts'
import { signersProblems } from '../../gitops/signers-file.ts'

/** What a signature of a plan is for: one that was made for something else is none. */
const NAMESPACE = 'till-plan'

/** Whom a plan has to be signed by. */
export interface PlanSigners {
  readonly signers: string
  readonly revocations?: string | undefined
}

/** Signs a plan file: its signature is in a file beside it, `.sig` behind its name. Throws InputError. */
export async function signPlan(file: string, key: string): Promise<void> {
  const armored = await signatureOf(readRegular(file, MOST_BYTES.document), key)
  const fresh = `${file}.sig.${process.pid}`
  await writeFile(fresh, armored)
  await rename(fresh, `${file}.sig`)
}

/** Whether a key signs, before a run that may take long. Throws InputError. */
export async function proveKey(key: string): Promise<void> {
  await signatureOf(Buffer.from('whether this key signs'), key)
}

async function signatureOf(bytes: Buffer, key: string) {
  const signed = await withTool(() => signBytes(bytes, { key, namespace: NAMESPACE }))
  if (signed.ok) return signed.armored
  const detail = `${signed.why}. Name a private key without a passphrase, or a public one whose other half an ssh-agent has.`
  throw inputError('PLAN_UNTRUSTED', `The plan cannot be signed by "${key}"`, detail)
}

/** A signature of another plan must not stay beside a new one. */
export async function forgetSignature(file: string): Promise<void> {
  await rm(`${file}.sig`, { force: true })
}

/** Throws InputError unless somebody who counts has signed exactly these bytes. */
export async function requireSignature(file: string, bytes: Buffer, by: PlanSigners): Promise<void> {
  checkLists(by)
  const signature = `${file}.sig`
  if (!existsSync(signature)) {
    const detail = `A signature is wanted (--signers), and there is no "${signature}". Plan with --sign KEY, and keep both files together.`
    throw inputError('PLAN_UNTRUSTED', `The plan "${file}" is not signed`, detail)
  }
  const armored = readRegular(signature, MOST_BYTES.secret)
  const names = await withTool(() => signersOf(bytes, armored, { ...by, namespace: NAMESPACE }))
  if (names.length > 0) return
  const detail = `Nobody in "${by.signers}" has signed it, its key is revoked, or the plan was changed since. Plan again, and sign by a key of the list.`
  throw inputError('PLAN_UNTRUSTED', `The signature of the plan "${file}" is not good`, detail)
}

/** Throws InputError for a list that cannot be read, or would be read otherwise than it looks. */
export function checkLists(by: PlanSigners): void {
  for (const list of [by.signers, by.revocations]) {
    if (list === undefined || isReadable(list)) continue
    const detail = 'Without it nobody is trusted. Name the list by --signers and --revocations.'
    throw inputError('PLAN_UNTRUSTED', `"${list}" cannot be read`, detail)
  }
  const [problem] = signersProblems(readRegular(by.signers, MOST_BYTES.text).toString('utf8'))
  if (problem)
    throw inputError('PLAN_UNTRUSTED', `Line ${problem.line} of "${by.signers}" is not taken`, `${problem.detail}.`)
}

function isReadable(file: string): boolean {
  try {
    readRegular(file, MOST_BYTES.text)
    return true
  } catch {
    return false
  }
}

/** Does what needs ssh-keygen. Throws InputError where that is missing, or was killed. */
export async function withTool<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ToolBroken)
      throw inputError('GITOPS_TOOL_BROKEN', error.message, 'Nothing was decided by it: try again.')
    if (!(error instanceof ToolMissing)) throw error
    const detail = 'Install it (Debian: apt-get install openssh-client).'
    throw inputError('GITOPS_TOOL_MISSING', `The program ${error.tool} is not on this machine`, detail)
  }
}
