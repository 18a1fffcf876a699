import type { Change } from '../../core/change.ts'
import { DURATION } from '../../core/duration.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { ENCODING_PROPERTY } from '../../core/windows-encodings.ts'
import { ANY_PATH } from '../../devices/file/windows-read.ts'
import { dotnetPattern, grepPattern } from '../../pattern/device-pattern.ts'
import { THERE } from '../../shell/posix-there.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { described, listOf, mapOf, number, numberOrNull, text, truth } from '../value-schema.ts'
import { windowsOnly } from '../windows-only.ts'
import { readJournal } from './journal.ts'
import type { Hits, LogParams } from './log-params.ts'
import { EVENTS, LINES } from './windows.ts'

// A program that goes on at its old offset after logrotate emptied its file (copytruncate) leaves a hole before its lines: gigabytes
// of NULs, to grep one line. So only the end is read, and tr stands before every grep.
const POSIX = `${TOOL_PRELUDE}${THERE}need_tool tail head tr grep cut date ls
till_there "$path" || { printf '%s\\n' "$path: there is no such file" >&2; exit 1; }
[ -f "$path" ] || { printf '%s\\n' "$path: it is not a file" >&2; exit 1; }
[ -r "$path" ] || { printf '%s\\n' "$path: Permission denied" >&2; exit 1; }
age_of() { printf '%s' "$(($(date +%s) - $(date -r "$1" +%s)))"; }
last_lines() { tail -c "$bytes" "$path" | tail -n "$lines" | tr -d '\\000\\r'; }
printf '%s\\n' "$(age_of "$path")"
rotated= whole=yes
if [ "$(last_lines | grep -ac '')" -lt "$lines" ]; then
  set -f
  set -- $(ls -Lldn "$path")
  set +f
  if [ "$(tail -c "$bytes" "$path" | head -c 1 | tr -c '\\000' x | tr '\\000' 0)" = 0 ]; then whole=hole
  elif [ "$5" -gt "$bytes" ]; then whole=no
  fi
  # Where the file has fewer lines than are looked at, those before may stand where logrotate has put them.
  for older in "$path".[0-9]* "$path"-[0-9]* "$path".old; do
    [ "$whole" != no ] && [ -f "$older" ] || continue
    if [ -z "$rotated" ] || [ "$older" -nt "$rotated" ]; then rotated=$older; fi
  done
fi
printf '%s\\n' "$whole"
if [ -n "$rotated" ]; then printf '%s %s\\n' "$(age_of "$rotated")" "$rotated"; else echo; fi
[ -n "$pattern" ] || { printf '0\\n'; exit 0; }
pattern=$(printf %b "$pattern")
hits=$(last_lines | grep -aE -e "$pattern")
[ "$?" -le 1 ] || exit
[ -n "$hits" ] || { printf '0\\n'; exit 0; }
printf '%s\\n' "$hits" | grep -c ''
printf '%s\\n' "$hits" | tail -n 5 | cut -c 1-300`

/** How much of the end of a file is read for so many lines; a line has 1 KiB on average. */
function bytesFor(lines: number): number {
  return Math.min(64, Math.max(4, lines / 1024)) * 1024 * 1024
}

