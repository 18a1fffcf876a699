// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gitopsStatus } from '../../src/app/gitops/gitops-view.ts'
import { openFollow } from '../../src/app/gitops/open-follow.ts'
import { pullRevision, trustRevision } from '../../src/app/gitops/pull-revision.ts'
import { matchesPath } from '../../src/gitops/path-pattern.ts'
import { readTrusted } from '../../src/gitops/trust-folder.ts'
import { BASE_FILES, pulled, SignedRepository } from './signed-repository.ts'

const ADVANCED = { outcome: 'advanced', kinds: [] }
const refused = (...kinds: string[]) => ({ outcome: 'refused', code: 'REVISION_UNTRUSTED', kinds })
const with_ = (files: Readonly<Record<string, string>>) => ({ ...BASE_FILES, ...files })

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(() => repository.remove())

describe('every commit of a range', () => {
  test('counts: an unsigned one below a signed tip, and one that a merge brings in', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const unsigned = repository.commit({ parents: [base], files: with_({ a: '1' }), sign: undefined })
    repository.push(repository.commit({ parents: [unsigned], files: with_({ a: '1', b: '1' }), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    const main = repository.commit({ parents: [base], files: with_({ b: '1' }), sign: 'anna' })
    repository.push(repository.commit({ parents: [main, unsigned], files: with_({ a: '1', b: '1' }), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
  })

  test('counts in an octopus merge too, and that has to be signed', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const [a, b, c] = ['a', 'b', 'c'].map((name) =>
      repository.commit({ parents: [base], files: with_({ [name]: '1' }), sign: 'anna' }),
    )
    const eve = repository.commit({ parents: [base], files: with_({ c: '1' }), sign: 'eve' })
    const all = with_({ a: '1', b: '1', c: '1' })
    repository.push(repository.commit({ parents: [a, b, eve] as string[], files: all, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(refused('unknown-signer'))
    repository.push(repository.commit({ parents: [a, b, c] as string[], files: all, sign: undefined }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    repository.push(repository.commit({ parents: [a, b, c] as string[], files: all, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
  })
})

describe('a merge without a signature', () => {
  const sides = (base: string) =>
    [{ a: '1' }, { b: '1' }].map((files) => repository.commit({ parents: [base], files: with_(files), sign: 'anna' }))
  const both = with_({ a: '1', b: '1' })

  test.each([
    ['is taken where git makes the same of its parents', '', {}, ADVANCED],
    ['is refused where it brings something of its own', '', { c: '1' }, refused('unsigned')],
    ['is refused where the policy wants all merges signed', 'merges: signed\n', {}, refused('unsigned')],
  ])('%s', async (_, more, own, expected) => {
    const { base, follow } = await repository.begin(['anna'], more)
    repository.push(repository.commit({ parents: sides(base), files: { ...both, ...own }, sign: undefined }))
    expect(await pulled(follow)).toEqual(expected)
  })

  test('that drops what one side brought, or hides it in a conflict, is refused', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const parents = sides(base)
    repository.push(repository.commit({ parents, files: with_({ a: '1' }), sign: undefined }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    const clash = ['2', '3'].map((a) => repository.commit({ parents: [base], files: with_({ a }), sign: 'anna' }))
    repository.push(repository.commit({ parents: clash, files: with_({ a: '2' }), sign: undefined }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
  })

  test('that takes a side where one deleted what the other changed is refused, although git leaves no marks there', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const old = repository.commit({ parents: [base], files: with_({ a: '1' }), sign: 'anna' })
    const changed = repository.commit({ parents: [old], files: with_({ a: '2' }), sign: 'anna' })
    const deleted = repository.commit({ parents: [old], files: BASE_FILES, sign: 'anna' })
    const parents = [changed, deleted]
    repository.push(repository.commit({ parents, files: with_({ a: '2' }), sign: undefined }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    repository.push(repository.commit({ parents, files: with_({ a: '2' }), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test('by the key of a forge is taken, and that key is good for nothing else', async () => {
    const { base, follow } = await repository.begin(['anna', 'forge'], 'forges: [forge@example.com]\nmerges: signed\n')
    const merge = repository.push(repository.commit({ parents: sides(base), files: both, sign: 'forge' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    repository.push(repository.commit({ parents: [merge], files: BASE_FILES, sign: 'forge' }))
    expect(await pulled(follow)).toEqual(refused('signer-not-allowed'))
    const more = repository.commit({ parents: [merge], files: { ...both, d: '1' }, sign: 'anna' })
    const own = { ...both, d: '1', c: 'brought by the forge' }
    repository.push(repository.commit({ parents: [merge, more], files: own, sign: 'forge' }))
    expect(await pulled(follow)).toEqual(refused('signer-not-allowed'))
  })
})

describe('rules for paths', () => {
  const POLICY = 'paths: [{path: "inventory/fiscal/**", signers: [anna@example.com, jan@example.com], signatures: 2}]\n'
  const fiscal = (text: string) => with_({ 'inventory/fiscal/rates.txt': text })

  test('one person is too few; a merge by another, or an approval, makes two; others count for nothing', async () => {
    const { base, follow } = await repository.begin(['anna', 'jan', 'ola'], POLICY)
    const change = repository.commit({ parents: [base], files: fiscal('1'), sign: 'anna' })
    repository.push(change)
    expect(await pulled(follow)).toEqual(refused('signatures-missing'))
    const approve = (sign: string) =>
      repository.commit({ parents: [change], files: fiscal('1'), sign, message: `Approve\n\nApproves: ${change}\n` })
    repository.push(approve('ola'))
    expect(await pulled(follow)).toEqual(refused('signatures-missing'))
    repository.push(approve('anna'))
    expect(await pulled(follow)).toEqual(refused('signatures-missing'))
    repository.push(approve('jan'))
    expect(await pulled(follow)).toEqual(ADVANCED)
    const { commit } = JSON.parse(JSON.stringify((await gitopsStatus(follow)).trusted))
    const next = repository.commit({ parents: [commit], files: fiscal('2'), sign: 'jan' })
    repository.push(repository.commit({ parents: [commit, next], files: fiscal('2'), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test('an approval of another content, or a later change by one person, does not stand in', async () => {
    const { base, follow } = await repository.begin(['anna', 'jan'], POLICY)
    const one = repository.commit({ parents: [base], files: fiscal('1'), sign: 'anna' })
    const message = `Approve\n\nApproves: ${one}\n`
    const approved = repository.commit({ parents: [one], files: fiscal('1'), sign: 'jan', message })
    repository.push(repository.commit({ parents: [approved], files: fiscal('2'), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(refused('signatures-missing'))
  })

  test('somebody who may not sign for a path is refused in the middle of a range, although a later commit undoes it', async () => {
    const { base, follow } = await repository.begin(['anna', 'jan', 'ola'], POLICY)
    const wrong = repository.commit({ parents: [base], files: fiscal('1'), sign: 'ola' })
    repository.push(repository.commit({ parents: [wrong], files: BASE_FILES, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(refused('signer-not-allowed'))
  })

  test('hold where git follows a file that was renamed: what others wrote elsewhere comes there by who may sign only', async () => {
    const only = 'paths: [{path: "fiscal/**", signers: [anna@example.com]}]\n'
    const { base, follow } = await repository.begin(['anna', 'ola'], only)
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`)
    const text = (first = 'line 0'): string => `${[first, ...lines.slice(1)].join('\n')}\n`
    const old = repository.commit({ parents: [base], files: with_({ 'a/x.yaml': text() }), sign: 'ola' })
    const renamed = repository.commit({ parents: [old], files: with_({ 'fiscal/x.yaml': text() }), sign: 'anna' })
    const edited = repository.commit({ parents: [old], files: with_({ 'a/x.yaml': text('other') }), sign: 'ola' })
    const merge = (sign: string | undefined) =>
      repository.commit({ parents: [renamed, edited], files: with_({ 'fiscal/x.yaml': text('other') }), sign })
    repository.push(merge(undefined))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    repository.push(merge('ola'))
    expect(await pulled(follow)).toEqual(refused('signer-not-allowed'))
    repository.push(merge(undefined))
    expect(await pulled(await repository.follow(['anna', 'ola']))).toEqual(ADVANCED)
  })

  test('two keys of one person, and one key under two names, are one person', async () => {
    const lines = [`anna@example.com ${repository.public('anna')}`, `anna@example.com ${repository.public('anna2')}`]
    const more = [`jan@example.com ${repository.public('anna2')}`]
    const { base, follow } = await repository.begin([...lines, ...more], POLICY)
    const one = repository.commit({ parents: [base], files: fiscal('1'), sign: 'anna' })
    const message = `Approves: ${one}\n`
    repository.push(repository.commit({ parents: [one], files: fiscal('1'), sign: 'anna2', message }))
    expect(await pulled(follow)).toEqual(refused('signatures-missing'))
  })

  test.each([
    ['inventory/fiscal/**', 'inventory/fiscal/a/b.yaml', true],
    ['inventory/fiscal/**', 'inventory/fiscal.yaml', false],
    ['inventory/fiscal/', 'inventory/fiscal/x', true],
    ['**', 'a/b', true],
    ['**/x.yaml', 'x.yaml', true],
    ['**/x.yaml', 'a/b/x.yaml', true],
    ['*.yaml', 'a/x.yaml', false],
    ['a/*/c', 'a/b/c', true],
    ['a/*/c', 'a/b/b/c', false],
    ['a?.txt', 'ab.txt', true],
    ['a/**/b/**/c', 'a/x/b/y/z/c', true],
    ['a/**/b/**/c', 'a/x/y/z/c', false],
  ])('%s and %s: %s', (pattern, path, expected) => expect(matchesPath(pattern, path)).toBe(expected))
})

describe('history', () => {
  test('that was rewritten or set back is refused, until a person says so, on record', async () => {
    const { base, follow } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: with_({ a: '1' }), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    const REWRITTEN = { outcome: 'refused', code: 'REVISION_REWRITTEN', kinds: ['rewritten'] }
    repository.push(base)
    expect(await pulled(follow)).toEqual(REWRITTEN)
    const other = repository.push(repository.commit({ parents: [base], files: with_({ a: '2' }), sign: 'anna' }))
    expect(await pulled(follow)).toEqual(REWRITTEN)
    repository.push(repository.commit({ files: BASE_FILES, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(REWRITTEN)
    repository.push(other)
    await trustRevision(follow, { commit: other, reason: 'history was cleaned', by: 'anna' })
    const status = await gitopsStatus(follow)
    expect(status.trusted).toMatchObject({ commit: other, by: 'anna', reason: 'history was cleaned' })
    expect(status.record.map((entry) => (entry as { what: string }).what)).toEqual([
      'trusted',
      'advanced',
      'refused',
      'refused',
      'refused',
      'trusted',
    ])
    expect(await pulled(follow)).toEqual({ outcome: 'current', kinds: [] })
  })

  test('of a shallow clone is refused', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const one = repository.commit({ parents: [base], files: with_({ a: '1' }), sign: undefined })
    repository.push(repository.commit({ parents: [one], files: with_({ a: '2' }), sign: 'anna' }))
    const shallow = join(mkdtempSync(join(repository.root, 'x-')), 'shallow.git')
    repository.run('git', ['clone', '-q', '--bare', '--depth', '1', `file://${repository.repository}`, shallow])
    const text = `repository: ${shallow}\nsigners: allowed_signers\nrevocations: revoked_keys\n`
    writeFileSync(join(follow.folder, 'gitops.yaml'), text)
    expect(await pulled(await openFollow(follow.folder))).toMatchObject({
      outcome: 'refused',
      code: 'REVISION_INCOMPLETE',
    })
  })

  test('that is damaged on the way, or not there, leaves the last good one', async () => {
    const { base, follow } = await repository.begin(['anna'])
    repository.push(repository.commit({ parents: [base], files: with_({ a: 'x'.repeat(500) }), sign: 'anna' }))
    const blob = repository.git(['rev-parse', 'main:a'])
    const file = join(repository.repository, 'objects', blob.slice(0, 2), blob.slice(2))
    rmSync(file)
    writeFileSync(file, 'torn')
    expect((await pulled(follow)).outcome).not.toBe('advanced')
    rmSync(repository.repository, { recursive: true })
    expect(await pulled(follow)).toMatchObject({ outcome: 'unreachable', code: 'REVISION_UNREACHABLE' })
    expect((await gitopsStatus(follow)).trusted?.commit).toBe(base)
  })

  test('is verified once: what was good is remembered with what decided about it', async () => {
    const { base, follow } = await repository.begin(['anna', 'jan'])
    let tip = base
    for (let n = 0; n < 5; n++) tip = repository.commit({ parents: [tip], files: with_({ a: `${n}` }), sign: 'anna' })
    repository.push(repository.commit({ parents: [tip], files: BASE_FILES, sign: undefined }))
    expect(await pulled(follow)).toEqual(refused('unsigned'))
    repository.push(repository.commit({ parents: [tip], files: BASE_FILES, sign: 'jan' }))
    // anna is gone from the list: what was remembered with her in it counts for nothing.
    expect(await pulled(await repository.follow(['jan']))).toEqual(refused(...Array(5).fill('unknown-signer')))
    expect(await pulled(await repository.follow(['anna', 'jan']))).toEqual(ADVANCED)
  })

  test('whose newest revision is signed and broken leaves the last good one, and says where', async () => {
    const { base, follow } = await repository.begin(['anna'])
    repository.push(
      repository.commit({ parents: [base], files: with_({ 'inventory/fleet.yaml': 'fleet: [\n' }), sign: 'anna' }),
    )
    expect(await pulled(follow)).toEqual({ outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] })
    const { last, trusted } = await gitopsStatus(follow)
    expect(last?.problems[0]?.detail).toMatch(/inventory\/fleet\.yaml:\d+:\d+/)
    expect(trusted?.commit).toBe(base)
  })

  test.each([
    ['a value that a device lacks', 'assignments: [{runbook: greet}]\n', /runbooks\/greet\.yaml:1:\d+[\s\S]*greeting/],
    [
      'a calendar of a policy that is not there',
      'policies: {default: {freezes: [{name: fair, why: fair, calendar: fair.ics}]}}\n',
      /"fair\.ics" cannot be read/,
    ],
    [
      'a matrix of responsibility that does not fit the fleet',
      'responsibility: {teams: {ops: {}}, rows: [{fault: dead, region: [south], team: ops}]}\n',
      /no region "south"/,
    ],
    [
      'a rule whose runbook is not there',
      'hooks: {rules: [{name: spooler, match: "alert.name == \'Spooler\'", runbook: spooler-repair}]}\n',
      /no runbook "spooler-repair"/,
    ],
  ])('whose newest revision has %s leaves the last good one', async (_, settings, says) => {
    const { base, follow } = await repository.begin(['anna'])
    const runbook = "steps: [{file: {path: /tmp/x, content: '${{ vars.greeting }}'}}]\n"
    const files = with_({ 'tillwright.yaml': settings, 'runbooks/greet.yaml': runbook })
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    expect(await pulled(follow)).toEqual({ outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] })
    expect((await gitopsStatus(follow)).last?.problems[0]?.detail).toMatch(says)
  })
})

describe('a repository whose objects are named by SHA-256', () => {
  test('is verified, merges and all, as any other', async () => {
    await repository.remove()
    repository = new SignedRepository('sha256')
    const { base, follow } = await repository.begin(['anna'])
    expect(base).toHaveLength(64)
    const files = { ...BASE_FILES, 'left.txt': 'l' }
    const left = repository.commit({ parents: [base], files, sign: 'anna' })
    const right = repository.commit({ parents: [base], files: { ...BASE_FILES, 'right.txt': 'r' }, sign: 'anna' })
    const both = { ...files, 'right.txt': 'r' }
    const merge = repository.push(repository.commit({ parents: [left, right], files: both, sign: undefined }))
    expect(await pulled(follow)).toEqual({ outcome: 'advanced', kinds: [] })
    repository.push(repository.commit({ parents: [merge], files: BASE_FILES, sign: 'eve' }))
    expect(await pulled(follow)).toMatchObject({ outcome: 'refused', kinds: ['unknown-signer'] })
    expect((await readTrusted(follow.folder))?.commit).toBe(merge)
  })
})

test('a branch that was renamed is told as that', async () => {
  const { base, follow } = await repository.begin(['anna'])
  repository.push(base, 'trunk')
  repository.git(['update-ref', '-d', 'refs/heads/main'])
  expect(await pullRevision(follow)).toMatchObject({
    code: 'REVISION_UNREACHABLE',
    problems: [{ detail: expect.stringMatching(/^the remote has no branch "main": it was renamed or removed/) }],
  })
})
