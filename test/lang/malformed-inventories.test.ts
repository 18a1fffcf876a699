import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/core/diagnostic.ts'
import { formatDiagnostics } from '../../src/lang/format-diagnostics.ts'
import { loadInventory } from '../../src/lang/load-inventory.ts'
import { folderOf } from './inventory-folder.ts'
import { BASE, MALFORMED_INVENTORIES } from './malformed-inventories.ts'

const MARK = /«(\w+)»/

/** The text without marks, and what they say: `x.yaml:3:5 CODE`. */
function unmarked(name: string, marked: string): { readonly text: string; readonly expected: readonly string[] } {
  const expected: string[] = []
  let text = marked
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const before = text.slice(0, match.index)
    const line = before.split('\n').length
    const column = before.length - before.lastIndexOf('\n')
    expected.push(`${name}:${line}:${column} ${match[1]}`)
    text = before + text.slice(match.index + match[0].length)
  }
  return { text, expected }
}

function told(diagnostic: Diagnostic, folder: string): string {
  const { source, code } = diagnostic
  return source ? `${relative(folder, source.file)}:${source.line}:${source.column} ${code}` : code
}

describe('a malformed inventory is refused with every mistake at its place', () => {
  test('there are more than 100 of them', () => {
    expect(MALFORMED_INVENTORIES.length).toBeGreaterThan(100)
    expect(new Set(MALFORMED_INVENTORIES.map(({ name }) => name)).size).toBe(MALFORMED_INVENTORIES.length)
  })

  test.each(MALFORMED_INVENTORIES.map((entry) => [entry.name, entry] as const))('%s', async (_, { files, says }) => {
    const all = Object.entries({ 'base.yaml': BASE, ...files }).map(([name, marked]) => ({
      name,
      ...unmarked(name, marked),
    }))
    using folder = folderOf(Object.fromEntries(all.map(({ name, text }) => [name, text])))
    const cacheFolder = `${folder.path}/.cache`
    const first = await loadInventory(folder.path, { cacheFolder })
    const expected = all.flatMap((file) => file.expected).sort()
    expect(expected.length).toBeGreaterThan(0)
    expect(first.diagnostics.map((diagnostic) => told(diagnostic, folder.path)).sort()).toEqual(expected)
    expect(first.fleet).toBeUndefined()
    const shown = formatDiagnostics(first.diagnostics, { color: false, textOf: (file) => readFileSync(file, 'utf8') })
    expect(shown).not.toMatch(/undefined|\[object|NaN|\n\s+at /)
    if (says) expect(shown).toMatch(says)
    for (const { summary } of first.diagnostics) expect(summary).toMatch(/\S/)
    // The cache loses nothing.
    const second = await loadInventory(folder.path, { cacheFolder })
    expect(second.diagnostics).toEqual(first.diagnostics)
  })
})

describe('files that are no text', () => {
  test.each([
    ['UTF-16', Buffer.from('\ufeffregion: north\n', 'utf16le'), '1:1', /UTF-16/],
    [
      'Windows-1250',
      Buffer.from([...Buffer.from('region: north\nstores: {S1: {name: '), 0xb9, ...Buffer.from('}}\n')]),
      '2:21',
      /1250/,
    ],
  ])('%s', async (_, bytes, place, says) => {
    using folder = folderOf({ 'base.yaml': BASE, 'x.yaml': bytes })
    const { diagnostics } = await loadInventory(folder.path)
    expect(diagnostics.map((d) => told(d, folder.path))).toEqual([`x.yaml:${place} YAML_SYNTAX_INVALID`])
    expect(diagnostics[0]?.detail).toMatch(says)
  })

  test('a folder that does not exist', async () => {
    const { diagnostics, fleet } = await loadInventory('/nonexistent/inventory')
    expect(diagnostics.map(({ code }) => code)).toEqual(['FILE_UNREADABLE'])
    expect(fleet).toBeUndefined()
  })

  test('a file that is larger than is accepted', async () => {
    using folder = folderOf({ 'base.yaml': BASE, 'x.yaml': `# ${'x'.repeat(9 * 1024 * 1024)}\n` })
    const { diagnostics } = await loadInventory(folder.path)
    expect(diagnostics.map((d) => told(d, folder.path))).toEqual(['x.yaml:1:1 YAML_LIMIT_EXCEEDED'])
  })

  test('a few lines of aliases that would fill the memory', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 20; i++) {
      const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)]
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`)
    }
    using folder = folderOf({ 'base.yaml': BASE, 'x.yaml': `${bomb.join('\n')}\n` })
    const { diagnostics } = await loadInventory(folder.path)
    expect(diagnostics.map(({ code }) => code)).toEqual(['YAML_LIMIT_EXCEEDED'])
  })
})