export const log = defineModule({
  name: 'log',
  summary: 'Counts what stands in a log file, in the journal of systemd, or in the event log of Windows',
  sides: { linux: { observe: observeOnPosix }, windows: { observe: observeOnWindows } },
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: { type: 'string', pattern: ANY_PATH, description: 'A log file.', examples: ['/var/log/tillapp.log'] },
      pattern: {
        type: 'string',
        minLength: 1,
        description: 'A regular expression that is found in a line, or in the message of an event.',
        examples: ['ERROR|FATAL'],
      },
      lines: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        description:
          'How many of the last lines are looked at. Default: 1000. Of the file 1 KiB a line is read, 4 to 64 MiB; where that is not enough for them, what is found in it may be `unknown`.',
      },
      encoding: ENCODING_PROPERTY,
      journal: {
        type: 'object',
        additionalProperties: false,
        description:
          'The journal of systemd; without anything in it, all of its last 24 hours. Read by an account that sees it.',
        properties: {
          unit: {
            type: 'string',
            // Without *, ? and [: journalctl would take them for patterns.
            pattern: '^[A-Za-z0-9_][A-Za-z0-9_@:.\\\\-]*$',
            description: 'Entries of this unit, and those about it.',
            examples: ['till-agent.service'],
          },
          identifier: { type: 'string', minLength: 1, description: 'Entries of this program (SYSLOG_IDENTIFIER).' },
          priority: {
            enum: ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'],
            description: 'Entries of this priority and of worse ones.',
          },
          since: {
            ...DURATION,
            description: 'Entries of so long ago at most. Default: 24h.',
            examples: ['1h', '7d'],
          },
          unseen: {
            type: 'boolean',
            description:
              'Only entries that no earlier run has seen, plans among them; `since` counts where there was none. A pattern, a unit, an identifier and a priority have their place in the journal together.',
          },
        },
      },
      event_log: {
        type: 'string',
        minLength: 1,
        description: 'Windows: the name of an event log.',
        examples: ['System', 'Application'],
      },
      level: {
        enum: ['critical', 'error', 'warning', 'information'],
        description: 'Events of this level and of worse ones.',
      },
      source: { type: 'string', minLength: 1, description: 'Events of this provider.', examples: ['disk'] },
      ids: {
        type: 'array',
        minItems: 1,
        items: { type: 'integer', minimum: 0, maximum: 65_535 },
        description: 'Events with these numbers.',
      },
      within_minutes: {
        type: 'integer',
        minimum: 1,
        maximum: 525_600,
        description: 'Events of so long ago at most. Default: 1440.',
      },
      max_age_minutes: {
        type: 'integer',
        minimum: 1,
        description: 'How long ago the file may have been written to at most.',
        examples: [15],
      },
      min: { type: 'integer', minimum: 0, description: 'At least so many.' },
      max: {
        type: 'integer',
        minimum: 0,
        description: 'At most so many; without min and max nothing is held against it.',
      },
    },
  },
  patterns: { pattern: 'device' },
  validate,
  diff,
  valueSchema: mapOf(
    {
      count: number('Lines that the pattern was found in.'),
      latest: listOf({ type: 'string' }, 'The last of them.'),
      age_seconds: numberOrNull('How long ago the file was written; null where that was not asked.'),
    },
    {
      encoding: text('Windows: what the file is written in.'),
      cut: truth('There may be more than were looked at.'),
      hole: truth('The file has NULs where lines should be, as after a power cut.'),
      rotated: described(
        'The file that the older lines were moved to, which was not looked at.',
        mapOf({ path: text('Its path.'), age_seconds: number('How long ago it was written.') }),
      ),
    },
  ),
  value: ({ count, latest, age, encoding, rotated, isCut, hasHole }) => ({
    count,
    latest: [...latest],
    age_seconds: age,
    ...(encoding && { encoding }),
    ...(isCut && { cut: true }),
    ...(hasHole && { hole: true }),
    // What stands before the first line of the file, and was not looked at.
    ...(rotated && { rotated: { ...rotated } }),
  }),
  samples: ({ samples = [] }) => samples,
})

/** What goes with one source alone. */
const OF_ONE: Readonly<Record<string, readonly string[]>> = {
  path: ['lines', 'encoding', 'max_age_minutes'],
  event_log: ['level', 'source', 'ids', 'within_minutes'],
  journal: [],
}

function validate(params: JsonObject): string | undefined {
  const given = (name: string): boolean => params[name] !== undefined
  const [from, ...more] = Object.keys(OF_ONE).filter(given)
  if (from === undefined || more.length > 0) return 'Say where to look: exactly one of path, event_log, journal.'
  if (given('path') && !given('pattern') && !given('max_age_minutes')) return 'Say what to look for: `pattern`.'
  if (!given('pattern') && given('path') && (given('min') || given('max')))
    return '`min` and `max` count what a `pattern` finds.'
  for (const [other, names] of Object.entries(OF_ONE)) {
    const strange = other === from ? undefined : names.find(given)
    if (strange !== undefined) return `\`${strange}\` goes with \`${other}\`.`
  }
  return undefined
}

