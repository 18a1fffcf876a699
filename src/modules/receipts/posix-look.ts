import type { ShellRequest, ShellValue } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { grepPattern } from '../../pattern/device-pattern.ts'
import { THERE } from '../../shell/posix-there.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { Look, LookAnswer } from './look.ts'

const LOG = `need_tool tail tr grep wc
till_there "$path" || { printf '%s\\n' "$path: there is no such file" >&2; exit 1; }
[ -f "$path" ] || { printf '%s\\n' "$path: it is not a file" >&2; exit 1; }
[ -r "$path" ] || { printf '%s\\n' "$path: Permission denied" >&2; exit 1; }
[ "$(tail -n "$lines" "$path" | wc -l)" -lt "$lines" ] || printf 'cut=yes\\n'
found=$(tail -n "$lines" "$path" | tr -d '\\000\\r' | grep -anoE -e "$(printf %b "$pattern")")
[ "$?" -le 1 ] || exit
[ -z "$found" ] || printf '%s\\n' "$found" | tail -n "$most" | sed 's/^/match=/'
`

const FOLDER = `need_tool find stat sort tail
till_there "$path" || { printf '%s\\n' "$path: there is no such folder" >&2; exit 1; }
[ -r "$path" ] && [ -x "$path" ] || { printf '%s\\n' "$path: Permission denied" >&2; exit 1; }
find "$path/" -maxdepth 1 -type f -name "$match" -exec stat -c %Y {} + 2>/dev/null | sort -n | tail -n "$most" | sed 's/^/time=/'
`

const DATABASE = `set --
i=1
while [ "$i" -le "$arg_count" ]; do
  eval "set -- \\"\\$@\\" \\"\\\${arg_$i}\\""
  i=$((i + 1))
done
need_tool "$1"
i=1
while [ "$i" -le "$env_count" ]; do
  eval "export \\"\\\${env_name_$i}=\\\${env_value_$i}\\""
  i=$((i + 1))
done
rows=$("$@") || exit
[ -z "$rows" ] || printf '%s\\n' "$rows" | head -n 20 | sed 's/^/row=/'
`

const WAITING = `need_tool find stat sort
if till_there "$waiting_path"; then
  [ -r "$waiting_path" ] && [ -x "$waiting_path" ] || { printf '%s\\n' "$waiting_path: Permission denied" >&2; exit 1; }
  waiting=$(find "$waiting_path/" -maxdepth 1 -type f -name "$waiting_match" -exec stat -c %Y {} + 2>/dev/null | sort -n)
  oldest=\${waiting%%"
"*}
  if [ -n "$waiting" ]; then printf 'waiting=%s\\n' "$(printf '%s\\n' "$waiting" | grep -c '')"; else printf 'waiting=0\\n'; fi
  printf 'oldest=%s\\n' "$oldest"
else printf 'waiting=missing\\n'
fi
`

const PARTS = { log: LOG, folder: FOLDER, database: DATABASE, waiting: WAITING } as const

/** Asks all that a look wants in one question. */
export async function lookOnPosix({ shell }: ModuleContext, look: Look): Promise<Result<LookAnswer>> {
  const answer = await shell.ask(requestFor(look))
  const failure = failureOf(answer, 'observe', look.what)
  if (failure) return fail(failure)
  const lines = answer.text.split('\n')
  const all = (key: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []))
  const [waiting] = all('waiting')
  return success({
    now: Number(all('now')[0]),
    cut: answer.truncated || all('cut').length > 0,
    matches: firstOfEach(all('match')),
    times: all('time').map(Number),
    rows: all('row'),
    waiting: waiting === undefined || waiting === 'missing' ? null : Number(waiting),
    oldest: all('oldest')[0] ? Number(all('oldest')[0]) : null,
    waiting_missing: waiting === 'missing',
  })
}

/** The first match of each line, by the number of the line before it. */
function firstOfEach(matches: readonly string[]): readonly string[] {
  const numbered = matches.map(
    (match) => [match.slice(0, match.indexOf(':')), match.slice(match.indexOf(':') + 1)] as const,
  )
  return numbered.filter(([line], index) => line !== numbered[index - 1]?.[0]).map(([, text]) => text)
}

function requestFor({ source, call, values, waiting }: Look): ShellRequest {
  const parts = [source, ...(waiting ? (['waiting'] as const) : [])].flatMap((part) => (part ? [PARTS[part]] : []))
  const more: Record<string, ShellValue> = { ...values }
  if (typeof more['pattern'] === 'string') more['pattern'] = grepPattern(more['pattern'])
  if (call) {
    const words = [call.program, ...call.args]
    const environment = [
      ...Object.entries(call.environment),
      ...(call.secret ? [[call.secret.variable, call.secret.value] as const] : []),
    ]
    more['arg_count'] = words.length
    more['env_count'] = environment.length
    for (const [index, word] of words.entries()) more[`arg_${index + 1}`] = word
    for (const [index, [name, value]] of environment.entries()) {
      more[`env_name_${index + 1}`] = name
      more[`env_value_${index + 1}`] = value
    }
  }
  if (waiting) Object.assign(more, { waiting_path: waiting.path, waiting_match: waiting.match })
  return {
    script: `${TOOL_PRELUDE}${THERE}need_tool date sed\nprintf 'now=%s\\n' "$(date +%s)"\n${parts.join('')}`,
    values: more,
  }
}
