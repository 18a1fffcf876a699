import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import '../../../src/app/doctor/windows-fragments.ts'
import '../../../src/devices/guard/windows-tests.ts'
import '../../../src/devices/line/windows-line.ts'
import { MODULES } from '../../../src/modules/index.ts'
import { POWERSHELL_HEAD } from '../../../src/modules/user/powershell-text.ts'
import { powerShellBootstrap } from '../../../src/shell/powershell.ts'
import { exchangeText } from '../../../src/shell/powershell-exchange.ts'
import { shippedFragments } from '../../../src/shell/powershell-fragment.ts'
import { CHILD, PRELUDE } from '../../../src/shell/powershell-prelude.ts'
import { firstScript, RUNNER } from '../../../src/shell/powershell-runner.ts'
import { hasPowerShell, PWSH } from '../../peers/powershell.ts'
import { CMDLETS, LATER_NODES, LATER_TOKENS, LATER_VARIABLES, OTHERWISE, TYPES } from './windows-51.ts'

interface Tree {
  readonly name: string
  readonly errors: readonly string[]
  readonly functions: readonly string[]
  readonly commands: readonly { readonly name: string; readonly parameters: readonly string[] }[]
  readonly types: readonly string[]
  readonly nodes: readonly string[]
  readonly tokens: readonly string[]
  readonly variables: readonly string[]
}

const whole = exchangeText(
  '0123456789abcdef',
  [...shippedFragments().values()].map((one, id) => ({
    kind: 'ask',
    id,
    ...one,
    values: {},
    timeoutMs: 1,
    keepBytes: 1,
  })),
)

const SHIPPED: readonly { readonly name: string; readonly script: string }[] = [
  { name: 'the runner', script: RUNNER.packed },
  { name: 'the plain runner', script: RUNNER.plain },
  { name: 'the prelude', script: PRELUDE },
  { name: 'the interpreter of a user', script: CHILD },
  { name: 'the head of a text of a user', script: POWERSHELL_HEAD },
  { name: 'the bootstrap over stdin', script: powerShellBootstrap('stdin') },
  { name: 'the plain bootstrap', script: powerShellBootstrap('stdin', 'plain') },
  { name: 'the bootstrap over the environment', script: powerShellBootstrap('environment') },
  { name: 'a whole session', script: firstScript(whole.text, 'packed') },
  ...shippedFragments().values(),
]

/** What 5.1 lacks, in scripts that have it: each is to be found. */
const LATER = [
  { script: '$x ? 1 : 2', wants: /ternary|QuestionMark/i },
  { script: 'Get-Item a && Get-Item b', wants: /AndAnd|PipelineChain/ },
  { script: '$a ?? $b', wants: /QuestionQuestion/ },
  { script: 'Get-Uptime', wants: /Get-Uptime/ },
  { script: 'ConvertFrom-Json $x -AsHashtable', wants: /-AsHashtable/ },
  { script: '[Convert]::ToHexString($x)', wants: /\.NET 5/ },
  { script: '[Text.Json.JsonSerializer]', wants: /Text\.Json/ },
  { script: 'if ($IsWindows) { 1 }', wants: /IsWindows/ },
  { script: '$info.RedirectStandardInput = $true', wants: /Invoke-TillProcess/ },
  { script: '$process.StandardInput.WriteLine($x)', wants: /Invoke-TillProcess/ },
  { script: "New-Object IO.FileStream($path, 'Open', 'Read')", wants: /several constructors/ },
  { script: "New-Object IO.Compression.GZipStream($memory, 'Compress')", wants: /several constructors/ },
  { script: "'x' > C:\\a.txt", wants: /FileRedirection|UTF-16/ },
]

function parseAll(scripts: readonly { readonly name: string; readonly script: string }[]): Map<string, Tree> {
  const folder = mkdtempSync(join(tmpdir(), 'till-syntax-'))
  try {
    const from = join(folder, 'scripts.json')
    writeFileSync(from, JSON.stringify(scripts))
    const file = join(import.meta.dirname, 'syntax-tree.ps1')
    const { stdout, stderr } = spawnSync(PWSH, ['-NoProfile', '-NonInteractive', '-File', file, from], {
      encoding: 'utf8',
      maxBuffer: 1 << 27,
    })
    if (stderr !== '') throw new Error(stderr)
    return new Map((JSON.parse(stdout) as Tree[]).map((tree) => [tree.name, tree]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Everything in a script that 5.1 has not, or has otherwise. */
function complaints({
  script,
  tree,
  functions,
}: {
  script: string
  tree: Tree
  functions: ReadonlySet<string>
}): string[] {
  const commands = tree.commands.flatMap(({ name, parameters }) => {
    if (functions.has(name)) return []
    const known = CMDLETS[name]
    return known ? parameters.filter((one) => !known.includes(one)).map((one) => `${name} -${one}`) : [name]
  })
  return [
    ...tree.errors,
    ...commands,
    ...tree.types.filter((name) => !TYPES.has(name)),
    ...tree.nodes.filter((name) => LATER_NODES.includes(name)),
    ...tree.tokens.filter((name) => LATER_TOKENS.includes(name)),
    ...tree.variables.filter((name) => LATER_VARIABLES.includes(name)),
    ...OTHERWISE.filter(([pattern]) => pattern.test(script)).map(([, why]) => why),
  ]
}

describe.runIf(hasPowerShell)('by the real parser', () => {
  let trees: Map<string, Tree>
  let functions: ReadonlySet<string>
  beforeAll(() => {
    trees = parseAll([...SHIPPED, ...LATER.map(({ script }) => ({ name: script, script }))])
    functions = new Set([...trees.values()].flatMap((tree) => tree.functions))
  }, 300_000)
  const of = (name: string, script: string): string[] => {
    const tree = trees.get(name)
    if (!tree) throw new Error(`"${name}" was not parsed`)
    return complaints({ script, tree, functions })
  }

  it('looks at every fragment of every module', () => {
    expect(MODULES.length).toBeGreaterThan(0)
    expect(trees.size).toBe(SHIPPED.length + LATER.length)
  })

  it.each(SHIPPED)('$name is Windows PowerShell 5.1', ({ name, script }) => {
    expect(of(name, script)).toEqual([])
  })

  it.each(LATER)('sees what 5.1 has not: $script', ({ script, wants }) => {
    expect(of(script, script).join('; ')).toMatch(wants)
  })
})
