import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { NORTH, RULES, SECRETS, SENDERS, ServedProject, zabbix } from './served-project.ts'
import { Visitor } from './visitor.ts'

let till: ServedProject | undefined
afterEach(async () => {
  await till?.remove()
  till = undefined
})

/** A repository whose secrets of that name are in files, which only its owner reads. */
function withSecrets(settings: (file: (name: string) => string) => string, secrets: Readonly<Record<string, string>>) {
  const served = new ServedProject('')
  till = served
  const write = (name: string, value: string): void => {
    served.write(name, value)
    chmodSync(served.path(name), 0o600)
  }
  for (const [name, value] of Object.entries(secrets)) write(name, value)
  served.write(
    'tillwright.yaml',
    settings((name) => `file:${served.path(name)}`),
  )
  return { served, write }
}

test('a secret that somebody changes is what the next repair brings, at once by SIGHUP', async () => {
  const { served, write } = withSecrets(() => SENDERS + RULES, { word: 'the-value-of-before' })
  const run = `echo "$WORD" > "${served.path('brought')}"`
  const step = { run, always: true, environment: { WORD: { secret: `file:${served.path('word')}` } } }
  served.write('runbooks/marker.yaml', `name: marker\nsteps:\n  - command: ${JSON.stringify(step)}\n`)
  await served.serve()
  const place = served.path('brought')
  const brought = (): string => (existsSync(place) ? readFileSync(place, 'utf8').trim() : '')
  await served.send('zabbix', zabbix(1, 'MarkerGone'))
  await served.has(() => brought() === 'the-value-of-before')
  write('word', 'the-value-of-now')
  served.server?.kill('SIGHUP')
  await served.has(() => served.told.includes('A new revision'))
  await served.send('zabbix', zabbix(2, 'MarkerGone', `${NORTH}/office`))
  await served.has(() => brought() === 'the-value-of-now')
})

test('a file with the secret of a sender or an account counts by itself when it is another one', async () => {
  const { served, write } = withSecrets(
    (file) => `server:
  senders: {desk: {token: "${file('desk')}"}}
  accounts: {bi: {role: viewer, token: "${file('bi')}"}}
`,
    { desk: 'token-of-before-desk', bi: 'token-of-before-bi' },
  )
  await served.serve()
  const statuses = async (age: string): Promise<readonly number[]> => {
    const headers = { authorization: `Bearer token-of-${age}-desk` }
    const body = JSON.stringify(zabbix(1, 'MarkerGone'))
    const sent = await fetch(`${served.url}/hooks/zabbix`, { method: 'POST', headers, body })
    const asked = await new Visitor(served.url, `token-of-${age}-bi`).ask('/api/v1/overview')
    return [sent.status, asked.status]
  }
  expect(await statuses('before')).toEqual([202, 200])
  write('desk', 'token-of-today-desk')
  write('bi', 'token-of-today-bi')
  await expect.poll(() => statuses('today'), { timeout: 60_000, interval: 500 }).toEqual([202, 200])
  expect(await statuses('before')).toEqual([401, 401])
})

describe.skipIf(!hasPostgres)('the password of the database', () => {
  test('is read again where the server refuses the one of before; meanwhile it is away', async () => {
    const database = new PostgresServer()
    await database.start()
    try {
      const [before, now] = ['password-of-before-01', 'password-of-now-02']
      database.sql(`CREATE ROLE turning LOGIN PASSWORD '${before}'`)
      database.sql('CREATE DATABASE turning OWNER turning')
      const address = (password: string): string => `postgres://turning:${password}@127.0.0.1:${database.port}/turning`
      const { served, write } = withSecrets(
        (file) =>
          `state: {postgres: "${file('database')}"}\nserver: {accounts: {bi: {role: viewer, token: "env:T_ALL"}}}\n`,
        { database: address(before) },
      )
      await served.serve()
      const bi = new Visitor(served.url, SECRETS.T_ALL)
      const status = async (): Promise<number> => (await bi.ask('/api/v1/runs')).status
      expect(await status()).toBe(200)
      database.sql(`ALTER ROLE turning PASSWORD '${now}'`)
      database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'turning'")
      await expect.poll(status, { timeout: 30_000 }).toBe(503)
      write('database', address(now))
      await expect.poll(status, { timeout: 60_000 }).toBe(200)
      expect(served.told).not.toMatch(/password-of/)
      expect((await served.end('SIGTERM')).code).toBe(0)
    } finally {
      database.stop()
    }
  })
})
