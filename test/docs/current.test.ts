import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generatedPages } from '../../scripts/generate-docs.ts'
import { PAGES, ROOT, readPage } from './pages.ts'

test.each(Object.entries(await generatedPages()))(
  '%s is what the code says (npx tsx scripts/generate-docs.ts)',
  (path, text) => {
    expect(readPage(path)).toBe(text)
  },
)

test('every default is told by that word', () => {
  const told = PAGES.flatMap((page) => readPage(page).match(/^.*\bunless (?:given|told)\b.*$/gm) ?? [])
  expect(told).toEqual([])
})

describe.each(PAGES)('links of %s', (page) => {
  const links = linksOf(readPage(page))

  test('lead to files of the repository', () => {
    const dead = links.filter(({ path }) => path !== '' && !existsSync(join(ROOT, dirname(page), path)))
    expect(dead).toEqual([])
  })

  test('lead to headings that are there', () => {
    const dead = links.filter(({ path, heading }) => {
      if (heading === undefined) return false
      const target = path === '' ? page : join(dirname(page), path)
      return !headingsOf(readPage(target)).includes(heading)
    })
    expect(dead).toEqual([])
  })
})

/** Links that do not lead away: `[text](path#heading)` outside of code. */
function linksOf(text: string): readonly { readonly path: string; readonly heading: string | undefined }[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', heading] = target.split('#')
    return [{ path, heading }]
  })
}

/** Headings as links name them, by the rules of GitHub. */
function headingsOf(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
