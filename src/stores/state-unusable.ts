import { InputError, inputError } from '../core/diagnostic.ts'

/** That the state store cannot be used, and what to do about it. */
export function stateUnusable(summary: string, detail: string): InputError {
  return inputError('STATE_UNUSABLE', summary, detail)
}

/** Whether the state store is why. */
export function isUnusable(error: unknown): error is InputError {
  return error instanceof InputError && error.diagnostics.some(({ code }) => code === 'STATE_UNUSABLE')
}
