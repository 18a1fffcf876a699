import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ERROR_CATALOG } from '../../src/core/error-catalog.ts'
import { FAULTS, parseFault } from '../../src/sandbox/fault.ts'
import { PAGES, ROOT, readPage } from './pages.ts'

const page = readPage('docs/sandbox.md')

test('the page has every fault, in the words of the code', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+) \| .+ \|$/gm)].map(([, name, what]) => [name, what])
  expect(Object.fromEntries(rows)).toEqual(FAULTS)
})

test('faults in examples can be read', () => {
  const examples = PAGES.flatMap((path) => [
    ...[...readPage(path).matchAll(/--fault ([a-z-]+=\S+)/g)].map(([, fault = '']) => fault),
    ...[...readPage(path).matchAll(/sandbox fault (\S+=\S+)/g)].map(([, fault = '']) => fault.replace(/`.*$/, '')),
  ])
  expect(examples.length).toBeGreaterThan(3)
  expect(examples.map((fault) => parseFault(fault)).filter((answer) => 'problem' in answer)).toEqual([])
})

test('what is said to be imitated is a stand-in', () => {
  const [, imitated = ''] = page.split('## What is imitated')
  const names = [...(imitated.split('\n## ')[0] ?? '').matchAll(/`([a-z0-9_-]+)`/g)].map(([, name = '']) => name)
  const others = ['apt', 'yum', 'pkill', 'pidof', 'poweroff', 'shutdown', 'halt']
  const missing = names.filter((name) => !existsSync(join(ROOT, 'src/sandbox/stand-ins', name)))
  expect(missing.filter((name) => !others.includes(name))).toEqual([])
})

test.each(PAGES)('codes in %s are in the catalogue', (path) => {
  const codes = [...readPage(path).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code)
  const families = new Set(Object.keys(ERROR_CATALOG).map((code) => code.split('_')[0]))
  const unknown = codes.filter((code) => families.has(code.split('_')[0]) && !(code in ERROR_CATALOG))
  expect(unknown).toEqual([])
})
