import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadRevision } from '../../src/app/gitops/prepare-revision.ts'
import { pullRevision } from '../../src/app/gitops/pull-revision.ts'
import { runProgram } from '../../src/gitops/git.ts'
import { BASE_FILES, pulled, SignedRepository } from './signed-repository.ts'

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await repository.remove()
})

const ADVANCED = { outcome: 'advanced', kinds: [] }

describe('what a repository asks of those who follow it does nothing', () => {
  test('links, submodules, filters, LFS pointers and reserved names of its tree', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const mark = join(repository.root, 'ran')
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n'
    const files = {
      ...BASE_FILES,
      '.gitattributes': '* filter=evil eol=crlf ident\n*.bin filter=lfs\n',
      '.gitmodules': `[submodule "x"]\npath = x\nurl = ext::sh -c "touch ${mark}"\n`,
      '.lfsconfig': '[lfs]\nurl = http://127.0.0.1:1/\n',
      'inventory/out.yaml': 'mode 120000 /etc/passwd',
      x: `mode 160000 ${base}`,
      'big.bin': pointer,
      'plain.txt': 'one\ntwo $Id$\n',
      '.till/state.db': 'not a database',
    }
    const tip = repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    const { current } = follow.paths
    expect(existsSync(join(current, 'inventory/out.yaml'))).toBe(false)
    expect(existsSync(join(current, 'x'))).toBe(false)
    expect(readFileSync(join(current, 'plain.txt'), 'utf8')).toBe('one\ntwo $Id$\n')
    expect(readFileSync(join(current, 'big.bin'), 'utf8')).toBe(pointer)
    expect(lstatSync(join(current, '.till')).isSymbolicLink()).toBe(true)
    expect(existsSync(mark)).toBe(false)
    const { leftOut, project } = await loadRevision(follow, tip)
    await project.close()
    expect(leftOut.map(({ what }) => what).sort()).toEqual(['reserved name', 'submodule', 'symbolic link'])
  })

  test('pointers of Git LFS in the place of what its devices are reached by keep it out of force', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 5\n`
    const assigned = 'assignments:\n  - {runbook: ask, mode: report, name: ask}\n'
    const ask = 'steps:\n  - id: ask\n    http: {url: https://a.example/, from: controller, ca: pki/ca.pem}\n'
    for (const files of [
      { 'inventory/known_hosts': pointer },
      { 'tillwright.yaml': assigned, 'runbooks/ask.yaml': ask, 'pki/ca.pem': pointer },
    ]) {
      repository.push(repository.commit({ parents: [base], files: { ...BASE_FILES, ...files }, sign: 'anna' }))
      expect(await pulled(follow)).toEqual({ outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] })
    }
  })

  test('a commit that removes everything, or all but a link, is refused as what it is', async () => {
    const { base, follow } = await repository.begin(['anna'])
    for (const files of [{}, { x: 'mode 120000 /etc/passwd' }]) {
      repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
      expect(await pulled(follow)).toEqual({ outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] })
    }
  })

  test('what lies in a submodule or behind a link, and what its disk does not take, is told by name', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const assigned = 'assignments:\n  - {runbook: greet, mode: mend, name: greet}\n'
    const greet = 'steps:\n  - id: text\n    file: {path: /tmp/x, source: files/motd}\n'
    const moved = Object.fromEntries(Object.entries(BASE_FILES).map(([path, text]) => [`shops/north/${path}`, text]))
    const module = `mode 160000 ${base}`
    const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
      [
        { ...BASE_FILES, 'tillwright.yaml': assigned, 'runbooks/greet.yaml': greet, files: module },
        /"files\/motd" is not here: "files" is a submodule/,
      ],
      [
        { ...BASE_FILES, 'tillwright.yaml': assigned, runbooks: module },
        /no runbook "greet"[\s\S]*Left out of what is followed: runbooks \(submodule\)/,
      ],
      [
        { 'tillwright.yaml': 'assignments: []\n', inventory: module },
        /Left out of what is followed: inventory \(submodule\)/,
      ],
      [
        { ...BASE_FILES, 'tillwright.yaml': 'mode 120000 other.yaml' },
        /It is a symbolic link there, which is left out/,
      ],
      [moved, /no tillwright\.yaml at its root[\s\S]*It lies in shops\/north\/: move it up/],
      [{ ...BASE_FILES, ['n'.repeat(300)]: 'x' }, /"n{100}…" cannot be written: its name is too long/],
    ]
    for (const [files, words] of cases) {
      repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
      const { code, trusted, problems } = await pullRevision(follow)
      expect([code, trusted.commit]).toEqual(['REVISION_BROKEN', base])
      expect(problems[0]?.detail).toMatch(words)
      expect(problems[0]?.detail).not.toContain(follow.folder)
      expect(readdirSync(follow.paths.revisions).filter((name) => name.startsWith('.'))).toEqual([])
    }
  })

  test('why git does not take what the remote has is told, and not what it advises', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const files = { ...BASE_FILES, 'GIT~1': 'x' }
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const { code, problems } = await pullRevision(follow)
    expect([code, problems[0]?.detail]).toEqual([
      'REVISION_INCOMPLETE',
      expect.stringMatching(/^(error|fatal): .*hasDotgit/),
    ])
    // A graft makes a history short that the commits themselves do not have.
    const unsigned = repository.commit({ parents: [base], files: { ...BASE_FILES, a: '1' }, sign: undefined })
    const above = repository.push(repository.commit({ parents: [unsigned], files: BASE_FILES, sign: 'anna' }))
    for (const at of [repository.repository, join(follow.folder, 'mirror.git')]) {
      mkdirSync(join(at, 'info'), { recursive: true })
      writeFileSync(join(at, 'info', 'grafts'), `${above} ${base}\n`)
      const refused = await pullRevision(follow)
      expect(refused).toMatchObject({ outcome: 'refused', trusted: { commit: base } })
      expect(refused.problems[0]?.detail).not.toContain('hint:')
      rmSync(join(at, 'info', 'grafts'))
    }
  })

  test('references that put another object in the place of one do so nowhere', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const files = { ...BASE_FILES, a: '1' }
    const unsigned = repository.push(repository.commit({ parents: [base], files, sign: undefined }))
    const signed = repository.commit({ parents: [base], files, sign: 'anna' })
    const mirror = join(follow.folder, 'mirror.git')
    for (const refs of [repository.repository, mirror])
      repository.git(['push', '-q', refs, `${signed}:refs/replace/${unsigned}`])
    expect(await pulled(follow)).toMatchObject({ outcome: 'refused', code: 'REVISION_UNTRUSTED' })
  })

  test('hooks and configuration of the remote, of the user and of the environment', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const mark = join(repository.root, 'ran')
    const script = join(repository.root, 'evil')
    writeFileSync(script, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 })
    const home = join(repository.root, 'home')
    mkdirSync(home)
    const config = `[core]\nhooksPath = ${repository.root}\nfsmonitor = ${script}\nsshCommand = ${script}\n[credential]\nhelper = ${script}\n[uploadpack]\npackObjectsHook = ${script}\n`
    writeFileSync(join(home, '.gitconfig'), config)
    for (const hook of ['reference-transaction', 'post-checkout', 'post-merge', 'post-index-change'])
      writeFileSync(join(repository.root, hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 })
    for (const [name, value] of Object.entries({
      HOME: home,
      GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
      GIT_DIR: '/nonexistent',
      GIT_SSH_COMMAND: script,
      GIT_PROXY_COMMAND: script,
      GIT_EXTERNAL_DIFF: script,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.fsmonitor',
      GIT_CONFIG_VALUE_0: script,
      GIT_OBJECT_DIRECTORY: '/nonexistent',
    }))
      vi.stubEnv(name, value)
    repository.push(repository.commit({ parents: [base], files: { ...BASE_FILES, a: '1' }, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    expect(existsSync(mark)).toBe(false)
  })

  test.each([['ext::sh -c "touch MARK"'], ['git://127.0.0.1/x'], ['--upload-pack=touch MARK'], ['relative/path']])(
    'an address like %s is none',
    async (address) => {
      const { openFollow } = await import('../../src/app/gitops/open-follow.ts')
      const { follow } = await repository.begin(['anna'])
      const text = `repository: '${address}'\nsigners: allowed_signers\nrevocations: revoked_keys\n`
      writeFileSync(join(follow.folder, 'gitops.yaml'), text)
      await expect(openFollow(follow.folder)).rejects.toMatchObject({ diagnostics: [{ code: 'SCHEMA_VALUE_INVALID' }] })
    },
  )

  test('a file that is too large is not written', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const object = join(repository.root, 'large')
    await runProgram('truncate', ['-s', '65000000', object])
    const blob = repository.git(['hash-object', '-w', object])
    const tree = repository.git(['mktree'], `100644 blob ${blob}\tlarge\n`)
    repository.push(repository.commit({ parents: [base], files: {}, tree, sign: 'anna' }))
    expect(await pulled(follow)).toEqual({ outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] })
  })

  test('the repository itself is as it was', async () => {
    const { base, follow } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: { ...BASE_FILES, a: '1' }, sign: 'anna' }))
    const refs = () => repository.git(['for-each-ref'])
    const before = refs()
    expect(await pulled(follow)).toEqual(ADVANCED)
    expect(refs()).toBe(before)
  })
})
