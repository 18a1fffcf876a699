import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPgBouncer, PgBouncer } from '../peers/pg-bouncer.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { HookProject, STORE } from './hook-project.ts'
import { ended, until } from './project.ts'

const server = new PostgresServer()
const pooler = new PgBouncer()
const byStatement = new PgBouncer()
const project = new HookProject()
let worker: ChildProcess | undefined

const json = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await project.till(...args, '--json')
  expect([0, 3], stderr).toContain(code)
  return JSON.parse(stdout)
}

describe.skipIf(!hasPostgres || !hasPgBouncer)(
  'commands with their state behind PgBouncer',
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      await server.start()
      await pooler.start(server.url)
      await byStatement.start(server.url, ['pool_mode = statement'])
      process.env['TILL_STATE'] = pooler.of(server.url)
    }, 60_000)
    afterAll(async () => {
      delete process.env['TILL_STATE']
      worker?.kill('SIGKILL')
      pooler.stop()
      byStatement.stop()
      server.stop()
      await project.remove()
    })

    test('run over workers, and mend by rules, in transaction mode', async () => {
      worker = project.start('worker', '--name', 'hub', '--slots', '2')
      const end = ended(worker)
      const there = () => server.sql("SELECT to_regclass('tillwright.workers') IS NOT NULL") === 't'
      await until(worker, () => there() && server.sql('SELECT count(*) FROM tillwright.workers') === '1', 200)
      const applied = await json('apply', 'marker', '--where', "device.id == 'pos1'", '--yes', '--on', 'workers')
      expect(applied.devices.map(({ state }: { state: string }) => state)).toEqual(['changed'])
      const { runs } = await json('runs', 'list')
      expect(runs.map(({ run }: { run: string }) => run)).toEqual([applied.run.run])
      expect((await json('state', 'status')).workers).toMatchObject([{ name: 'hub', busy: 0 }])
      rmSync(project.path('marker-a'))
      const { answer } = await project.fire('desk', {
        events: [{ key: '1', open: true, problem: 'MarkerGone', till: `${STORE}/pos1`, file: 'a' }],
      })
      expect(answer.episodes).toMatchObject([{ rule: 'marker', attempts: [{ result: 'helped' }] }])
      worker.kill('SIGTERM')
      expect((await end).code).toBe(0)
    })

    test('are told which mode it has where it is the wrong one', async () => {
      process.env['TILL_STATE'] = byStatement.of(server.url)
      for (const args of [
        ['plan', 'marker'],
        ['runs', 'list'],
        ['worker', '--name', 'hub'],
      ]) {
        const { code, stderr } = await project.till(...args)
        expect([code, stderr]).toEqual([2, expect.stringContaining('PgBouncer with pool_mode = statement')])
        expect(stderr).toContain('STATE_UNUSABLE')
      }
    })
    test('say at their start what the server refuses', async () => {
      const as = (name: string, password = 'password-of-others') => {
        const url = new URL(server.url)
        url.username = name
        url.password = password
        return url.href
      }
      server.sql("CREATE ROLE few LOGIN PASSWORD 'password-of-others' CONNECTION LIMIT 0")
      server.sql('CREATE DATABASE fresh')
      server.sql("CREATE ROLE reader LOGIN SUPERUSER PASSWORD 'password-of-others'")
      server.sql('ALTER ROLE reader SET default_transaction_read_only = on')
      const fresh = as('reader').replace(/\/till$/, '/fresh')
      const refused = [
        [as('few'), 'has no connection left (53300)', 'max_connections'],
        [as('till', 'wrong-password'), 'refuses the user or the password (28P01)', 'ALTER ROLE … PASSWORD'],
        [fresh, 'is read-only: a standby, or one that was told so (25006)', 'default_transaction_read_only'],
      ] as const
      for (const [url, what, advice] of refused) {
        process.env['TILL_STATE'] = url
        const { code, stderr } = await project.till('plan', 'marker')
        expect([code, stderr]).toEqual([2, expect.stringContaining(what)])
        expect(stderr).toContain(advice)
        expect(stderr).not.toContain('password-of-others')
      }
    })
  },
)
