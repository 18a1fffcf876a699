import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { trustRevision } from '../../src/app/gitops/pull-revision.ts'
import { isThere } from '../peers/debian.ts'
import { BASE_FILES, pulled, SignedRepository, type Signing } from './signed-repository.ts'

const ADVANCED = { outcome: 'advanced', kinds: [] }
const refused = (...kinds: string[]) => ({ outcome: 'refused', code: 'REVISION_UNTRUSTED', kinds })
const NEWS = { ...BASE_FILES, 'notes.txt': 'new\n' }

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(() => repository.remove())

describe('a signature by SSH', () => {
  test.each<[string, (r: SignedRepository) => Signing, object]>([
    ['of a signer', () => 'anna', ADVANCED],
    ['that is missing', () => undefined, refused('unsigned')],
    ['of a stranger, for which ssh-keygen prints "Good"', () => 'eve', refused('unknown-signer')],
    ['for another namespace', (r) => (text) => r.signature(r.key('anna'), text, 'file'), refused('bad-signature')],
    ['of another text', (r) => (text) => r.signature(r.key('anna'), `${text} `), refused('bad-signature')],
    [
      'that is no signature',
      () => () => '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----',
      refused('bad-signature'),
    ],
    [
      'of an X.509 certificate',
      () => () => '-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----',
      refused('unknown-signer'),
    ],
    ['of no known kind', () => () => 'hello', refused('bad-signature')],
  ])('%s', async (_, signing, expected) => {
    const { base, follow } = await repository.begin(['anna'])
    const tip = repository.push(repository.commit({ parents: [base], files: NEWS, sign: signing(repository) }))
    expect(await pulled(follow)).toEqual(expected)
    const inForce = expected === ADVANCED ? tip : base
    expect(JSON.parse(readFileSync(join(follow.folder, 'trusted.json'), 'utf8')).commit).toBe(inForce)
    expect(existsSync(join(follow.paths.current, 'notes.txt'))).toBe(expected === ADVANCED)
  })

  test('a second signature in the object is refused, whoever made it', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const twice: Signing = (text) => `${repository.signature(repository.key('anna'), text).trimEnd()}\ngpgsig x`
    const head = repository.commit({
      parents: [base],
      files: NEWS,
      sign: (text) => twice(text).replace('\ngpgsig', '\ngpgsig'),
    })
    const raw = repository.git(['cat-file', 'commit', head]).replace('\n gpgsig x', '\ngpgsig x')
    repository.push(repository.git(['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], `${raw}\n`))
    expect(await pulled(follow)).toEqual(refused('malformed'))
  })

  test('of a key that is revoked since', async () => {
    const { base, follow } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: NEWS, sign: 'anna' }))
    writeFileSync(follow.files.revocations, `${repository.public('anna')}\n`)
    expect(await pulled(await repository.follow(['anna'], '', `${repository.public('anna')}\n`))).toEqual(
      refused('bad-signature'),
    )
  })

  test('is judged by when the commit was received, not by the dates in it or by when it is looked at again', async () => {
    const line = `anna@example.com valid-before="20260601000000Z" ${repository.public('anna')}`
    const { base, follow } = await repository.begin([line, 'jan'])
    const good = repository.commit({ parents: [base], files: NEWS, sign: 'anna' })
    const blocked = repository.commit({ parents: [good], files: BASE_FILES, sign: undefined })
    repository.push(blocked)
    expect(await pulled(follow, '2026-05-31T23:59:58.000Z')).toEqual(refused('unsigned'))
    repository.push(repository.commit({ parents: [good], files: BASE_FILES, sign: 'jan' }))
    expect(await pulled(follow, '2026-07-01T00:00:00.000Z')).toEqual(ADVANCED)
    const tip = JSON.parse(readFileSync(join(follow.folder, 'trusted.json'), 'utf8')).commit
    repository.push(repository.commit({ parents: [tip], files: NEWS, sign: 'anna' }))
    expect(await pulled(follow, '2026-07-01T00:00:00.000Z')).toEqual(refused('unknown-signer'))
  })

  test('by a certificate of a CA holds while the certificate does, and by none of another CA', async () => {
    const sign = (ca: string, name: string, validity: string): Signing => {
      const key = repository.key(`${name}-${ca}`)
      const names = ['-I', 'id', '-n', 'anna@example.com', '-V', validity]
      repository.run('ssh-keygen', ['-q', '-s', repository.key(ca), ...names, `${key}.pub`])
      return (text) => repository.signature(`${key}-cert.pub`, text)
    }
    const line = `*@example.com cert-authority,namespaces="git" ${repository.public('ca')}`
    const { base, follow } = await repository.begin([line], 'paths: [{path: "**", signers: [anna@example.com]}]\n')
    const valid = sign('ca', 'a', '20260101:20270101')
    const tip = repository.push(repository.commit({ parents: [base], files: NEWS, sign: valid }))
    expect(await pulled(follow, '2026-06-01T00:00:00.000Z')).toEqual(ADVANCED)
    repository.push(
      repository.commit({ parents: [tip], files: BASE_FILES, sign: sign('other-ca', 'b', '20260101:20270101') }),
    )
    expect(await pulled(follow, '2026-06-01T00:00:00.000Z')).toEqual(refused('unknown-signer'))
    repository.push(repository.commit({ parents: [tip], files: BASE_FILES, sign: valid }))
    expect(await pulled(follow, '2027-06-01T00:00:00.000Z')).toEqual(refused('unknown-signer'))
  })

  test('as git itself makes it', async () => {
    const { follow } = await repository.begin(['anna'])
    const work = join(repository.root, 'work')
    repository.run('git', ['clone', '-q', repository.repository, work])
    const signing = [
      '-c',
      'gpg.format=ssh',
      '-c',
      `user.signingkey=${repository.key('anna')}.pub`,
      '-c',
      'commit.gpgsign=true',
    ]
    const git = (...args: string[]) => repository.run('git', ['-C', work, ...signing, ...args])
    writeFileSync(join(work, 'a.txt'), 'a\n')
    git('add', '.')
    git('commit', '-q', '-m', 'One')
    git('checkout', '-q', '-b', 'side', 'HEAD~1')
    writeFileSync(join(work, 'b.txt'), 'b\n')
    git('add', '.')
    git('commit', '-q', '-m', 'Two ż')
    git('checkout', '-q', 'main')
    git('merge', '-q', '--no-ff', '-m', 'Merge', 'side')
    git('push', '-q', 'origin', 'main')
    expect(await pulled(follow)).toEqual(ADVANCED)
    git('-c', 'commit.gpgsign=false', 'revert', '--no-edit', 'HEAD^2')
    git('push', '-q', 'origin', 'main')
    expect(await pulled(follow)).toEqual(refused('unsigned'))
  })
})

