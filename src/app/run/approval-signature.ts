import { createHash } from 'node:crypto'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunStore } from '../../core/run-store.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { signBytes, signersOf } from '../../gitops/detached-signature.ts'
import { readSshSignature } from '../../gitops/ssh-signature.ts'
import type { Project } from '../project.ts'
import { approvers } from '../revision/plan-rules.ts'
import { checkLists, withTool } from '../revision/plan-signature.ts'
import { awaitedLines, readAwaited } from './awaited.ts'
import { unfit, type Word, waitsForNobody } from './control-run.ts'

/** What a signature of an approval is for: one that was made for something else is none. */
const NAMESPACE = 'till-approval'

/** What somebody signs. */
export interface Statement {
  readonly text: string
  /** The lines of it that say what is agreed to. */
  readonly to: readonly string[]
}

/**
 * What somebody signs who agrees to a run: which approvals it is about, which waves it releases and how many failures of each it forgives, and
 * by digest all that the run is going to do (runbooks with their modules and parameters, devices, plan, policy). Throws InputError where
 * nothing is waited for, or nothing was kept of the run.
 */
export async function approvalStatement(
  store: RunStore,
  { fleet, run }: { readonly fleet: FleetKey; readonly run: string },
  why: string,
): Promise<Statement> {
  const kept = await store.kept.of(run)
  if (!kept) throw unfit('Nothing is kept of what it is to do, so that nobody could say what they sign.')
  const to = awaitedLines(await readAwaited(store, { fleet, run }))
  if (to.length === 0) throw waitsForNobody(run)
  const digest = createHash('sha256').update(canonical(kept.order)).digest('hex')
  const lines = ['till-approval/1', `run ${run}`, ...to, `order sha256 ${digest}`, `why ${JSON.stringify(why)}`]
  return { text: `${lines.join('\n')}\n`, to }
}

/** The same text for the same values, in whatever order a database gives their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`
}

/** Who signed a statement, by a key given here (`sign`), or in a file; as the list of signers names them. Throws InputError. */
export async function signedWord(
  project: Project,
  { text, to }: Statement,
  by: { readonly sign?: string | undefined; readonly signature?: string | undefined },
): Promise<Pick<Word, 'by' | 'proof' | 'to'>> {
  const lists = approvers(project)
  if (!lists) throw unfit(NO_LIST)
  checkLists(lists)
  const bytes = Buffer.from(text)
  const armored =
    by.sign === undefined ? readRegular(by.signature ?? '', MOST_BYTES.secret) : await signed(bytes, by.sign)
  const key = readSshSignature(armored.toString())?.fingerprint
  const names =
    key === undefined ? [] : await withTool(() => signersOf(bytes, armored, { ...lists, namespace: NAMESPACE }))
  const [name, another] = names
  if (key === undefined || name === undefined)
    throw unfit(`The signature is not good: ${NOT_GOOD} List: "${lists.signers}".`)
  if (another !== undefined) throw unfit(`The key stands for several in "${lists.signers}": ${names.join(', ')}.`)
  return { by: name, proof: { kind: 'ssh', key }, to }
}

async function signed(bytes: Buffer, key: string): Promise<Buffer> {
  const made = await withTool(() => signBytes(bytes, { key, namespace: NAMESPACE }))
  if (made.ok) return made.armored
  throw unfit(
    `It cannot be signed by "${key}": ${made.why}. Name a private key without a passphrase, or a public one whose other half an ssh-agent has.`,
  )
}

const NO_LIST =
  'Nobody is named whose signature counts: signers of what this machine follows (till gitops follow), or `plans.signers` of tillwright.yaml.'

const NOT_GOOD =
  'nobody in the list has made it, the key is revoked or is not for the namespace till-approval, or it is of another statement (--statement prints the one of now, with the same --because).'
