import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { ModuleExamples } from '../../scripts/docs/module-examples.ts'
import { type LoadedRunbook, loadRunbook } from '../../src/lang/load-runbook.ts'
import { MODULES } from '../../src/modules/index.ts'
import { PAGES, ROOT, readPage } from './pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

function load(text: string): LoadedRunbook {
  const file = join(folder, 'example.yaml')
  writeFileSync(file, text)
  return loadRunbook(file, { modules: MODULES })
}

const examples = PAGES.flatMap((page) =>
  fencedBlocks(readPage(page), 'yaml runbook').map((text, index) => ({ page, number: index + 1, text })),
)

test('there are examples to look at', () => {
  expect(examples.length).toBeGreaterThan(10)
})

describe.each(examples)('example $number of $page', ({ text }) => {
  test('loads', () => {
    const { runbook, diagnostics } = load(text)
    expect(diagnostics).toEqual([])
    expect(runbook?.steps.length).toBeGreaterThan(0)
  })
})

describe.each(readdirSync(join(ROOT, 'runbooks')))('runbooks/%s', (name) => {
  test('loads', () => {
    const { diagnostics } = loadRunbook(join(ROOT, 'runbooks', name), { modules: MODULES })
    expect(diagnostics).toEqual([])
  })
})

describe.each(MODULES.map(({ name }) => name))('the example of module %s', (name) => {
  test('is there, and loads', () => {
    const example = new ModuleExamples(ROOT).of(name)
    expect(example).toBeDefined()
    // A step of a runbook is looked at there, with what it names of the others.
    if (example?.caption !== undefined) expect(load(`steps:\n${example.yaml}`).diagnostics).toEqual([])
  })
})
