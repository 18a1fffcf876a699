import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe } from 'vitest'
import { testStore } from '../../src/testing/store-contract.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { bundledChild } from './bundled-child.ts'

const module = fileURLToPath(new URL('../../src/stores/postgres/open.ts', import.meta.url))
const server = new PostgresServer()
let schemas = 0

describe.skipIf(!hasPostgres)('with PostgreSQL 15', () => {
  beforeAll(() => server.start())
  afterAll(() => server.stop())

  testStore('postgres', {
    module,
    open: 'openPostgresStore',
    openIncidents: 'openPostgresIncidents',
    location: () => `${server.url}?schema=s${++schemas}`,
    bytes: async (location) => server.bytesOf(location),
    execArgv: ['--import', 'tsx'],
    child: bundledChild(module),
  })
})
