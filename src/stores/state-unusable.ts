import { type InputError, inputError } from '../core/diagnostic.ts'

/** That the state store cannot be used, and what to do about it. */
export function stateUnusable(summary: string, detail: string): InputError {
  return inputError('STATE_UNUSABLE', summary, detail)
}