describe('what decides about trust', () => {
  test.each([
    ['a time without Z, which is local', 'anna valid-before="20260601000000" KEY', /has no Z/],
    ['a pattern in place of a name', '*@example.com KEY', /is a pattern/],
    ['a pattern, and the word of an authority in a comment', '*@example.com KEY cert-authority', /is a pattern/],
    // ssh-keygen passes these over, and their signer is a stranger.
    ['an option that there is not', 'anna namespace="git" KEY', /^Namespace="git" is no option/],
    ['a value without quotes', 'anna valid-before=20260601Z KEY', /is no option/],
    ['a day that there is not', 'anna valid-after="20260231Z" KEY', /"20260231Z" is no time/],
    ['blanks between options', 'anna namespaces="git", valid-before="20260601Z" KEY', /options without blanks/],
    ['no key', 'anna namespaces="git"', /stand the type of the key/],
    ['half a key', 'anna HALF', /is cut short/],
    ['the mark of an editor before it', '\ufeffanna KEY', /byte order mark/],
  ])('is refused where it has %s', async (_, text, words) => {
    const key = repository.public('anna')
    const line = text.replace('KEY', key).replace('HALF', key.slice(0, -10))
    const error = await repository.follow([line]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      diagnostics: [{ code: 'GITOPS_INVALID', detail: expect.stringMatching(words), source: { line: 1 } }],
    })
  })

  test('has lines as people write them', async () => {
    const key = repository.public('anna')
    const follow = await repository.follow([
      '# Who may sign\r',
      ' ',
      `anna@example.com,a.k namespaces="git,file",valid-after="20200101Z",valid-before="203001010000Z" ${key} valid-before=2020 "x"\r`,
      `  *@example.com,!eve@example.com CERT-AUTHORITY,namespaces="git"\t${repository.public('ca')}`,
    ])
    const base = repository.push(repository.commit({ files: BASE_FILES, sign: undefined }))
    await trustRevision(follow, { commit: base, reason: 'begin', by: 'test' })
    repository.push(repository.commit({ parents: [base], files: { ...BASE_FILES, a: '1' }, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test('has a list of revocations, or nothing is trusted', async () => {
    const { follow } = await repository.begin(['anna'])
    const { rmSync } = await import('node:fs')
    rmSync(follow.files.revocations)
    const { openFollow } = await import('../../src/app/gitops/open-follow.ts')
    await expect(openFollow(follow.folder)).rejects.toMatchObject({ diagnostics: [{ code: 'GITOPS_INVALID' }] })
  })
})

const hasGpg = isThere({
  what: 'signatures by GnuPG',
  debian: 'gnupg',
  isHere: spawnSync('gpg', ['--version']).status === 0,
})

describe('a hiccup of ssh-keygen', () => {
  const path = process.env['PATH'] ?? ''
  afterEach(() => {
    process.env['PATH'] = path
  })

  test.each(['find-principals', 'verify'])('in %s calls nobody a stranger: the next pull asks anew', async (action) => {
    const { base, follow } = await repository.begin(['anna'])
    const tip = repository.push(repository.commit({ parents: [base], files: NEWS, sign: 'anna' }))
    const folder = join(repository.root, 'bin')
    mkdirSync(folder)
    // Killed the first time that it is asked so.
    const killed = `[ "$2" = ${action} ] && mkdir ${join(folder, 'killed')} 2>/dev/null && kill -9 $$`
    writeFileSync(join(folder, 'ssh-keygen'), `#!/bin/sh\n${killed}\nPATH='${path}' exec ssh-keygen "$@"\n`, {
      mode: 0o755,
    })
    process.env['PATH'] = `${folder}:${path}`
    expect(await pulled(follow)).toMatchObject({ code: 'REVISION_UNDECIDED' })
    expect(existsSync(join(folder, 'killed'))).toBe(true)
    expect(await pulled(follow)).toEqual(ADVANCED)
    expect(JSON.parse(readFileSync(join(follow.folder, 'trusted.json'), 'utf8')).commit).toBe(tip)
  })
})

describe.skipIf(!hasGpg)('a signature by GnuPG', () => {
  const gpgHome = () => join(repository.root, 'gnupg')
  const gpg = (args: readonly string[], input = '') =>
    repository.run('gpg', ['--homedir', gpgHome(), '--batch', '-q', ...args], input)
  const makeKey = (name: string, expiry = 'never'): string => {
    gpg(['--passphrase', '', '--quick-gen-key', `${name}@example.com`, 'ed25519', 'sign', expiry])
    const listing = gpg(['--with-colons', '--list-keys', `${name}@example.com`])
    return /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1] ?? ''
  }
  const signer = (fingerprint: string) => (text: string) =>
    gpg(['-u', `${fingerprint}!`, '--armor', '--detach-sign'], text)

  test('counts for its pinned fingerprint alone, and not when the key has expired', async () => {
    repository.run('mkdir', ['-m', '700', gpgHome()])
    const pinned = makeKey('gpg-anna', 'seconds=100000000')
    const stranger = makeKey('eve')
    writeFileSync(
      join(repository.root, 'keys.gpg'),
      repository.run('gpg', ['--homedir', gpgHome(), '--armor', '--export']),
    )
    const more = `gpg: {keys: ${join(repository.root, 'keys.gpg')}, signers: {${pinned}: anna@example.com}}\n`
    const { base, follow } = await repository.begin(['jan'], more)
    const one = repository.commit({ parents: [base], files: NEWS, sign: signer(pinned) })
    const two = repository.push(repository.commit({ parents: [one], files: BASE_FILES, sign: 'jan' }))
    const now = new Date(Date.now() + 60_000).toISOString()
    expect(await pulled(follow, now)).toEqual(ADVANCED)
    repository.push(repository.commit({ parents: [two], files: NEWS, sign: signer(stranger) }))
    expect(await pulled(follow, now)).toEqual(refused('unknown-signer'))
    repository.push(repository.commit({ parents: [two], files: NEWS, sign: (text) => signer(pinned)(`${text} `) }))
    expect(await pulled(follow, now)).toEqual(refused('bad-signature'))
    repository.push(repository.commit({ parents: [two], files: { ...NEWS, x: 'x' }, sign: signer(pinned) }))
    expect(await pulled(follow, '2037-01-01T00:00:00.000Z')).toEqual(refused('bad-signature'))
    repository.run('gpgconf', ['--homedir', gpgHome(), '--kill', 'all'])
  })
})
