import { beforeAll, describe, expect, it } from 'vitest'
import type { Node } from 'web-tree-sitter'
import '../../../src/app/doctor/windows-fragments.ts'
import '../../../src/devices/guard/windows-tests.ts'
import '../../../src/devices/line/windows-line.ts'
import { MODULES } from '../../../src/modules/index.ts'
import { POWERSHELL_HEAD } from '../../../src/modules/user/powershell-text.ts'
import { encodedCommand } from '../../../src/shell/encoded-command.ts'
import { powerShellBootstrap } from '../../../src/shell/powershell.ts'
import { exchangeText } from '../../../src/shell/powershell-exchange.ts'
import { shippedFragments } from '../../../src/shell/powershell-fragment.ts'
import { CHILD, PRELUDE } from '../../../src/shell/powershell-prelude.ts'
import { firstScript, RUNNER } from '../../../src/shell/powershell-runner.ts'
import { faultsOf, laterThan51, nodesOf, powerShellParser } from './grammar.ts'

let parse: (script: string) => Node
beforeAll(async () => {
  parse = await powerShellParser()
})

const scripts: [string, string][] = [
  ['the runner', RUNNER.packed],
  ['the plain runner', RUNNER.plain],
  ['the prelude', PRELUDE],
  ['the interpreter of a user', CHILD],
  ['the head of a text of a user', `${POWERSHELL_HEAD}@{ a = $v.a }`],
  ['the bootstrap over stdin', powerShellBootstrap('stdin')],
  ['the plain bootstrap', powerShellBootstrap('stdin', 'plain')],
  ['the bootstrap over the environment', powerShellBootstrap('environment')],
  ...[...shippedFragments().values()].map(({ name, script }): [string, string] => [name, script]),
]

it('looks at every fragment of every module', () => {
  expect(MODULES.length).toBeGreaterThan(0)
  expect(scripts.length).toBeGreaterThan(4)
})

describe.each(scripts)('%s', (_name, script) => {
  it('is PowerShell', () => expect(faultsOf(parse(script))).toEqual([]))
  it('has nothing that 5.1 lacks', () => expect(laterThan51(script, parse(script))).toEqual([]))
  it('is ASCII without tabs and carriage returns', () => expect(script).toMatch(/^[\n\x20-\x7e]*$/))
  it('is closed in itself: as a part of a longer script it changes nothing behind it', () => {
    expect(faultsOf(parse(`${script}\n'behind'`))).toEqual([])
  })
})

describe.each([...shippedFragments().values()].map(({ name, script }) => [name, script] as const))(
  'the fragment %s',
  (_name, script) => {
    it('uses only values, and assigns to none of the variables that are not its own', () => {
      const assigned = [...nodesOf(parse(script))]
        .filter((node) => node.type === 'left_assignment_expression')
        .map((node) => node.text.toLowerCase())
      const taken = [
        '$v',
        '$args',
        '$input',
        '$error',
        '$host',
        '$home',
        '$pid',
        '$pwd',
        '$matches',
        '$this',
        '$_',
        '$null',
      ]
      expect(assigned.filter((name) => taken.includes(name))).toEqual([])
    })
    it('calls only functions that there are', () => {
      const defined = new Set(
        [...`${PRELUDE}\n${script}`.matchAll(/^\s*function ([A-Za-z]+-Till[A-Za-z0-9]*)/gm)].map((found) => found[1]),
      )
      const called = [...script.matchAll(/\b[A-Z][a-z]+-Till[A-Za-z0-9]*\b/g)].map((found) => found[0])
      expect(called.filter((name) => !defined.has(name))).toEqual([])
    })
  },
)

it('the whole of a session is PowerShell, too', () => {
  const items = [...shippedFragments().values()].map((fragment, id) => ({
    kind: 'ask' as const,
    id,
    ...fragment,
    values: { path: "C:\\it's ‘here’\n'@\n", count: 3 },
    timeoutMs: 1000,
    keepBytes: 1000,
  }))
  const { text } = exchangeText('0123456789abcdef', items)
  expect(faultsOf(parse(firstScript(text, 'packed')))).toEqual([])
})

it('starts on a command line that cmd.exe takes', () => {
  for (const from of ['stdin', 'environment'] as const) {
    expect(encodedCommand(powerShellBootstrap(from)).length).toBeLessThan(8_000)
  }
})

it('notices what 5.1 lacks, and what does not parse', () => {
  for (const script of ['a && b', '$x ? 1 : 2', '$a ?? $b', 'Get-Content x -AsByteStream', 'iex $x', '$x?.y']) {
    const root = parse(script)
    expect([script, ...faultsOf(root), ...laterThan51(script, root)].length).toBeGreaterThan(1)
  }
  expect(laterThan51("'a && b ?? c' # && ", parse("'a && b ?? c' # && "))).toEqual([])
})
