import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2'
import type { Target } from '../../core/ports.ts'
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
  /** What it asked that nobody had an answer for. */
  unanswered(): string | undefined
}

/**
 * Keys first, then the agent, the password, and the password by keyboard-interactive. What the device does not accept
 * is not offered; without anything to offer, `none` is, which a device without passwords lets in.
 */
export function authenticationOf(target: Target, identities: readonly Identity[]): Authentication {
  const questions = new Questions(target)
  const attempts = attemptsOf(target, identities, questions)
  const tried: string[] = []
  let accepted: readonly string[] = []
  let next = 0
  const handler: AuthHandlerMiddleware = (methodsLeft) => {
    if (methodsLeft) accepted = methodsLeft as AuthenticationType[]
    while (next < attempts.length) {
      const attempt = attempts[next++] as Attempt
      if (methodsLeft && !methodsLeft.includes(attempt.method as AuthenticationType)) continue
      tried.push(attempt.name)
      return attempt.offer
    }
    return false as unknown as AnyAuthMethod
  }
  return { handler, tried, accepts: () => accepted, unanswered: () => questions.unanswered }
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
