import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { type OpenFollow, openFollow } from '../../src/app/gitops/open-follow.ts'
import { pullRevision, trustRevision } from '../../src/app/gitops/pull-revision.ts'
import type { Pulled } from '../../src/gitops/pull.ts'
import { removeFolder } from '../peers/remove-folder.ts'

export const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

/** How a commit is signed: by a key of `keys`, by an armored text made from what is signed, or not at all. */
export type Signing = string | ((payload: string) => string) | undefined

export interface CommitRequest {
  readonly parents?: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly sign: Signing
  readonly message?: string
  readonly tree?: string
}

/** Of this process alone: a device of one name is locked by whoever changes it on this machine, in any test. */
export const DEVICE = `GO-${process.pid}/pos1`

/** What makes a repository loadable. */
export const BASE_FILES: Readonly<Record<string, string>> = {
  'tillwright.yaml': 'assignments: []\n',
  'inventory/fleet.yaml': `fleet: {name: Test, time_zone: Europe/Warsaw}
profiles: {till: {kind: till, os: {family: linux}, transport: {type: local}}}
regions: {north: {name: North}}
stores:
  ${DEVICE.split('/')[0]}:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: closed}}
    link: {type: fibre}
    owner: {team: ops}
    devices: {pos1: {profile: till, address: 127.0.0.1}}
`,
}

/** A real git repository whose objects are made one by one, so that every wrong signature there is can be made. */
export class SignedRepository {
  readonly root = mkdtempSync(join(tmpdir(), 'till-gitops-'))
  readonly repository = join(this.root, 'origin.git')
  readonly folder = join(this.root, 'followed')
  readonly #keys = new Set<string>()
  readonly #format: 'sha1' | 'sha256'
  #count = 0

  constructor(format: 'sha1' | 'sha256' = 'sha1') {
    this.#format = format
    this.run('git', ['init', '-q', '--bare', '-b', 'main', `--object-format=${format}`, this.repository])
  }

  run(program: string, args: readonly string[], input = ''): string {
    return execFileSync(program, args, { input, encoding: 'utf8', env: GIT_ENVIRONMENT, cwd: this.root, stdio: 'pipe' })
  }

  git(args: readonly string[], input = ''): string {
    return this.run('git', ['--git-dir', this.repository, ...args], input).trim()
  }

  /** The private key of that name; made at the first use. */
  key(name: string): string {
    const file = join(this.root, `key-${name}`)
    if (!this.#keys.has(name)) {
      this.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
      this.#keys.add(name)
    }
    return file
  }

  public(name: string): string {
    return readFileSync(`${this.key(name)}.pub`, 'utf8').trim()
  }

  signature(file: string, payload: string, namespace = 'git'): string {
    return this.run('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', file], payload)
  }

  /** A loose object, as git writes them; a process for each would take longer than all else here. */
  #object(type: 'blob' | 'tree' | 'commit', body: Buffer): string {
    const whole = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
    const id = createHash(this.#format).update(whole).digest('hex')
    const file = join(this.repository, 'objects', id.slice(0, 2), id.slice(2))
    mkdirSync(dirname(file), { recursive: true })
    if (!existsSync(file)) writeFileSync(file, deflateSync(whole))
    return id
  }

  tree(files: Readonly<Record<string, string>>): string {
    const folders: Record<string, Record<string, string>> = {}
    const entries: { readonly mode: string; readonly name: string; readonly id: string }[] = []
    for (const [path, text] of Object.entries(files)) {
      const [name = '', ...rest] = path.split('/')
      const [mode, content] = text.startsWith('mode ') ? [text.slice(5, 11), text.slice(12)] : ['100644', text]
      if (rest.length > 0) folders[name] = { ...folders[name], [rest.join('/')]: text }
      else entries.push({ mode, name, id: mode === '160000' ? content : this.#object('blob', Buffer.from(content)) })
    }
    for (const [name, inside] of Object.entries(folders)) entries.push({ mode: '40000', name, id: this.tree(inside) })
    // In the order of git, for which folders end with a slash.
    const order = ({ mode, name }: (typeof entries)[number]): Buffer =>
      Buffer.from(mode === '40000' ? `${name}/` : name)
    entries.sort((a, b) => Buffer.compare(order(a), order(b)))
    const lines = entries.map(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])
    return this.#object('tree', Buffer.concat(lines.flat()))
  }

  commit({ parents = [], files, sign, message = 'Change\n', tree }: CommitRequest): string {
    const time = 1_700_000_000 + this.#count++
    const who = `A <a@example.com> ${time} +0000`
    const head = `tree ${tree ?? this.tree(files)}\n${parents.map((id) => `parent ${id}\n`).join('')}author ${who}\ncommitter ${who}\n`
    const payload = `${head}\n${message}`
    const made = typeof sign === 'string' ? this.signature(this.key(sign), payload) : sign?.(payload)
    const header =
      made === undefined
        ? ''
        : `gpgsig${this.#format === 'sha1' ? '' : '-sha256'} ${made.trimEnd().replaceAll('\n', '\n ')}\n`
    return this.#object('commit', Buffer.from(`${head}${header}\n${message}`))
  }

  push(commit: string, branch = 'main'): string {
    this.git(['update-ref', `refs/heads/${branch}`, commit])
    return commit
  }

  /** Who is trusted; names of keys whose principal is `NAME@example.com` unless a whole line is given. */
  async follow(signers: readonly string[], more = '', revoked = ''): Promise<OpenFollow> {
    mkdirSync(this.folder, { recursive: true })
    const lines = signers.map((name) => (name.includes(' ') ? name : `${name}@example.com ${this.public(name)}`))
    writeFileSync(join(this.folder, 'allowed_signers'), `${lines.join('\n')}\n`)
    writeFileSync(join(this.folder, 'revoked_keys'), revoked)
    const head = `repository: ${this.repository}\nsigners: allowed_signers\nrevocations: revoked_keys\n`
    writeFileSync(join(this.folder, 'gitops.yaml'), `${head}${more}`)
    return openFollow(this.folder)
  }

  /** Follows, and begins to trust at a commit that needs no signature. */
  async begin(signers: readonly string[], more = '', revoked = '') {
    const base = this.push(this.commit({ files: BASE_FILES, sign: undefined }))
    const follow = await this.follow(signers, more, revoked)
    await trustRevision(follow, { commit: base, reason: 'begin', by: 'test' })
    return { base, follow }
  }

  remove(): Promise<void> {
    return removeFolder(this.root)
  }
}

/** What came of a pull, in short. */
export async function pulled(
  follow: OpenFollow,
  now?: string,
): Promise<Pick<Pulled, 'outcome' | 'code'> & { kinds: readonly string[] }> {
  const { outcome, code, problems } = await pullRevision(follow, now === undefined ? {} : { now: () => new Date(now) })
  return { outcome, ...(code !== undefined && { code }), kinds: problems.map(({ kind }) => kind) }
}
