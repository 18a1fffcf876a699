import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const SOURCES = join(import.meta.dirname, '../../src')

/** Rooms that read what devices and other programs have written, and that may be long and strange. */
const ROOMS = [
  'devices',
  'modules',
  'shell',
  'transports',
  'hooks',
  'streams',
  'engine',
  'reporters',
  'server',
] as const

/** What these read is short: it has passed another test before, or is a part of a runbook. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  'modules/disk.ts': ['/^([\\d.]+) ?(.*)$/'],
  'modules/receipts/database.ts': ['/"[^"]*"|`[^`]*`|\\[[^\\]]*\\]/g'],
  'server/client-address.ts': ['/%.*$/'],
  'transports/ssh/host-key.ts': ['/=+$/'],
}

const LENGTH = 6_000
const UNITS = [
  ' ',
  '\t',
  '\n',
  '\r\n',
  'a',
  'a ',
  'a=',
  '0',
  '-',
  ',',
  ':',
  '=',
  '#',
  '[',
  '{',
  '(',
  '"',
  "'",
  '\\',
  '\\"',
  'a.',
  'E1',
]
const HEADS = ['', 'a', 'a=', 'a:', '"', '[', '0']
const TAILS = ['!', '\n!']

/** Both in milliseconds. One that grows with the square of the text takes twenty times as long, others a hundredth of it. */
const MOST_FOR_ONE = 8
const ENOUGH_FOR_ALL = 1_000

const room = createContext({})
const all = new Script('for (const text of texts) { pattern.lastIndex = 0; pattern.exec(text) }')

/** Processor time of this process, in milliseconds; endless where it takes too long. */
function cpuMs(pattern: RegExp, texts: readonly string[]): number {
  Object.assign(room, { pattern, texts })
  const before = process.cpuUsage()
  try {
    all.runInContext(room, { timeout: ENOUGH_FOR_ALL * texts.length })
  } catch {
    return Number.POSITIVE_INFINITY
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function slowTexts(pattern: RegExp): readonly string[] {
  return UNITS.flatMap((unit) => {
    const run = unit.repeat(LENGTH / unit.length)
    const texts = HEADS.flatMap((head) => TAILS.map((tail) => head + run + tail))
    if (cpuMs(pattern, texts) < MOST_FOR_ONE) return []
    return texts.some((text) => Math.min(...[1, 2, 3].map(() => cpuMs(pattern, [text]))) > MOST_FOR_ONE)
      ? [JSON.stringify(unit)]
      : []
  })
}

/** Every pattern that is written out in a file, as it is there. */
function patternsIn(file: string): readonly string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(join(SOURCES, file), 'utf8'), ts.ScriptTarget.Latest))
  return found
}

function compiled(literal: string): RegExp {
  const end = literal.lastIndexOf('/')
  return new RegExp(literal.slice(1, end), literal.slice(end + 1))
}

describe('patterns of our own', () => {
  it('knows one that grows with the square of the text from one that does not', () => {
    expect(slowTexts(/ +$/)).toEqual(['" "'])
    expect(slowTexts(/(?<! ) +$/)).toEqual([])
  })

  it.each(ROOMS)('take no longer than what they read: %s', (name) => {
    const files = (readdirSync(join(SOURCES, name), { recursive: true }) as string[])
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => join(name, file))
    const slow = files.flatMap((file) =>
      patternsIn(file)
        .filter((literal) => /[*+]|\{\d*,/.test(literal) && SHORT[file]?.includes(literal) !== true)
        .flatMap((literal) =>
          slowTexts(compiled(literal)).map((unit) => `${file}: ${literal} on ${unit} again and again`),
        ),
    )
    expect(slow).toEqual([])
  })
})
