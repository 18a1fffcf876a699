import { ERROR_CATALOG, type ErrorCode } from '../../src/core/error-catalog.ts'
import { PHASES, type Phase } from '../../src/core/failure.ts'
import { code, notice, table } from './markdown.ts'

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  resolve: 'values are filled in, secrets read, the name of the device looked up, leave asked to change it',
  connect: 'TCP: does anything answer at the address?',
  identify: 'the key exchange of SSH, or TLS: who is it, and is its key or certificate the right one?',
  authenticate: 'the login',
  open: '`sh` is started, and sudo if the inventory says so; on Windows, PowerShell',
  observe: 'what is there is read; nothing is written',
  converge: 'what differs is changed',
  verify: 'what was changed is read again',
}

/** Titles and first words of the groups, by the comment that begins each in the catalogue. */
const GROUPS: Readonly<Record<string, { readonly title: string; readonly words: string }>> = {
  'files of the user': {
    title: 'Files, arguments and this machine',
    words:
      'Found before any device is touched; the exit code is 2. Those about files come with file, line and column. Only ' +
      '`SECRET_UNREADABLE`, `SECRET_COMMAND_FAILED` and `SECRET_SEALED` come later, when a device needs the secret, and cost ' +
      'that device alone.',
  },
  'ways to a device': {
    title: 'The way to a device',
    words: 'The device ends as `unreachable`, or as `indeterminate` when a change was under way.',
  },
  steps: { title: 'Steps', words: 'The step ends as `failed`, and so does the device.' },
  runs: { title: 'Runs', words: 'About the run rather than about the device.' },
}

/** `docs/errors.md`. `source` is the text of the catalogue: its comments are the groups. */
export function errorsPage(source: string): string {
  return [
    notice('src/core/error-catalog.ts'),
    INTRODUCTION,
    '## Phases',
    'A failure names the phase in which it happened. They come in this order:',
    table(
      ['phase', 'what happens in it'],
      PHASES.map((phase) => [code(phase), PHASE_WORDS[phase]]),
    ),
    ...groupsOf(source).map(section),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Errors

Every failure has a code. Codes are stable: they are added, never renamed, so that monitoring may rely on them. In JSON a
failure is \`{ code, phase, message, hint?, evidence? }\`: see [json.md](json.md).`

interface Group {
  readonly title: string
  readonly codes: readonly ErrorCode[]
}

/** The catalogue as it is written: a comment begins a group. Throws when a code would be lost. */
export function groupsOf(source: string): readonly Group[] {
  const groups: { title: string; codes: ErrorCode[] }[] = []
  for (const [, comment, name] of source.matchAll(/^ {2}(?:\/\/ (.+)|([A-Z][A-Z0-9_]+): entry)/gm)) {
    if (comment !== undefined) groups.push({ title: comment, codes: [] })
    else groups.at(-1)?.codes.push(name as ErrorCode)
  }
  const lost = Object.keys(ERROR_CATALOG).filter(
    (name) => !groups.some(({ codes }) => codes.includes(name as ErrorCode)),
  )
  if (lost.length > 0) throw new Error(`not found in the text of the catalogue: ${lost.join(', ')}`)
  return groups
}

function section({ title, codes }: Group): string {
  const about = GROUPS[title] ?? { title, words: '' }
  const rows = codes.map((name) => [code(name), `${ERROR_CATALOG[name].title}.`, ERROR_CATALOG[name].advice])
  return [`## ${about.title}`, about.words, table(['code', 'what happened', 'what to do'], rows)]
    .filter((part) => part !== '')
    .join('\n\n')
}
