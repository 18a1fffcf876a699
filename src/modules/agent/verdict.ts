import type { ShellAnswer } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { AGENT_EXIT } from '../../devices/agent/agent-exit.ts'
import type { WindowsChange } from '../../devices/agent/windows-agent.ts'
import { CHECKSUM_EXIT, NO_VERSION_EXIT } from '../../devices/package/change-package.ts'
import { failureOf, parseFields, tailOf } from '../../shell/tool-answer.ts'
import type { AgentParams, AgentState } from './agent-state.ts'

/** What became of the change, in a sentence, and of what was there before in another. */
export function changeVerdict(answer: ShellAnswer, params: AgentParams, state: AgentState): Result<void> {
  if (answer.exitCode === 0) return success(undefined)
  const facts = parseFields(answer.text)
  const said = tailOf(answer.errorText, 500)
  const evidence = { exit_code: answer.exitCode, ...(said !== '' && { stderr: tailOf(answer.errorText, 2000) }) }
  const failed = (code: Failure['code'], message: string): Result<void> =>
    fail({ code, phase: 'converge', message: `${message}${restored(facts, state)}`, evidence })
  const because = said === '' ? '.' : `: ${said}`
  if (answer.timedOut) return failed('CONVERGE_TIMEOUT', 'Changing the agent took too long and was ended.')
  if (answer.exitCode === AGENT_EXIT.package) return packageFailed(answer, facts, { params, failed, because })
  const known = reasonOf(answer.exitCode, said)
  if (known) return failed(known.code, known.message)
  const failure = failureOf(answer, 'converge', 'The change of the agent')
  return failure ? fail(failure) : success(undefined)
}

/** What became of a change on Windows; `old` is the version that an MSI replaced, null if there was none. */
export function windowsVerdict({ exit, said, answers }: WindowsChange, old?: string | null): Result<void> {
  const known = reasonOf(exit, tailOf(said, 500))
  if (!known) return success(undefined)
  const parts: string[] = []
  if (old !== undefined && old !== null)
    parts.push(`version ${old} cannot be had back from an MSI, so the new one stays`)
  if (answers !== null) parts.push(oldAnswers(answers))
  return fail({
    code: known.code,
    phase: 'converge',
    message: known.message + nowThat(parts),
    evidence: { exit_code: exit },
  })
}

function reasonOf(
  exit: number,
  said: string,
): { readonly code: Failure['code']; readonly message: string } | undefined {
  const because = said === '' ? '.' : `: ${said.replace(/\.?$/, '.')}`
  const failed = (message: string) => ({ code: 'CONVERGE_FAILED' as const, message })
  switch (exit) {
    case AGENT_EXIT.refused:
      return {
        code: 'VALIDATOR_REFUSED',
        message: `The agent refused the new configuration, and it was not put in place${because}`,
      }
    case AGENT_EXIT.moved:
      return failed(`"${said}" was changed by someone else meanwhile; nothing was written.`)
    case AGENT_EXIT.service:
      return failed(`The agent did not start with what was changed${because}`)
    case AGENT_EXIT.silent:
      return failed('The agent runs with what was changed, but does not answer.')
    case AGENT_EXIT.unwritten:
      return failed(`The configuration could not be written${because}`)
    default:
      return undefined
  }
}

function oldAnswers(answers: boolean): string {
  return `with the old configuration it ${answers ? 'answers' : 'does not answer either'}`
}

function nowThat(parts: readonly string[]): string {
  return parts.length === 0 ? '' : ` Now ${parts.join(', and ')}.`
}

function packageFailed(
  answer: ShellAnswer,
  facts: ReadonlyMap<string, string>,
  to: { params: AgentParams; failed: (code: Failure['code'], message: string) => Result<void>; because: string },
): Result<void> {
  const code = Number(facts.get('package_exit'))
  if (code === CHECKSUM_EXIT) {
    return to.failed('CHECKSUM_MISMATCH', 'What arrived on the device has another checksum; nothing was installed.')
  }
  if (code === NO_VERSION_EXIT) {
    const version = to.params.version === undefined ? '' : ` in version ${to.params.version}`
    return to.failed('CONVERGE_FAILED', `No package source of the device has the agent${version}; nothing was changed.`)
  }
  if (/could not get lock|another process|locked by another|unable to lock|transaction lock/i.test(answer.errorText)) {
    return to.failed('CONVERGE_FAILED', 'Another package operation is under way on the device; this one was not begun.')
  }
  return to.failed('CONVERGE_FAILED', `The package could not be installed${to.because}`)
}

/** What is there now, if something was taken back. */
function restored(facts: ReadonlyMap<string, string>, { package: { installed } }: AgentState): string {
  const back = facts.get('package_back')
  const [old] = installed
  const parts: string[] = []
  if (back === 'yes') parts.push(`version ${old} is back`)
  if (back === 'no' && old !== undefined)
    parts.push(`no package source has version ${old} any more, so the new one stays`)
  if (facts.has('answers')) parts.push(oldAnswers(facts.get('answers') === 'yes'))
  return nowThat(parts)
}
