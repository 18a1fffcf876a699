import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES, explainError } from '../../src/core/explain-error.ts'
import { EXIT } from '../../src/core/outcome.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Codes that no test raises, with the reason. */
const NOT_RAISED: Readonly<Record<string, string>> = {
  GITOPS_BUSY: 'Two processes must follow a repository at the same moment: it was seen by hand only',
  GITOPS_MIRROR_BROKEN: 'A mirror that is damaged beyond what git repairs: it was seen by hand only',
  HOOK_INVALID: 'Rules are refused by the schema first; what is left for it was seen by hand only',
  SINK_UNSUPPORTED: 'Kept for those who rely on it: sinks work with every state by now',
  SERVICE_UNAVAILABLE: 'WinRM of a real Windows that is starting: no stand-in is in that state',
}

/** Tests that go over all codes raise none of them. */
const ABOUT_CODES = ['test/core/error-codes.test.ts', 'test/cli/explain.test.ts']

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|ya?ml|py)$/.test(name))
    .map((name) => `${folder}/${name}`)
}

function wordsOf(files: readonly string[]): ReadonlySet<string> {
  const texts = files.map((file) => readFileSync(join(ROOT, file), 'utf8'))
  return new Set(texts.flatMap((text) => text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []))
}

describe('every error code', () => {
  const tested = wordsOf(filesBelow('test').filter((file) => !ABOUT_CODES.includes(file)))

  test('is looked for by a test, or it is said why not', () => {
    expect(ERROR_CODES.length).toBeGreaterThan(80)
    expect(ERROR_CODES.filter((code) => !tested.has(code) && !(code in NOT_RAISED))).toEqual([])
  })

  test('is raised by the code, or kept for those who rely on it', () => {
    const sources = filesBelow('src').filter((file) => !/core\/(error-|explain-error)/.test(file))
    const raised = wordsOf(sources)
    expect(ERROR_CODES.filter((code) => !raised.has(code) && !(code in NOT_RAISED))).toEqual([])
  })

  test.each(ERROR_CODES)('%s says what happened, why, and what to do', (code) => {
    const { title, cause, advice, exit_code } = explainError(code)
    expect(title).toMatch(/^\S.*[^.]$/)
    for (const text of [cause, advice]) expect(text).toMatch(/^\S.*[.?]$/)
    expect([advice, `${title}.`]).not.toContain(cause)
    expect(Object.values(EXIT)).toContain(exit_code)
    // A notice ends nothing.
    expect(exit_code === EXIT.ok).toBe(code === 'SSH_SHORT_WAY_CLOSED')
  })
})
