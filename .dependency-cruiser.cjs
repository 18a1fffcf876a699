/** The layers of ARCHITECTURE.md, as rules. `scripts/check-layers.mjs` also counts what was looked at. */
const adapters = ['modules', 'transports', 'reporters', 'stores', 'secrets', 'gitops', 'sandbox']
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [from, ...allowed].map((folder) => `^src/${folder}/`) },
})
const fence = (library, folders) => ({
  name: `fence-${library.replace(/\W+/g, '-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: folders.map((folder) => `^src/${folder}`) },
  to: { path: `^node_modules/${library}(/|$)` },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'core-has-no-packages',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'modules-do-not-import-modules',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)\\.ts$', pathNot: '^src/modules/index\\.ts$' },
      to: { path: '^src/modules/', pathNot: '^src/modules/((define|run-when-due)\\.ts$|$1/)' },
    },
    only('core', []),
    only('pattern', ['core']),
    only('shell', ['core']),
    only('devices', ['core', 'shell', 'pattern']),
    only('lang', ['core', 'pattern']),
    only('engine', ['core']),
    only('modules', ['core', 'shell', 'devices', 'pattern']),
    ...['transports', 'sandbox'].map((a) => only(a, ['core', 'shell', 'devices', 'pattern'])),
    ...['reporters', 'stores', 'secrets'].map((a) => only(a, ['core', 'shell'])),
    only('gitops', ['core', 'engine']),
    only('testing', ['core']),
    only('app', ['core', 'lang', 'pattern', 'shell', 'devices', 'engine', ...adapters]),
    only('cli', ['core', 'lang', 'app', 'reporters']),
    only('commands', ['core', 'app', 'cli', 'reporters']),
    fence('ssh2', ['transports/', 'sandbox/']),
    fence('saxes', ['devices/winrm/', 'devices/novitus-xml/']),
    fence('kerberos', ['transports/winrm/']),
    fence('yaml', ['lang/', 'devices/config/']),
    fence('re2js', ['pattern/']),
    fence('ajv', ['lang/']),
    fence('@marcbachmann', ['lang/']),
    fence('libsql', ['stores/']),
    fence('kysely', ['stores/']),
    fence('listr2', ['reporters/']),
    fence('diff', ['reporters/']),
    fence('fflate', ['reporters/']),
    fence('@oclif', ['cli/', 'commands/']),
    fence('age-encryption', ['secrets/']),
    fence('zx', ['transports/', 'gitops/', 'sandbox/']),
    fence('p-limit', ['engine/', 'app/', 'transports/', 'sandbox/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
