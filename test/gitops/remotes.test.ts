import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenFollow, openFollow } from '../../src/app/gitops/open-follow.ts'
import { fetchTip, openMirror } from '../../src/gitops/mirror.ts'
import { readLastPull, readTrusted } from '../../src/gitops/trust-folder.ts'
import { type GitHttpMode, type GitHttpServer, startGitHttp } from '../peers/git-http.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { BASE_FILES, pulled, SignedRepository } from './signed-repository.ts'

/** A repository that is followed by way of a remote, with one new commit at a time. */
class Followed {
  readonly repository = new SignedRepository()
  tip = ''

  async begin(): Promise<void> {
    this.tip = (await this.repository.begin(['anna'])).base
  }

  /** Anna signs one more commit. */
  advance(): string {
    const files = { ...BASE_FILES, news: `${this.tip}\n${'x'.repeat(4_000)}` }
    this.tip = this.repository.push(this.repository.commit({ parents: [this.tip], files, sign: 'anna' }))
    return this.tip
  }

  /** The same trust, by another address. */
  async by(address: string, more = ''): Promise<OpenFollow> {
    const file = join(this.repository.folder, 'gitops.yaml')
    const text = `repository: ${address}\nsigners: allowed_signers\nrevocations: revoked_keys\n${more}`
    writeFileSync(file, text)
    return openFollow(this.repository.folder)
  }

  async inForce(): Promise<string | undefined> {
    return (await readTrusted(this.repository.folder))?.commit
  }
}

/** Takes connections and never says a word. */
async function startSilence(): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const stop = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: typeof address === 'object' && address ? address.port : 0, stop }
}

describe('over HTTP', () => {
  const followed = new Followed()
  const other = new SignedRepository()
  let server: GitHttpServer
  beforeAll(async () => {
    await followed.begin()
    other.push(other.commit({ files: { ...BASE_FILES, evil: 'yes' }, sign: 'eve' }))
    server = await startGitHttp(followed.repository.root, other.root)
  })
  afterAll(async () => {
    await server.stop()
    await followed.repository.remove()
    await other.remove()
  })

  const UNREACHABLE = { outcome: 'unreachable', code: 'REVISION_UNREACHABLE', kinds: ['unreachable'] }
  const MODES: readonly (readonly [GitHttpMode, object])[] = [
    ['hangs', UNREACHABLE],
    ['drips', UNREACHABLE],
    ['swaps', UNREACHABLE],
    ['truncates', UNREACHABLE],
    ['corrupts', { outcome: 'refused', code: 'REVISION_INCOMPLETE', kinds: ['invalid'] }],
    ['redirects', UNREACHABLE],
    ['asks', UNREACHABLE],
    ['signs-in', UNREACHABLE],
  ]
  test.each(MODES)('a server that %s changes nothing, and the next good answer is taken', async (mode, answer) => {
    const before = await followed.inForce()
    const tip = followed.advance()
    const endsByItself = mode !== 'hangs' && mode !== 'drips'
    const follow = await followed.by(`${server.url}/origin.git`, endsByItself ? '' : 'fetch_timeout_ms: 1000\n')
    server.mode = mode
    const bad = await pulled(follow)
    expect([mode, bad, await followed.inForce()]).toEqual([mode, answer, before])
    server.mode = 'good'
    const { outcome, code } = await pulled(await followed.by(`${server.url}/origin.git`))
    expect([outcome, code, await followed.inForce()]).toEqual(['advanced', undefined, tip])
  })

  // git 2.39 says of these "requested URL returned error: 302", "could not read Username", and of the page that the branch is not there.
  test.each([
    ['redirects', 'main', /sends on to another address.*`repository` of gitops.yaml.* 302\)$/],
    ['asks', 'main', /asks for a name and a password, and `login` of gitops.yaml has none/],
    ['signs-in', 'main', /shows no branch at all: .*a page to sign in/],
    ['good', 'gone', /has no branch "gone": it was renamed or removed/],
  ] as const)('a server that %s is told with what mends it', async (mode, branch, words) => {
    server.mode = mode
    const mirror = await openMirror(join(followed.repository.folder, 'other'), 'sha1')
    const repository = `${server.url}/origin.git`
    const fetched = await fetchTip(mirror, { repository, branch, timeoutMs: 20_000 })
    server.mode = 'good'
    expect(fetched).toMatchObject({ kind: 'unreachable', detail: expect.stringMatching(words) })
  })

  test('a name or a password that is refused is told as that', async () => {
    server.mode = 'asks'
    const mirror = await openMirror(join(followed.repository.folder, 'other'), 'sha1')
    const repository = `${server.url.replace('//', '//till:wrong@')}/origin.git`
    const fetched = await fetchTip(mirror, { repository, branch: 'main', timeoutMs: 20_000 })
    server.mode = 'good'
    expect(fetched).toMatchObject({ detail: expect.stringMatching(/^the remote refuses the name or the password/) })
    expect(JSON.stringify(fetched)).not.toContain('wrong')
  })

  test('a whole other repository is no descendant of what is in force', async () => {
    const before = await followed.inForce()
    const elsewhere = await startGitHttp(other.root, other.root)
    const bad = await pulled(await followed.by(`${elsewhere.url}/origin.git`))
    await elsewhere.stop()
    expect([bad, await followed.inForce()]).toEqual([
      { outcome: 'refused', code: 'REVISION_REWRITTEN', kinds: ['rewritten'] },
      before,
    ])
  })
})

describe.skipIf(!sshServers.some(({ name }) => name === 'OpenSSH'))('over SSH', () => {
  const followed = new Followed()
  let keys: ClientKeys
  let server: SshServer
  beforeAll(async () => {
    await followed.begin()
    keys = makeClientKeys()
    server = await startOpenSsh(keys, '127.0.0.1')
  })
  afterAll(async () => {
    await server.stop()
    keys.remove()
    await followed.repository.remove()
  })

  const address = (port: number): string =>
    `ssh://${userInfo().username}@127.0.0.1:${port}${followed.repository.repository}`
  const login = (hosts: string, timeoutMs: number): string => {
    writeFileSync(join(followed.repository.folder, 'known_hosts'), hosts)
    return `login: {key: ${keys.ed25519}, known_hosts: known_hosts}\nfetch_timeout_ms: ${timeoutMs}\n`
  }
  const known = (port: number, lines: readonly string[]): string =>
    lines.map((line) => `[127.0.0.1]:${port} ${line}\n`).join('')

  test('a good one is taken; one with another host key, and one that is silent, change nothing', async () => {
    const before = await followed.inForce()
    const tip = followed.advance()
    const stranger = readFileSync(`${keys.ed25519}.pub`, 'utf8').trim()
    const unknown = await pulled(await followed.by(address(server.port), login(known(server.port, [stranger]), 20_000)))
    expect([unknown.outcome, await followed.inForce()]).toEqual(['unreachable', before])
    const said = await readLastPull(followed.repository.folder)
    expect(said?.problems[0]?.detail).toMatch(/^the remote shows another host key .* \(The fingerprint.*SHA256:/)
    const silence = await startSilence()
    const silent = await pulled(await followed.by(address(silence.port), login('', 1_000)))
    silence.stop()
    expect([silent.outcome, await followed.inForce()]).toEqual(['unreachable', before])
    const hosts = known(server.port, server.hostKeys)
    const good = await pulled(await followed.by(address(server.port), login(hosts, 60_000)))
    expect([good, await followed.inForce()]).toEqual([{ outcome: 'advanced', kinds: [] }, tip])
  })
})
