import type { ErrorCode } from '../core/error-catalog.ts'

/** What is wrong with an expression. `offset` and `length` are inside its text, in UTF-16 units. */
export interface ExpressionProblem {
  /** Default: EXPRESSION_INVALID. */
  readonly code?: ErrorCode
  readonly summary: string
  readonly detail?: string
  readonly hint?: string
  readonly offset: number
  readonly length: number
}
