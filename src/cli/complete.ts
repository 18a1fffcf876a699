import { readFileSync } from 'node:fs'
import { plainText } from '../reporters/plain-text.ts'
import { type Candidate, type Manifest, type Wanted, wantedAt } from './completion/command-line.ts'
import { errorCodes, RepositoryNames } from './completion/names.ts'
import { wantsSandbox } from './sandbox-variable.ts'

/** Files or folders are completed by the shell, which does it better. */
type Answer = readonly Candidate[] | ':files' | ':folders'

type Value = Extract<Wanted, { kind: 'value' }>
type Source = (names: RepositoryNames, value: Value, context: { readonly sandbox: boolean }) => Answer | Promise<Answer>

const devices: Source = (names, { prefix }) => names.devices(prefix)
const incidents: Source = (names, _, { sandbox }) => names.incidents({ sandbox })
const runs: Source = (names, { prefix }, { sandbox }) => names.runs(prefix, { sandbox, states: false })

/** What stands behind a flag, by its name. */
const FLAGS: Readonly<Record<string, Source>> = {
  store: (names) => names.stores(),
  region: (names) => names.regions(),
  device: devices,
  'from-run': (names, { prefix }, { sandbox }) => names.runs(prefix, { sandbox, states: true }),
  project: () => ':folders',
  output: () => ':files',
  junit: () => ':files',
  'code-quality': () => ':files',
  sarif: () => ':files',
  markdown: () => ':files',
}

/** What stands for an argument, by its command and its name. */
const ARGS: Readonly<Record<string, Source>> = {
  'plan runbook': async (names, { prefix }) => orFiles(names.runbooks(), prefix),
  'apply what': async (names, { prefix }) => orFiles(names.runbooks(), prefix),
  'explain code': () => errorCodes(),
  'inventory:show name': (names, { prefix }) =>
    prefix.includes('/') ? names.devices(prefix) : [...names.stores(), ...names.devices('')],
  'inventory:validate folder': () => ':folders',
  'init folder': () => ':folders',
  'doctor:windows device': devices,
  ...Object.fromEntries(
    ['show', 'take', 'comment', 'pause', 'continue', 'close'].map((verb) => [`incidents:${verb} incident`, incidents]),
  ),
  'incidents:who device': devices,
  'runs:show run': runs,
  'runs:diff first': runs,
  'runs:diff second': runs,
}

function orFiles(names: readonly Candidate[], prefix: string): Answer {
  return names.some(({ value }) => value.startsWith(prefix)) ? names : ':files'
}

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
  const { command, of } = wanted
  if (of.options) return of.options.map((value) => ({ value }))
  const source = of.flag === undefined ? ARGS[`${command} ${of.arg}`] : FLAGS[of.flag]
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
