import { createHash, randomBytes } from 'node:crypto'
import type { ShellAnswer } from '../../core/channel.ts'
import type { JsonObject } from '../../core/json.ts'
import { Secret } from '../../core/secret.ts'
import { type Check, expectThat, lookBy } from './windows-check.ts'
import { ABOUT, FLOOD, HANG, LARGE, PLACE, PROGRAM, SHELLS, TEXT, USER_SCRIPT, VALUES } from './windows-fragments.ts'
import { GUARD_CHECKS, MODULE_CHECKS } from './windows-looks.ts'

const AWKWARD = 'Zażółć gęślą jaźń «kasa» \u{1f9fe} \'"`$(1)%PATH%'

/** More than this at a time, and the next ones may be refused. */
const MANY_SHELLS = 4

function whole(answer: ShellAnswer): ShellAnswer {
  expectThat(answer.exitCode === 0, `It ended with ${answer.exitCode}: ${answer.errorText.trim().slice(0, 300)}`)
  return answer
}

/** In order; the first that fails is the one to look at. */
export const WINDOWS_CHECKS: readonly Check[] = [
  {
    name: 'powershell',
    about: 'Windows PowerShell 5.1 starts, in full language mode, with the rights of an administrator',
    run: async ({ shell }) => {
      const about = JSON.parse(whole(await shell.ask(ABOUT)).text) as Record<string, string | boolean>
      const seen = `${about['version']}, ${about['mode']}, ${about['user']}, code page ${about['page']}, ${about['culture']}`
      expectThat(about['mode'] === 'FullLanguage', `${seen}: a policy (AppLocker, WDAC) restricts what it may run.`)
      expectThat(
        about['elevated'] === true,
        `${seen}: without the rights of an administrator. A local account needs LocalAccountTokenFilterPolicy=1 over WinRM.`,
      )
      expectThat(
        about['narrow'] !== true,
        `${seen}: a PowerShell of 32 bits, which is led to other files in System32 and other keys in SOFTWARE than this Windows of 64 bits has. Whatever starts it (sshd of OpenSSH-Win32.zip, for one) is to be that of 64 bits.`,
      )
      return seen
    },
  },
  {
    name: 'text',
    about: 'Text in any language comes back as it was sent, whatever the code page',
    run: async ({ shell }) => {
      const answer = whole(await shell.ask({ ...TEXT, values: { text: AWKWARD } }))
      const [said = '', upper = ''] = answer.text.split('\n')
      expectThat(said === AWKWARD, `"${said}" came back for "${AWKWARD}".`)
      expectThat(upper === AWKWARD.toUpperCase(), 'It came back, but was not read as text.')
      return said
    },
  },
  {
    name: 'values',
    about: 'Values keep their kind, and secrets arrive by stdin',
    run: async ({ shell }) => {
      const secret = randomBytes(16).toString('hex')
      const values = { secret: new Secret(secret), whole: 4711, part: 0.5, is: true, none: '' }
      const seen = JSON.parse(whole(await shell.ask({ ...VALUES, values })).text) as JsonObject
      const sha256 = createHash('sha256').update(secret).digest('hex')
      expectThat(seen['secret'] === sha256, 'The secret arrived as something else.')
      expectThat(seen['kinds'] === 'Int64 Double Boolean String', `The kinds are ${String(seen['kinds'])}.`)
      expectThat(seen['leaked'] === false, 'The secret stands on a command line or in the environment.')
      return String(seen['kinds'])
    },
  },
  {
    name: 'user-script',
    about: 'A text of a user runs in an interpreter of its own: exit code, output and errors are told apart',
    run: async ({ shell }) => {
      const answer = await shell.ask(USER_SCRIPT)
      expectThat(answer.exitCode === 7, `The exit code is ${answer.exitCode}, not 7: ${answer.errorText.slice(0, 300)}`)
      expectThat(answer.text.trim() === 'kasa ż', `It put out "${answer.text.trim()}".`)
      expectThat(answer.errorText.includes('nie ma'), `Its errors are "${answer.errorText.slice(0, 300)}".`)
      return 'exit code 7, output and errors'
    },
  },
  {
    name: 'program',
    about: 'A program gets its arguments as they are',
    run: async ({ shell }) => {
      const answer = whole(await shell.ask(PROGRAM))
      expectThat(answer.text.trim() === '[a b] [c"d\\] []', `It saw ${answer.text.trim()}.`)
      return answer.text.trim()
    },
  },
  {
    name: 'deadline',
    about: 'What hangs is ended at its deadline with the programs that it started, and the session goes on',
    run: async ({ shell }) => {
      const began = performance.now()
      const answer = await shell.ask({ ...HANG, timeoutMs: 2_000 })
      const took = Math.round(performance.now() - began)
      expectThat(answer.timedOut, `It was not ended, but said: ${answer.text || answer.errorText}`)
      const left = whole(await shell.ask({ ...HANG, values: { look: true } })).text.trim()
      expectThat(left === '0', `${left} of its programs are still there.`)
      return `ended after ${took} ms`
    },
  },
  {
    name: 'output',
    about: 'A large answer comes whole, a too large one is cut and said to be',
    run: async ({ shell }) => {
      const answer = whole(await shell.ask({ ...LARGE, maxOutputBytes: 2_000_000 }))
      expectThat(answer.text.length === 1_100_000, `${answer.text.length} of 1100000 bytes came.`)
      const cut = await shell.ask({ ...FLOOD, maxOutputBytes: 1_000 })
      expectThat(
        cut.truncated && cut.stdout.length === 1_000,
        `${cut.stdout.length} bytes came, cut: ${cut.truncated}.`,
      )
      return 'whole at 1.1 MB, cut at 1000 bytes'
    },
  },
  {
    name: 'chain',
    about: 'The device itself stops at what no longer holds',
    run: async ({ shell }) => {
      const as = whole(await shell.ask({ ...TEXT, values: { text: 'same' } }))
      const outcomes = await Promise.allSettled(
        shell.chain([
          { request: { ...TEXT, values: { text: 'same' } }, gate: { kind: 'same', as } },
          { request: { ...TEXT, values: { text: 'x' } }, gate: { kind: 'exit', codes: [3] } },
          { request: { ...TEXT, values: { text: 'never' } } },
          { request: { ...TEXT, values: { text: 'always' } }, run: 'always' },
        ]),
      )
      const seen = outcomes.map(({ status }) => (status === 'fulfilled' ? 'run' : 'not')).join(' ')
      expectThat(seen === 'run run not run', `It was: ${seen}.`)
      return seen
    },
  },
  {
    name: 'shells',
    about: 'WinRM has room: few shells are open, and none that was forgotten',
    run: async ({ shell }) => {
      const open = Number(whole(await shell.ask(SHELLS)).text)
      const advice =
        'an untouched Windows allows 30 for each user, Windows 7 allows 5. List them with `Get-WSManInstance shell -Enumerate`, end one with `Remove-WSManInstance shell @{ShellId=...}`'
      expectThat(open <= MANY_SHELLS, `${open} shells are open; ${advice}.`)
      return `${open} open (winrshost.exe), this session's among them`
    },
  },
  {
    name: 'upload',
    about: 'A file arrives byte for byte (in the temporary folder, and is removed)',
    run: async (examined) => {
      const { shell } = examined
      const path = `${whole(await shell.ask(PLACE)).text.trim()}\\till-doctor-${randomBytes(8).toString('hex')}`
      const content = randomBytes(300_000)
      whole(await shell.upload(path, content))
      const sha256 = createHash('sha256').update(content).digest('hex')
      const seen = await lookBy('file', { path, sha256 }, examined)
      const removed = await lookBy('file', { path, state: 'absent' }, examined)
      await removed.converge?.([])
      const { changes } = comparisonOf(seen)
      expectThat(changes === 0, 'What arrived has another checksum.')
      return `300000 bytes, ${path}`
    },
  },
  ...MODULE_CHECKS,
  ...GUARD_CHECKS,
]

function comparisonOf(seen: Awaited<ReturnType<typeof lookBy>>): { readonly changes: number } {
  const comparison = seen.compare({ triggered: false })
  return { changes: 'changes' in comparison ? comparison.changes.length : 1 }
}
