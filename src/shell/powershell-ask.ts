import type { ShellAnswer, ShellChannel, ShellRequest } from '../core/channel.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { Proof } from '../core/module.ts'
import type { Fragment } from './powershell-fragment.ts'
import { evidenceOf, failureOf } from './tool-answer.ts'

type Question = Omit<ShellRequest, 'script' | 'name'>

/**
 * Asks a fragment that puts out one JSON document. `what` completes "… ended with exit code 1": a noun with its article.
 * The document is trusted to have the form that the fragment gives it: it came whole, by its hash.
 */
export async function askJson<T>(
  shell: ShellChannel,
  fragment: Fragment,
  question: Question,
  what: string,
): Promise<Result<T>> {
  const answer = await shell.ask({ ...fragment, ...question })
  const failure = failureOf(answer, 'observe', what)
  return failure ? fail(failure) : jsonOf(answer, what)
}

/** The JSON document that an answer is. */
export function jsonOf<T>(answer: ShellAnswer, what: string): Result<T> {
  try {
    if (!answer.truncated) return success(JSON.parse(answer.text) as T)
  } catch {
    // Said below.
  }
  const why = answer.truncated ? 'was cut' : 'is not JSON'
  const message = `${what}: what the device answered ${why}.`
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message, ...evidenceOf(answer) })
}

/** Has a fragment do something. */
export async function act(
  shell: ShellChannel,
  fragment: Fragment,
  question: Question,
  what: string,
): Promise<Result<void>> {
  const failure = failureOf(await shell.ask({ ...fragment, ...question }), 'converge', what)
  return failure ? fail(failure) : success(undefined)
}

/** A proof by a fragment that is run behind a look, and finds what that put out as `$v.till_seen`. */
export function proofBy({ name, script }: Fragment, values: Proof['values'], exits?: readonly number[]): Proof {
  return { dialect: 'powershell', name, test: script, ...(values && { values }), ...(exits && { exits }) }
}
