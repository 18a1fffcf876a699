import { ERROR_AREAS, type ErrorArea } from '../../src/core/error-catalog.ts'
import { ERROR_CODES, explainError } from '../../src/core/explain-error.ts'
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

const AREAS: Readonly<Record<ErrorArea, { readonly title: string; readonly words: string }>> = {
  input: {
    title: 'Files, arguments and this machine',
    words:
      'Found before any device is touched; the exit code is 2. Those about files come with file, line and column. Only ' +
      '`SECRET_UNREADABLE`, `SECRET_COMMAND_FAILED` and `SECRET_SEALED` come later, when a device needs the secret, and cost ' +
      'that device alone.',
  },
  revision: {
    title: 'Revisions of a repository that is followed',
    words:
      'The last good revision stays in force. The exit code is 6, or 5 where the remote did not answer; `till gitops status` ' +
      'has all of it.',
  },
  way: {
    title: 'The way to a device',
    words: 'The device ends as `unreachable`, or as `indeterminate` when a change was under way.',
  },
  step: { title: 'Steps', words: 'The step ends as `failed`, and so does the device.' },
  safety: {
    title: 'Safety',
    words:
      'The device ends as `deferred`: nothing of it was changed. The message says until when, where that is known.',
  },
  run: { title: 'Runs', words: 'About the run rather than about the device.' },
}

/** `docs/errors.md`. */
export function errorsPage(): string {
  const areas = Object.keys(ERROR_AREAS) as ErrorArea[]
  return [
    notice('src/core/error-catalog.ts and error-causes.ts'),
    INTRODUCTION,
    '## Phases',
    'A failure names the phase in which it happened. They come in this order:',
    table(
      ['phase', 'what happens in it'],
      PHASES.map((phase) => [code(phase), PHASE_WORDS[phase]]),
    ),
    ...areas.map(section),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Errors

Every failure has a code. Codes are stable: they are added, never renamed, so that monitoring may rely on them. In JSON a
failure is \`{ code, phase, message, hint?, evidence? }\`: see [json.md](json.md). \`till explain CODE\` says in a terminal
what stands here; \`exit\` is what the command ends with where nothing worse happened.`

function section(area: ErrorArea): string {
  const { title, words } = AREAS[area]
  const rows = ERROR_CODES.map(explainError)
    .filter((error) => error.area === area)
    .map(({ code: name, title: what, cause, advice, exit_code }) => [
      code(name),
      `${what}.`,
      cause,
      advice,
      String(exit_code),
    ])
  const head = ['code', 'what happened', 'why, usually', 'what to do', 'exit']
  return [`## ${title}`, words, table(head, rows)].join('\n\n')
}
