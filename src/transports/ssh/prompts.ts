import type { Target } from '../../core/transport.ts'
import { patternOf } from '../../pattern/pattern.ts'

export interface Question {
  readonly prompt: string
  readonly echo?: boolean
}

/** Answers what is asked, in one turn or in several: by a pattern, or, the first hidden question, with the password. */
export class Questions {
  readonly #target: Target
  #passwordGiven = false
  unanswered: string | undefined

  constructor(target: Target) {
    this.#target = target
  }

  answer(questions: readonly Question[]): string[] {
    return questions.map((question) => this.#answerOf(question))
  }

  #answerOf({ prompt, echo }: Question): string {
    const { prompts = [], password } = this.#target
    const known = prompts.find(({ match }) => patternOf(match, { ignoreCase: true }).test(prompt))
    if (known) return known.answer.reveal()
    if (password && echo !== true && !this.#passwordGiven && !isNotPassword(prompt)) {
      this.#passwordGiven = true
      return password.reveal()
    }
    this.unanswered ??= prompt
    return ''
  }
}

/** A one-time code, or a password that is to be chosen: the password would be wrong there, and cost an attempt. */
function isNotPassword(prompt: string): boolean {
  return isOneTimeCode(prompt) || isNewPassword(prompt)
}

export function isOneTimeCode(prompt: string): boolean {
  return /one.?time|verification|authenticator|\b(otp|totp|2fa|mfa|token|passcode)\b|\bcode\b/i.test(prompt)
}

/** PAM asks so when a password has expired. */
export function isNewPassword(prompt: string): boolean {
  return /\b(new|retype|current)\b.*password/i.test(prompt)
}
