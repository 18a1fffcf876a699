import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import type { Fleet } from '../../src/core/fleet.ts'
import { compileSelector, selectorScope } from '../../src/lang/expression.ts'
import { loadInventory } from '../../src/lang/load-inventory.ts'
import { loadProject } from '../../src/lang/load-project.ts'
import { PAGES, readPage } from './pages.ts'

const page = readPage('docs/inventory.md')
const folder = mkdtempSync(join(tmpdir(), 'till-docs-'))
let fleet: Fleet

afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(async () => {
  for (const [index, text] of fencedBlocks(page, 'yaml inventory').entries()) {
    writeFileSync(join(folder, `${index}.yaml`), text)
  }
  const loaded = await loadInventory(folder)
  expect(loaded.diagnostics).toEqual([])
  fleet = loaded.fleet as Fleet
})

test('the files of the page are one inventory', () => {
  expect(fleet.stores.size).toBeGreaterThanOrEqual(5)
})

test('values cascade as the page says', () => {
  expect(fleet.devices.get('PL-0412/pos2')?.vars['agent']).toEqual({ version: '7.0.5', server: 'zabbix-proxy.example' })
  expect(fleet.devices.get('PL-0413/router1')?.transport.via).toBeUndefined()
  expect(fleet.devices.get('PL-0413/pos1')?.transport.via).toBe('gateway')
})

const selectors = fencedBlocks(page, 'cel').flatMap((block) =>
  block.split('\n').filter((line) => line !== '' && !line.startsWith('//')),
)

test('there are ten selectors', () => {
  expect(selectors.length).toBe(10)
})

test.each(selectors)('picks some devices, and not all: %s', (text) => {
  const compiled = compileSelector(text)
  if (!compiled.ok) throw new Error(compiled.diagnostic.summary)
  const hits = [...fleet.devices.values()].filter((device) => {
    const answer = compiled.expression.evaluate(selectorScope(fleet, device))
    return answer.ok && answer.value === true
  })
  expect(hits.length).toBeGreaterThan(0)
  expect(hits.length).toBeLessThan(fleet.devices.size)
})

const wheres = PAGES.flatMap((path) =>
  [...readPage(path).matchAll(/--where "([^"]+)"/g)].map(([, text = '']) => ({ path, text })),
)

test.each(wheres)('compiles in $path: $text', ({ text }) => {
  expect(compileSelector(text).ok).toBe(true)
})

describe.each(fencedBlocks(page, 'yaml project'))('the project file', (text) => {
  test('loads', async () => {
    const file = join(folder, 'tillwright.yaml')
    writeFileSync(file, text)
    const { settings, diagnostics } = await loadProject(file)
    expect(diagnostics).toEqual([])
    if (text.includes('assignments:')) expect(settings?.assignments.length).toBeGreaterThan(0)
    if (text.includes('content:')) expect(settings?.content).toMatchObject({ share: true, perStore: 1024 ** 2 })
  })
})
