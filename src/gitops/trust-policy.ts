import { matchesPath } from './path-pattern.ts'

/** Who has to have signed what, for one kind of paths. */
export interface PathRule {
  readonly path: string
  /** Names of signers. Default: everybody in the list of signers. */
  readonly signers?: readonly string[]
  /** How many people. Default: 1. */
  readonly signatures: number
}

/** Who is trusted with a repository; stands outside of it. */
export interface TrustPolicy {
  /** All rules that match a path hold for it, so that adding one never loosens anything. */
  readonly paths: readonly PathRule[]
  /** `rebuilt`: a merge without a signature is taken where its tree is what git makes of two verified parents. */
  readonly merges: 'rebuilt' | 'signed'
  /** Signers, as of a forge, who are trusted with merges of verified parents and with nothing else. */
  readonly forges: readonly string[]
}

/** Who signed a commit: a key, and all names under which it stands in the list of signers. */
export interface Signer {
  readonly principals: readonly string[]
  readonly fingerprint: string
}

/** A file that a commit brings to another content. `content` is mode and object; of a deleted one `''`. */
export interface PathChange {
  readonly path: string
  readonly content: string
}

/** The rules for one path. */
export function rulesFor(policy: TrustPolicy, path: string): readonly PathRule[] {
  return policy.paths.filter((rule) => matchesPath(asBytes(rule.path), path))
}

/** Paths are bytes, a character each. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Whether a signer may sign for a path. */
export function maySign(rules: readonly PathRule[], signer: Signer): boolean {
  return rules.every(({ signers }) => signers === undefined || signer.principals.some((name) => signers.includes(name)))
}

/** How many people signers are: names that share a key are one, and so are keys that share a name. */
export function countPeople(signers: readonly Signer[]): number {
  const people: Set<string>[] = []
  for (const { principals, fingerprint } of signers) {
    const marks = new Set([...principals.map((name) => `name ${name}`), `key ${fingerprint}`])
    const same = people.filter((one) => [...marks].some((mark) => one.has(mark)))
    for (const one of same) {
      for (const mark of one) marks.add(mark)
      people.splice(people.indexOf(one), 1)
    }
    people.push(marks)
  }
  return people.length
}
