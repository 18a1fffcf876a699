import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { testStore } from '../../src/testing/store-contract.ts'

testStore('sqlite', {
  module: fileURLToPath(new URL('../../src/stores/sqlite.ts', import.meta.url)),
  open: 'openSqliteStore',
  location: (folder) => `${folder}/.till/state.db`,
  bytes: (location) => statSync(location).size,
  execArgv: ['--import', 'tsx'],
})
