import { afterAll, expect, test, vi } from 'vitest'
import { measureGitops } from '../../src/server/measure-gitops.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { BASE_FILES, pulled, SignedRepository } from '../gitops/signed-repository.ts'

const repository = new SignedRepository()
afterAll(() => {
  vi.unstubAllEnvs()
  repository.remove()
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
  repository.git(['update-ref', '-d', 'refs/heads/main'])
  expect(tip).toMatch(/^[0-9a-f]{40}$/)
  await pulled(follow, '2026-01-04T00:00:00.000Z')
  expect(await values()).toMatchObject({ till_gitops_refused: 0, till_gitops_reached: 0 })
})
