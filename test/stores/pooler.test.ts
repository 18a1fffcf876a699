import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe } from 'vitest'
import { testStore } from '../../src/testing/store-contract.ts'
import { bundledChild } from '../conformance/bundled-child.ts'
import { hasPgBouncer, PgBouncer } from '../peers/pg-bouncer.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'

const module = fileURLToPath(new URL('../../src/stores/postgres/open.ts', import.meta.url))
const server = new PostgresServer()
const pooler = new PgBouncer()
let schemas = 0

describe.skipIf(!hasPostgres || !hasPgBouncer)('state in PostgreSQL behind PgBouncer in transaction mode', () => {
  beforeAll(async () => {
    await server.start()
    await pooler.start(server.url)
  })
  afterAll(() => {
    pooler.stop()
    server.stop()
  })

  testStore('pooler', {
    module,
    open: 'openPostgresStore',
    openIncidents: 'openPostgresIncidents',
    location: () => `${pooler.of(server.url)}?schema=s${++schemas}`,
    bytes: async (location) => server.bytesOf(location),
    execArgv: ['--import', 'tsx'],
    child: bundledChild(module),
  })
})
