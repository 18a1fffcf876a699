import { readFileSync } from 'node:fs'
import { plainText } from '../reporters/plain-text.ts'
import { type Manifest, type Wanted, wantedAt } from './completion/command-line.ts'
import { RepositoryNames } from './completion/names.ts'
import { type Answer, sourceOf } from './completion/sources.ts'
import { wantsSandbox } from './sandbox-variable.ts'

/**
 * Answers a shell: `words` are those behind `till` up to the cursor, the last of them as far as it is typed. One candidate
 * a line, with a tab and what it is about behind it.
 */
export async function complete(words: readonly string[], manifest: Manifest): Promise<string> {
  const wanted = wantedAt(words, manifest)
  const prefix = wanted.kind === 'words' ? (words.at(-1) ?? '') : wanted.prefix
  const answer = await answerTo(wanted, words)
  if (typeof answer === 'string') return `${answer}\n`
  const before = wanted.kind === 'value' ? wanted.before : ''
  return answer
    .filter(({ value }) => value.startsWith(prefix))
    .map(({ value, about }) => `${before}${plainText(value)}${about === undefined ? '' : `\t${plainText(about)}`}\n`)
    .join('')
}

function answerTo(wanted: Wanted, words: readonly string[]): Answer | Promise<Answer> {
  if (wanted.kind === 'words') return wanted.candidates
  if (wanted.of.options) return wanted.of.options.map((value) => ({ value }))
  const source = sourceOf(wanted)
  if (source === undefined) return []
  const at = words.indexOf('--project')
  const start = (at < 0 ? undefined : words[at + 1]) ?? process.env['TILL_PROJECT'] ?? process.cwd()
  const sandbox = words.includes('--sandbox') || wantsSandbox(process.env) === true
  return source(new RepositoryNames(start), wanted, { sandbox })
}

/** Run by `bin/till` without oclif, which takes longer to load than a shell may wait. Says nothing where it cannot. */
export async function main(words: readonly string[]): Promise<void> {
  try {
    const manifest = JSON.parse(readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8')) as Manifest
    process.stdout.write(await complete(words, manifest))
  } catch {
    // What is typed is in nobody's way for it.
  }
}
