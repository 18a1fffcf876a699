import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Node } from 'web-tree-sitter'
import { parse as parseYaml } from 'yaml'
import { fencedBlocks } from '../../../scripts/docs/markdown.ts'
import { moduleText } from '../../../src/app/modules/module-template.ts'
import { POWERSHELL_HEAD } from '../../../src/modules/user/powershell-text.ts'
import { faultsOf, laterThan51, powerShellParser } from './grammar.ts'

const ROOT = join(import.meta.dirname, '../../..')

let parse: (script: string) => Node
beforeAll(async () => {
  parse = await powerShellParser()
})

const modules = [
  ['till module new', moduleText('mine')],
  ['modules/hosts-entry.yaml', readFileSync(join(ROOT, 'modules/hosts-entry.yaml'), 'utf8')],
  [
    'docs/writing-modules.md',
    fencedBlocks(readFileSync(join(ROOT, 'docs/writing-modules.md'), 'utf8'), 'yaml module')[0] ?? '',
  ],
] as const

describe.each(modules)('the PowerShell of %s', (_, text) => {
  const { powershell } = parseYaml(text) as { powershell: Record<'observe' | 'converge', string> }

  it.each(['observe', 'converge'] as const)('is one that 5.1 takes: %s', (side) => {
    const script = `${POWERSHELL_HEAD}${powershell[side]}`
    expect(faultsOf(parse(script))).toEqual([])
    expect(laterThan51(script, parse(script))).toEqual([])
  })
})
