import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

interface Shown {
  readonly summary?: string
  readonly examples?: readonly (string | { readonly description: string; readonly command: string })[]
  readonly args: Readonly<
    Record<string, { readonly description?: string; readonly required?: boolean; readonly options?: readonly string[] }>
  >
  readonly flags: Readonly<
    Record<
      string,
      {
        readonly char?: string
        readonly description?: string
        readonly type: string
        readonly options?: readonly string[]
      }
    >
  >
  readonly strict?: boolean
}

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../oclif.manifest.json'), 'utf8')) as {
  readonly commands: Readonly<Record<string, Shown>>
}
const commands = Object.entries(manifest.commands)

/** Words of a command line as a shell takes them apart, up to a pipe or a redirection. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:"(?:\\.|[^"])*"|'[^']*'|[^\s"'])+/g) ?? []
  const end = words.findIndex((word) => /^(\||>|<|&&|;)/.test(word))
  return (end < 0 ? words : words.slice(0, end)).map((word) => word.replace(/^["']|["']$/g, ''))
}

describe.each(commands)('%s', (id, shown) => {
  const examples = (shown.examples ?? []).map((one) =>
    typeof one === 'string' ? { description: '', command: one } : one,
  )

  test('says what it is, and shows at least one example with what it is for', () => {
    expect(shown.summary).toMatch(/\.$/)
    expect(examples.length).toBeGreaterThan(0)
    for (const { description } of examples) expect(description).not.toBe('')
    for (const { description } of [...Object.values(shown.args), ...Object.values(shown.flags)])
      expect(description).toMatch(/\S/)
  })

  test.each(examples.map((one) => [one.command] as const))('its example is a command line: %s', (written) => {
    const line = written
      .replaceAll('<%= config.bin %>', 'till')
      .replaceAll('<%= command.id %>', id.replaceAll(':', ' '))
    const words = wordsOf(line.slice(line.search(/\btill /)).replace(/\)$/, ''))
    const own = words.slice(words.indexOf('till') + 1)
    const named = [2, 1].map((length) => own.slice(0, length).join(':')).find((one) => one in manifest.commands)
    // What to do next may be another command.
    const command = manifest.commands[named ?? '']
    if (command === undefined) throw new Error(`no command of till: ${line}`)
    const rest = own.slice(named?.split(':').length)
    const end = rest.indexOf('--')
    let count = 0
    const mine = end < 0 ? rest : rest.slice(0, end)
    for (let at = 0; at < mine.length; at += 1) {
      const [word = '', value] = (mine[at] ?? '').split(/=(.*)/s)
      if (!word.startsWith('-')) {
        count += 1
        continue
      }
      const flag = Object.entries(command.flags).find(([long, { char }]) => word === `--${long}` || word === `-${char}`)
      expect(flag, `${word} is a flag`).toBeDefined()
      if (flag?.[1].type !== 'option') continue
      const given = value ?? mine[at + 1]
      if (value === undefined) at += 1
      expect(given, `${word} has a value`).toBeDefined()
      if (flag[1].options) expect(flag[1].options).toContain(given)
    }
    const required = Object.values(command.args).filter((arg) => arg.required).length
    expect(count).toBeGreaterThanOrEqual(required)
    if (command.strict !== false) expect(count).toBeLessThanOrEqual(Object.keys(command.args).length)
  })
})
