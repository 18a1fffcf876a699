import type { ShellAnswer, ShellDialect, ShellRequest } from '../../core/channel.ts'
import type { Guard, GuardSeen, GuardTest } from '../../core/guard.ts'
import type { DeviceFact } from '../../core/sample.ts'
import { dotnetPattern, grepPattern, looksBeyondAscii } from '../../pattern/device-pattern.ts'
import { POSIX_FILE, POSIX_IDLE, POSIX_LOG, POSIX_LOGGED_IN, POSIX_PROCESS } from './posix-tests.ts'
import { WINDOWS_FILE, WINDOWS_IDLE, WINDOWS_LOG, WINDOWS_LOGGED_IN, WINDOWS_PROCESS } from './windows-tests.ts'

/** A question of a guard is asked before every change: it may not take long. */
const TIMEOUT_MS = 10_000
const MOST_BYTES = 4_096

/** What a device is asked for a guard, in its language; undefined where the guard has no words for it. Never writes. */
export function guardQuestion({ test }: Guard, dialect: ShellDialect): ShellRequest | undefined {
  const asked = dialect === 'posix' ? posixQuestion(test) : windowsQuestion(test)
  return asked && { ...asked, timeoutMs: TIMEOUT_MS, maxOutputBytes: MOST_BYTES }
}

function posixQuestion(test: GuardTest): ShellRequest | undefined {
  switch (test.type) {
    case 'file':
      return { script: POSIX_FILE, values: { path: test.path } }
    case 'process':
      return { script: POSIX_PROCESS, values: { name: test.name } }
    case 'log': {
      const { path, silent } = test
      if (test.encoding !== undefined && test.encoding !== 'utf-8') return { script: NO_ENCODING }
      const values = { path, silent, begins: grepPattern(test.begins), ends: grepPattern(test.ends) }
      return { script: POSIX_LOG, values: { ...values, beyond: isBeyond(test, 'grep') } }
    }
    case 'idle':
      return { script: POSIX_IDLE, values: { path: test.path, seconds: test.seconds } }
    case 'logged-in':
      return { script: POSIX_LOGGED_IN }
    case 'source':
      return undefined
    case 'script':
      return test.sh === undefined ? undefined : { script: test.sh, foreign: true }
  }
}

const NO_ENCODING = "echo 'unknown this device reads logs in UTF-8 alone: `encoding` is for Windows'"

function isBeyond({ begins, ends }: GuardTest & { readonly type: 'log' }, by: 'grep' | 'dotnet'): boolean {
  return looksBeyondAscii(begins, by) || looksBeyondAscii(ends, by)
}

/** What a fact of events says for a guard: only one that is known as of a moment ago says anything. */
export function readFactGuard(
  { name, test }: Guard,
  { fact, now }: { readonly fact: DeviceFact | null; readonly now: number },
): GuardSeen {
  if (test.type !== 'source') throw new Error(`the guard "${name}" asks no source`)
  const unknown = (detail: string): GuardSeen => ({ guard: name, says: 'unknown', detail })
  if (!fact) return unknown(`the source "${test.source}" never told whether it is so`)
  if (fact.as_of === null) return unknown(`the source "${test.source}" brought nothing whose time can be believed`)
  const age = Math.max(0, now - Date.parse(fact.as_of))
  const limit = `${test.withinMs / 1_000} s`
  if (age > test.withinMs)
    return unknown(
      `the source "${test.source}" brought nothing for ${Math.round(age / 1_000)} s, and ${limit} are allowed`,
    )
  if (fact.value === 'false') return { guard: name, says: 'free' }
  return fact.value === 'true'
    ? { guard: name, says: 'busy', detail: `since ${fact.at}` }
    : unknown(`"${test.fact}" is neither true nor false`)
}

function windowsQuestion(test: GuardTest): ShellRequest | undefined {
  switch (test.type) {
    case 'file':
      return { ...WINDOWS_FILE, values: { path: test.path } }
    case 'process':
      return { ...WINDOWS_PROCESS, values: { name: test.name } }
    case 'log': {
      const { path, silent, encoding = '' } = test
      const values = { path, silent, begins: dotnetPattern(test.begins), ends: dotnetPattern(test.ends), encoding }
      return { ...WINDOWS_LOG, values: { ...values, beyond: isBeyond(test, 'dotnet') } }
    }
    case 'idle':
      return { ...WINDOWS_IDLE, values: { path: test.path, seconds: test.seconds } }
    case 'logged-in':
      return { ...WINDOWS_LOGGED_IN }
    case 'source':
      return undefined
    case 'script':
      return test.powershell === undefined ? undefined : { script: test.powershell }
  }
}

/** Only `free` by itself is free, from a script that did not fail: what was not understood is not known. */
export function readGuard(guard: string, answer: ShellAnswer): GuardSeen {
  if (answer.timedOut) return { guard, says: 'unknown', detail: `it did not answer within ${TIMEOUT_MS / 1_000} s` }
  if (answer.exitCode !== 0) {
    const said = answer.errorText.trim().split('\n').at(-1) ?? ''
    return { guard, says: 'unknown', detail: `it ended with exit code ${answer.exitCode}${said && `: ${said}`}` }
  }
  const text = answer.text.trim()
  const [, word, detail = ''] = /^(free|busy|unknown)\b[ :]*([^\r\n]*)/.exec(text) ?? []
  if (word === 'free' && text === 'free' && answer.errorText.trim() === '') return { guard, says: 'free' }
  if (word === 'busy') return { guard, says: 'busy', ...(detail !== '' && { detail }) }
  if (word === 'unknown') return { guard, says: 'unknown', ...(detail !== '' && { detail }) }
  const shown = text === '' ? 'nothing' : `"${text.slice(0, 80)}"`
  return { guard, says: 'unknown', detail: `it said ${shown} where "free" or "busy" was expected` }
}
