import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2'
import type { Target } from '../../core/transport.ts'
import type { Identity } from './identity.ts'
import { type Question, Questions } from './prompts.ts'

interface Attempt {
  /** What the server calls it. */
  readonly method: string
  /** For messages: `key "~/.ssh/id_ed25519"`. */
  readonly name: string
  readonly offer: AnyAuthMethod
}

/** The ways to log in, in order, and what became of them. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware
  /** Names of what was offered so far. */
  readonly tried: string[]
  /** What the device said it accepts, at its last refusal. */
  accepts(): readonly string[]
  /** Names of what it took and was not content with (RFC 4252, 5.1: partial success). */
  accepted(): readonly string[]
  /** What it asked that nobody had an answer for. */
  unanswered(): string | undefined
}

/**
 * Keys first, then the agent, the password, and the password by keyboard-interactive. What the device does not accept
 * is not offered; without anything to offer, `none` is, which a device without passwords lets in. Where the device wants several
 * (RFC 4252, 5.1: partial success), what it did not want before is offered again behind each. A password that was refused is
 * not offered once more by keyboard-interactive: to the directory behind it that would be a second failure of the account.
 */
export function authenticationOf(target: Target, identities: readonly Identity[]): Authentication {
  const questions = new Questions(target)
  const attempts = attemptsOf(target, identities, questions)
  const tried: string[] = []
  const taken: string[] = []
  let accepted: readonly string[] = []
  let left = attempts
  let last: Attempt | undefined
  let isPasswordRefused = false
  const handler: AuthHandlerMiddleware = (methodsLeft, partialSuccess) => {
    if (methodsLeft) accepted = methodsLeft as AuthenticationType[]
    if (partialSuccess) {
      attempts.splice(attempts.indexOf(last as Attempt), 1)
      if (last) taken.push(last.name)
      left = attempts
    } else if (last?.method === 'password' && methodsLeft?.includes('password')) isPasswordRefused = true
    const isInVain = ({ method }: Attempt): boolean =>
      isPasswordRefused && (method === 'password' || (method === 'keyboard-interactive' && !target.prompts))
    const isWanted = ({ method }: Attempt): boolean =>
      !methodsLeft || methodsLeft.includes(method as AuthenticationType)
    last = left.find((attempt) => isWanted(attempt) && !isInVain(attempt))
    if (last === undefined) return false as unknown as AnyAuthMethod
    left = left.slice(left.indexOf(last) + 1)
    tried.push(last.name)
    return last.offer
  }
  return { handler, tried, accepts: () => accepted, accepted: () => taken, unanswered: () => questions.unanswered }
}

function attemptsOf(target: Target, identities: readonly Identity[], questions: Questions): Attempt[] {
  const { user: username, agent } = target
  const attempts: Attempt[] = identities.map(({ origin, key }) => ({
    method: 'publickey',
    name: `key "${origin}"`,
    offer: { type: 'publickey', username, key: key as unknown as Buffer },
  }))
  if (agent !== undefined) {
    attempts.push({ method: 'publickey', name: 'ssh-agent', offer: { type: 'agent', username, agent } })
  }
  const password = target.password?.reveal()
  if (password !== undefined) {
    attempts.push({ method: 'password', name: 'password', offer: { type: 'password', username, password } })
  }
  if (password !== undefined || target.prompts) {
    const prompt = (...[, , , prompts, finish]: PromptArguments): void => finish(questions.answer(prompts))
    attempts.push({
      method: 'keyboard-interactive',
      name: 'keyboard-interactive',
      offer: { type: 'keyboard-interactive', username, prompt },
    })
  }
  if (attempts.length === 0) attempts.push({ method: 'none', name: 'none', offer: { type: 'none', username } })
  return attempts
}

type PromptArguments = [
  name: string,
  instructions: string,
  language: string,
  prompts: readonly Question[],
  finish: (answers: string[]) => void,
]
