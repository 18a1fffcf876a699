import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { gitopsStatus, statusText } from '../../src/app/gitops/gitops-view.ts'
import { inForce } from '../../src/app/gitops/prepare-revision.ts'
import { pullRevision } from '../../src/app/gitops/pull-revision.ts'
import { openIncidentStore } from '../../src/app/history/open-store.ts'
import { tellOfRevision } from '../../src/app/incidents/refused-revision.ts'
import { writeOvertaken } from '../../src/gitops/trust-folder.ts'
import { measureGitops } from '../../src/server/measure-gitops.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { errorsOf } from '../cli/published.ts'
import { BASE_FILES, pulled, SignedRepository } from '../gitops/signed-repository.ts'

const repository = new SignedRepository()
afterAll(async () => {
  vi.unstubAllEnvs()
  await repository.remove()
})

async function values(): Promise<Readonly<Record<string, number>>> {
  const metrics = new Metrics()
  measureGitops(metrics)
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('till_gitops'))
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]))
}

test('metrics say that a revision is refused, and that the next one is in force', async () => {
  vi.stubEnv('TILL_GITOPS', repository.folder)
  expect(await values()).toEqual({})
  const { base, follow } = await repository.begin(['anna'])
  const files = { ...BASE_FILES, a: '1' }
  repository.push(repository.commit({ parents: [base], files, sign: 'eve' }))
  expect((await values())['till_gitops_refused']).toBeNaN()
  await pulled(follow, '2026-01-02T00:00:00.000Z')
  expect(await values()).toMatchObject({
    till_gitops_refused: 1,
    till_gitops_reached: 1,
    till_gitops_last_look_timestamp_seconds: Date.parse('2026-01-02T00:00:00.000Z') / 1000,
  })
  const tip = repository.push(repository.commit({ parents: [base], files, sign: 'anna' }))
  await pulled(follow, '2026-01-03T00:00:00.000Z')
  expect(await values()).toMatchObject({
    till_gitops_refused: 0,
    till_gitops_in_force_timestamp_seconds: Date.parse('2026-01-03T00:00:00.000Z') / 1000,
  })
  repository.push(repository.commit({ parents: [tip], files, sign: 'eve' }))
  await pulled(follow, '2026-01-03T12:00:00.000Z')
  repository.git(['update-ref', '-d', 'refs/heads/main'])
  expect(tip).toMatch(/^[0-9a-f]{40}$/)
  await pulled(follow, '2026-01-04T00:00:00.000Z')
  // That nobody answers is no word about what is refused.
  expect(await values()).toMatchObject({
    till_gitops_refused: 1,
    till_gitops_reached: 0,
    till_gitops_last_answer_timestamp_seconds: Date.parse('2026-01-03T12:00:00.000Z') / 1000,
  })
  const status = await gitopsStatus(follow)
  expect(status.last).toMatchObject({ refused: { code: 'REVISION_UNTRUSTED', since: '2026-01-03T12:00:00.000Z' } })
  expect(errorsOf('gitops-status', status)).toEqual([])
  expect(statusText(status)).toMatch(
    /refused {4}[0-9a-f]{40} since 2026-01-03T12:00:00.000Z[\s\S]*unheard {4}since 2026-01-03T12/,
  )

  // It is long ago, so somebody is called.
  const project = await inForce(follow)
  const late = await pullRevision(follow, { now: () => new Date('2026-01-05T00:00:00.000Z') })
  const seen = { pulled: late, overtaken: undefined, isOvertakenStill: false, controller: 'test-1' }
  await tellOfRevision(project, seen)
  const store = await openIncidentStore(project.state)
  expect(await store.incidents()).toMatchObject([
    {
      origin: 'revision',
      title: expect.stringMatching(/has brought nothing since 2026-01-03T12.*REVISION_UNREACHABLE/),
    },
  ])
  // An answer that another machine has is none to this one.
  const { code: _, ...rest } = late
  const answered = { ...rest, outcome: 'current', tip: late.trusted.commit } as const
  await tellOfRevision(project, { ...seen, pulled: answered, controller: 'test-2' })
  expect(await store.incidents()).toMatchObject([{ cleared_at: null }])
  await tellOfRevision(project, { ...seen, pulled: answered })
  expect(await store.incidents()).toMatchObject([{ cleared_at: expect.any(String) }])
  await store.close()
  await project.close()

  expect(await values()).toMatchObject({ till_gitops_overtaken: 0 })
  const overtaken = { commit: base, at: '2026-01-05T00:00:00.000Z', on: 'other-1', since: '2026-01-05T00:00:00.000Z' }
  await writeOvertaken(follow.folder, overtaken)
  expect(await values()).toMatchObject({ till_gitops_overtaken: 1 })
  writeFileSync(join(follow.folder, 'overtaken.json'), '{')
  expect((await values())['till_gitops_overtaken']).toBeNaN()
})