async function observeOnPosix(context: ModuleContext, params: LogParams): Promise<Result<Hits>> {
  const strange = windowsOnly(context, params, ['event_log', 'encoding'])
  if (strange) return strange
  if (params.journal) return readJournal(context, params.journal, params.pattern)
  const { path = '', pattern = '', lines = 1000 } = params
  const values = { path, pattern: pattern && grepPattern(pattern), lines, bytes: Math.ceil(bytesFor(lines)) }
  const answer = await context.shell.ask({ script: POSIX, values })
  const failure = failureOf(answer, 'observe', `Reading "${path}"`)
  if (failure) return fail(failure)
  const [age = '', whole = '', older = '', count = '', ...latest] = answer.text.trimEnd().split('\n')
  const [, seconds, rotated] = /^(-?\d+) (.+)$/.exec(older) ?? []
  return success({
    count: Number(count),
    latest,
    age: Number(age),
    ...(whole === 'no' && { isCut: true }),
    ...(whole === 'hole' && { hasHole: true }),
    ...(rotated !== undefined && { rotated: { path: rotated, age_seconds: Number(seconds) } }),
  })
}

const LEVELS = ['critical', 'error', 'warning', 'information'] as const

async function observeOnWindows({ shell, device }: ModuleContext, params: LogParams): Promise<Result<Hits>> {
  if (params.journal) {
    const message = `\`journal\` is that of systemd; "${device.name}" runs windows, which has \`event_log\`.`
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  const { path, pattern = '', event_log: name = '' } = params
  if (path !== undefined) {
    const values = {
      path,
      pattern: pattern && dotnetPattern(pattern),
      lines: params.lines ?? 1000,
      encoding: params.encoding ?? '',
    }
    return askJson(shell, LINES, { values }, `Reading "${path}"`)
  }
  // Level 0 is what providers of old write for information.
  const worst = params.level === undefined ? [] : LEVELS.slice(0, LEVELS.indexOf(params.level) + 1).map((_, n) => n + 1)
  const levels = params.level === 'information' ? [0, ...worst] : worst
  const values = {
    name,
    pattern: pattern && dotnetPattern(pattern),
    levels: levels.join(','),
    source: params.source ?? '',
    ids: (params.ids ?? []).join(','),
    minutes: params.within_minutes ?? 1440,
  }
  return askJson(shell, EVENTS, { values }, `Reading the event log "${name}"`)
}

const CUT = {
  lines: 'The last lines of the file are too long to be read in the number that is asked for. Ask for fewer `lines`.',
  events:
    'There are more events than are read (10,000), and those before may hold more. Ask for fewer: `ids`, `source`, `level`, `within_minutes`.',
} as const

/** What was not looked at may hold more: then only too many are known to be too many, and enough to be enough. */
function diff(
  { path, min, max, max_age_minutes }: LogParams,
  { count, age, isCut }: Hits,
): readonly Change[] | { readonly unknown: string } {
  const changes: Change[] = []
  if (max_age_minutes !== undefined && age !== null && age > max_age_minutes * 60) {
    changes.push({ path: 'age_seconds', before: age, after: `at most ${max_age_minutes * 60}` })
  }
  const isOpen = max === undefined ? min !== undefined && count < min : count <= max
  if (isCut && isOpen && changes.length === 0) return { unknown: CUT[path === undefined ? 'events' : 'lines'] }
  if (min !== undefined && count < min) changes.push({ path: 'count', before: count, after: `at least ${min}` })
  else if (max !== undefined && count > max) changes.push({ path: 'count', before: count, after: `at most ${max}` })
  return changes
}
