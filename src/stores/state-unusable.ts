import { InputError } from '../core/diagnostic.ts'

/** That the state store cannot be used, and what to do about it. */
export function stateUnusable(summary: string, detail: string): InputError {
  return new InputError([{ code: 'STATE_UNUSABLE', severity: 'error', summary, detail }])
}
