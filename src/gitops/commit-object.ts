import { createHash } from 'node:crypto'
import { GitBroken, git } from './git.ts'

/** A commit as its bytes say, not as git shows it. */
export interface Commit {
  readonly id: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly signature:
    | { readonly kind: 'ssh' | 'gpg' | 'x509'; readonly armored: string; readonly payload: Buffer }
    | { readonly kind: 'none' | 'unknown' }
  /** Commits that the message says are approved, by lines `Approves: <full id>`. */
  readonly approves: readonly string[]
}

/** Why bytes are no commit that can be judged. */
export class CommitMalformed extends Error {
  override readonly name = 'CommitMalformed'
  readonly id: string

  constructor(id: string, what: string) {
    super(what)
    this.id = id
  }
}

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** Whether a text is the full id of an object. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text)
}

/**
 * Reads a commit object. What is signed is the object without its signature, byte for byte; so an object that can be
 * read in two ways (a second signature, a header twice, a zero byte) is refused. Throws CommitMalformed.
 */
export function parseCommit(id: string, bytes: Buffer): Commit {
  if (bytes.includes(0)) throw new CommitMalformed(id, 'it holds a zero byte')
  const text = bytes.toString('latin1')
  const end = text.indexOf('\n\n')
  if (end < 0) throw new CommitMalformed(id, 'it has no message')
  const head = text.slice(0, end + 1)
  const headers = headersOf(head)
  const trees = valuesOf(headers, 'tree')
  const parents = valuesOf(headers, 'parent')
  if (trees.length !== 1 || ![...trees, ...parents].every(isObjectId))
    throw new CommitMalformed(id, 'its tree or its parents are not as they should be')
  const signatures = headers.filter(({ name }) => name.startsWith('gpgsig'))
  if (signatures.length > 1) throw new CommitMalformed(id, 'it has more than one signature')
  const payload = Buffer.from(withoutHeader(text, signatures[0]), 'latin1')
  const approves = [...text.slice(head.length).matchAll(/^Approves: ([0-9a-f]+)[ \t]*$/gm)].map(([, one]) => one ?? '')
  return {
    id,
    tree: trees[0] ?? '',
    parents,
    signature: signatureOf(id.length, signatures[0], payload),
    approves: approves.filter(isObjectId),
  }
}

interface Header {
  readonly name: string
  readonly value: string
  readonly from: number
  readonly to: number
}

function headersOf(head: string): readonly Header[] {
  const headers: Header[] = []
  for (let from = 0; from < head.length; ) {
    let to = head.indexOf('\n', from) + 1
    while (head[to] === ' ') to = head.indexOf('\n', to) + 1
    const [first = '', ...more] = head.slice(from, to).replace(/\n$/, '').split('\n')
    const space = first.indexOf(' ')
    const name = space < 0 ? first : first.slice(0, space)
    const value = [first.slice(name.length + 1), ...more.map((line) => line.slice(1))].join('\n')
    headers.push({ name, value, from, to })
    from = to
  }
  return headers
}

function valuesOf(headers: readonly Header[], name: string): readonly string[] {
  return headers.filter((header) => header.name === name).map(({ value }) => value)
}

function withoutHeader(text: string, header: Header | undefined): string {
  return header === undefined ? text : text.slice(0, header.from) + text.slice(header.to)
}

const KINDS = [
  ['-----BEGIN SSH SIGNATURE-----', 'ssh'],
  ['-----BEGIN PGP SIGNATURE-----', 'gpg'],
  ['-----BEGIN SIGNED MESSAGE-----', 'x509'],
] as const

const SHA1_LENGTH = 40

function signatureOf(idLength: number, header: Header | undefined, payload: Buffer): Commit['signature'] {
  if (header === undefined) return { kind: 'none' }
  // A repository of the other hash function signs another text.
  if (header.name !== (idLength === SHA1_LENGTH ? 'gpgsig' : 'gpgsig-sha256')) return { kind: 'unknown' }
  const known = KINDS.find(([begin]) => header.value.startsWith(begin))
  return known ? { kind: known[1], armored: `${header.value}\n`, payload } : { kind: 'unknown' }
}

/** Reads objects of one type, in the order asked for, by one process. Throws GitBroken where one is missing. */
export async function* readObjects(
  gitDir: string,
  ids: readonly string[],
  type: 'commit' | 'blob',
): AsyncGenerator<{ readonly id: string; readonly bytes: Buffer }> {
  const ended = await git(gitDir, ['cat-file', '--batch'], { input: ids.map((id) => `${id}\n`).join('') })
  if (ended.code !== 0) throw new GitBroken('cat-file', ended)
  const { stdout } = ended
  let at = 0
  for (const wanted of ids) {
    const line = stdout.indexOf(10, at)
    const [id, found, size] = stdout.toString('latin1', at, line).split(' ')
    if (id !== wanted || found !== type) throw new GitBroken(`cat-file ${wanted} (${found})`, ended)
    const from = line + 1
    at = from + Number(size) + 1
    yield { id: wanted, bytes: stdout.subarray(from, at - 1) }
  }
}

/** Whether bytes are those of the object that has this id: a mirror with a damaged disk is found by it. */
export function hasId(type: 'commit' | 'blob', bytes: Buffer, id: string): boolean {
  const hash = createHash(id.length === SHA1_LENGTH ? 'sha1' : 'sha256')
  return hash.update(`${type} ${bytes.length}\0`).update(bytes).digest('hex') === id
}
