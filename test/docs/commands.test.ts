import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from '@oclif/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { PAGES, ROOT, readPage } from './pages.ts'

const COMMANDS = join(ROOT, 'src/commands')

interface Mention {
  readonly page: string
  readonly line: string
  /** `inventory list` */
  readonly name: string
  readonly flags: readonly string[]
}

interface KnownCommand {
  readonly flags: Readonly<Record<string, { readonly char?: string }>>
}

const known = new Map<string, KnownCommand>()
const mentions = PAGES.filter((page) => page !== 'CHANGELOG.md').flatMap(mentionsOf)

beforeAll(async () => {
  for (const { name } of mentions) {
    const file = join(COMMANDS, `${name.replaceAll(' ', '/')}.ts`)
    if (known.has(name) || !existsSync(file)) continue
    const { default: command } = (await import(pathToFileURL(file).href)) as { default: typeof Command }
    known.set(name, { flags: { ...BaseCommand.baseFlags, ...command.flags } as KnownCommand['flags'] })
  }
})

test('there are commands to look at', () => {
  expect(mentions.length).toBeGreaterThan(20)
})

test('each folder of commands is told of by `till --help`, in words of its own', () => {
  const folders = readdirSync(COMMANDS, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  const { oclif } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(Object.keys(oclif.topics).toSorted()).toEqual(folders.toSorted())
})

describe.each(PAGES)('commands in %s', (page) => {
  const own = mentions.filter((mention) => mention.page === page)

  test('are there', () => {
    expect(own.filter(({ name }) => !known.has(name))).toEqual([])
  })

  test('know the flags that are named', () => {
    const wrong = own.flatMap(({ name, flags, line }) => {
      const taken = Object.entries(known.get(name)?.flags ?? {})
      const isTaken = (flag: string): boolean =>
        taken.some(([long, { char }]) => flag === `--${long}` || flag === `-${char}`) || flag === '--help'
      return flags.filter((flag) => known.has(name) && !isTaken(flag)).map((flag) => ({ line, flag }))
    })
    expect(wrong).toEqual([])
  })
})

/** What a page says of `till`: in inline code, and in blocks of sh. */
function mentionsOf(page: string): readonly Mention[] {
  const text = readPage(page)
  const blocks = [...text.matchAll(/^```sh(?: sandbox)?\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.split('\n'),
  )
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  return [...blocks, ...inline].flatMap((line) => {
    const words = /^(?:bin\/)?till (.*)$/.exec(line.replace(/ +[#|].*$/, ''))?.[1]?.split(/\s+/)
    const name = words && commandOf(words)
    if (!words || name === undefined) return []
    const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
    const flags = own.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''))
    return [{ page, line, name, flags }]
  })
}

/** The name of a command is one word, or a topic and a word. */
function commandOf(words: readonly string[]): string | undefined {
  const [first = '', second = ''] = words
  // Shells ask `till __complete`; bin/till answers without oclif.
  if (/^(-|__|$)/.test(first)) return undefined
  const isTopic = existsSync(join(COMMANDS, first)) && readdirSync(join(COMMANDS, first)).length > 0
  return isTopic && /^[a-z]+$/.test(second) ? `${first} ${second}` : isTopic ? undefined : first
}
