import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadInForce } from '../../src/app/gitops/prepare-revision.ts'
import { pullRevision } from '../../src/app/gitops/pull-revision.ts'
import { readTrusted } from '../../src/gitops/trust-folder.ts'
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
const UNDECIDED = { outcome: 'undecided', code: 'REVISION_UNDECIDED', kinds: ['undecided'] }

/** A git that does something else where one of its arguments is `word`. */
function gitThat(word: string, does: string): void {
  const bin = join(repository.root, 'bin')
  mkdirSync(bin, { recursive: true })
  const real = repository.run('sh', ['-c', 'command -v git']).trim()
  const script = `#!/bin/sh\nfor a; do case $a in ${word}) ${does} ;; esac; done\nexec ${real} "$@"\n`
  writeFileSync(join(bin, 'git'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
}

describe('what this machine cannot do says nothing of a revision', () => {
  test('git that is killed, that cannot merge, or that has no room', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const files = { ...BASE_FILES, 'left.txt': 'l' }
    const left = repository.commit({ parents: [base], files, sign: 'anna' })
    const right = repository.commit({ parents: [base], files: { ...BASE_FILES, 'right.txt': 'r' }, sign: 'anna' })
    const both = { ...files, 'right.txt': 'r' }
    const merge = repository.push(repository.commit({ parents: [left, right], files: both, sign: undefined }))
    const broken = [
      ['--batch-check=*', 'kill -9 $$'],
      ['merge-tree', 'kill -9 $$'],
      ['merge-tree', 'echo "fatal: write error" >&2; exit 128'],
      ['fetch', 'echo "fatal: write error: No space left on device" >&2; exit 128'],
    ] as const
    for (const [word, does] of broken) {
      gitThat(word, does)
      expect([word, await pulled(follow)]).toEqual([word, UNDECIDED])
      vi.unstubAllEnvs()
    }
    expect((await readTrusted(follow.folder))?.commit).toBe(base)
    expect(await pulled(follow)).toEqual(ADVANCED)
    expect((await readTrusted(follow.folder))?.commit).toBe(merge)
  })

  test('a file that its policy wants of this machine is looked for again', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const calendar = join(repository.root, 'holidays.ics')
    const policies = `assignments: []\npolicies: {night: {freezes: [{name: holidays, why: x, calendar: "${calendar}"}]}}\n`
    const files = { ...BASE_FILES, 'tillwright.yaml': policies }
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const refused = { outcome: 'refused', code: 'REVISION_BROKEN', kinds: ['broken'] }
    expect([await pulled(follow), await pulled(follow)]).toEqual([refused, refused])
    writeFileSync(calendar, 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n')
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test('what a fetch that was killed has left is removed, and keeps nothing away', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const mirror = join(follow.folder, 'mirror.git')
    const pack = join(mirror, 'objects', 'pack', 'tmp_pack_AbCdEf')
    mkdirSync(join(mirror, 'refs', 'incoming'), { recursive: true })
    for (const file of [pack, join(mirror, 'refs', 'incoming', 'tip.lock')]) writeFileSync(file, '')
    const files = { ...BASE_FILES, a: '1' }
    repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    expect(existsSync(pack)).toBe(false)
  })
})

describe('a checkout', () => {
  const STORES = join('inventory', 'fleet.yaml')

  test('that lost what was in a file, as by a power cut, is written anew', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const file = join(follow.paths.revisions, base, STORES)
    truncateSync(file)
    const { project } = await loadInForce(follow, base)
    await project.close()
    expect(readFileSync(file, 'utf8')).toBe(BASE_FILES['inventory/fleet.yaml'])
    rmSync(file)
    await (await loadInForce(follow, base)).project.close()
    expect(existsSync(file)).toBe(true)
  })

  test('of the revision before is not read again to tell what assignments gain and lose', async () => {
    const { base, follow } = await repository.begin(['anna'])
    const assigned = 'assignments:\n  - {runbook: greet, mode: mend, name: greet}\n'
    const greet = 'steps:\n  - id: text\n    file: {path: /tmp/x, content: a}\n'
    const files = { ...BASE_FILES, 'tillwright.yaml': assigned, 'runbooks/greet.yaml': greet }
    const one = repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
    const gained = { assignment: 'greet', devices: 1, gained: 1, lost: 0, is: 'new' }
    rmSync(join(follow.paths.revisions, base), { recursive: true })
    expect(await pullRevision(follow)).toMatchObject({ outcome: 'advanced', assignments: [gained] })
    expect(existsSync(join(follow.paths.revisions, base))).toBe(false)
    // Where what was kept is not whole, it is found as before.
    writeFileSync(join(follow.folder, 'reach.json'), '{"version')
    repository.push(repository.commit({ parents: [one], files: BASE_FILES, sign: 'anna' }))
    const lost = { assignment: 'greet', devices: 0, gained: 0, lost: 1, is: 'gone' }
    expect(await pullRevision(follow)).toMatchObject({ outcome: 'advanced', assignments: [lost] })
  })

  test('that is whole takes neither mirror nor remote', async () => {
    const { base, follow } = await repository.begin(['anna'])
    rmSync(join(follow.folder, 'mirror.git'), { recursive: true })
    renameSync(repository.repository, `${repository.repository}.away`)
    expect(await pulled(follow)).toMatchObject({ outcome: 'unreachable', code: 'REVISION_UNREACHABLE' })
    const { project } = await loadInForce(follow, base)
    expect((await project.fleet()).devices.size).toBe(1)
    await project.close()
    truncateSync(join(follow.paths.revisions, base, STORES))
    await expect(loadInForce(follow, base)).rejects.toMatchObject({ diagnostics: [{ code: 'GITOPS_MIRROR_BROKEN' }] })
  })
})
