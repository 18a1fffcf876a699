import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BASE_FILES, SignedRepository } from '../gitops/signed-repository.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended } from './project.ts'
import { errorsOf } from './published.ts'

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(() => repository.remove())

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const environment = { ...process.env, TILL_GITOPS: repository.folder, NO_COLOR: '1', ...env }
  return spawn(process.execPath, [TILL, ...args], {
    cwd: repository.root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const till = (...args: string[]): Promise<Ended> => ended(start(args))

describe('till gitops', () => {
  test('follows, trusts, verifies, refuses, and says so in words, exit code and JSON', async () => {
    const base = repository.push(repository.commit({ files: BASE_FILES, sign: undefined }))
    expect(await till('gitops', 'status')).toMatchObject({ code: 2, stderr: expect.stringContaining('GITOPS_MISSING') })
    writeFileSync(join(repository.root, 'signers'), `anna@example.com ${repository.public('anna')}\n`)
    writeFileSync(join(repository.root, 'revoked'), '')
    const lists = ['--signers', 'signers', '--revocations', 'revoked']
    expect(await till('gitops', 'follow', 'origin.git', ...lists)).toMatchObject({ code: 0, stderr: '' })
    expect(await till('gitops', 'follow', 'origin.git', ...lists)).toMatchObject({ code: 2 })
    expect((await till('gitops', 'verify')).stderr).toContain('GITOPS_MISSING')
    expect(await till('gitops', 'status')).toMatchObject({ code: 6, stdout: expect.stringContaining('nothing yet') })
    expect(await till('gitops', 'trust', base.slice(0, 10), '--reason', 'x')).toMatchObject({ code: 2 })
    expect(await till('gitops', 'trust', base, '--reason', 'looked through')).toMatchObject({ code: 0, stderr: '' })
    const audit = await till('audit', 'list', '--json', '--project', join(repository.folder, 'current'))
    expect(JSON.parse(audit.stdout).rows).toMatchObject([
      { entry: { kind: 'gitops.trusted', about: { commit: base, from: null, why: 'looked through' } } },
    ])

    const good = repository.push(repository.commit({ parents: [base], files: { ...BASE_FILES, a: '1' }, sign: 'anna' }))
    const verified = await till('gitops', 'verify', '--json')
    expect(verified).toMatchObject({ code: 0, stderr: '' })
    expect(errorsOf('gitops-verified', JSON.parse(verified.stdout))).toEqual([])
    expect(JSON.parse(verified.stdout)).toMatchObject({ outcome: 'advanced', in_force: base, tip: good, commits: 1 })
    expect(JSON.parse(readFileSync(join(repository.folder, 'trusted.json'), 'utf8')).commit).toBe(base)

    repository.push(repository.commit({ parents: [good], files: { ...BASE_FILES, '\u001b[31m': 'x' }, sign: 'eve' }))
    const refused = await till('gitops', 'verify')
    expect(refused).toMatchObject({ code: 6, stderr: '' })
    expect(refused.stdout).toMatch(
      /^REFUSED [0-9a-f]{40} \(REVISION_UNTRUSTED\); [0-9a-f]{40} stays in force\.\n {2}unknown-signer {2}/,
    )
    const status = await till('gitops', 'status', '--json')
    expect(errorsOf('gitops-status', JSON.parse(status.stdout))).toEqual([])
    expect(JSON.parse(status.stdout)).toMatchObject({ trusted: { commit: base, reason: 'looked through' } })
  })

  test('what is wrong with a list is said by its own name, and nothing is followed then', async () => {
    repository.push(repository.commit({ files: BASE_FILES, sign: undefined }))
    const list = join(repository.root, 'signers')
    const key = repository.public('anna')
    writeFileSync(join(repository.root, 'revoked'), '')
    const follow = (revocations: string): Promise<Ended> =>
      till('gitops', 'follow', 'origin.git', '--signers', 'signers', '--revocations', revocations)
    for (const [text, revocations, named] of [
      [`anna@example.com valid-before="20270101" ${key}\n`, 'revoked', 'signers:1:1'],
      ['', 'revoked', 'signers'],
      [`anna@example.com ${key}\n`, 'nowhere', '"nowhere" cannot be read'],
    ] as const) {
      writeFileSync(list, text)
      const { code, stderr } = await follow(revocations)
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(named) })
      expect(stderr).not.toContain('allowed_signers')
      expect(existsSync(repository.folder)).toBe(false)
    }
    expect(await follow('revoked')).toMatchObject({ code: 0, stderr: '' })
  })

  test('tells what is missing on this machine', async () => {
    const { follow } = await repository.begin(['anna'])
    const { code, stderr } = await ended(start(['gitops', 'verify'], { PATH: repository.root }))
    expect([code, stderr]).toEqual([2, expect.stringContaining('GITOPS_TOOL_MISSING')])
    const old = '#!/bin/sh\necho git version 2.34.1\n'
    writeFileSync(join(repository.root, 'git'), old, { mode: 0o755 })
    const path = `${repository.root}:${process.env['PATH']}`
    expect(await ended(start(['gitops', 'verify'], { PATH: path }))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/2\.34\.1, which is too old[\s\S]*Install git 2\.38 or later/),
    })
    const doctor = await ended(start(['doctor', '--json'], { PATH: path }))
    expect(doctor.stdout).toMatch(/git 2\.34\.1 is too old/)
    writeFileSync(join(follow.folder, 'trusted.json'), '{"com')
    expect(await till('gitops', 'status')).toMatchObject({ code: 2, stderr: expect.stringContaining('is damaged') })
    const { rmSync } = await import('node:fs')
    rmSync(join(follow.folder, 'trusted.json'))
    writeFileSync(join(follow.folder, 'mirror.git', 'HEAD'), '')
    expect((await till('gitops', 'verify')).code).toBe(2)
  })
})
