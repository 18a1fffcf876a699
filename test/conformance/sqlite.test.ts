import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { testStore } from '../../src/testing/store-contract.ts'
import { bundledChild } from './bundled-child.ts'

const module = fileURLToPath(new URL('../../src/stores/sqlite.ts', import.meta.url))

testStore('sqlite', {
  module,
  open: 'openSqliteStore',
  openIncidents: 'openSqliteIncidents',
  location: (folder) => `${folder}/.till/state.db`,
  bytes: (location) => statSync(location).size,
  execArgv: ['--import', 'tsx'],
  child: bundledChild(module),
})
