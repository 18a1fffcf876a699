import { fail, success } from '../core/failure.ts'
import { defineModule } from './define.ts'

export const assert = defineModule({
  name: 'assert',
  summary: 'Is unmet unless an expression is true; asks the device nothing',
  systems: ['linux', 'windows', 'none'],
  asksNothing: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['that'],
    properties: {
      that: { type: 'boolean', description: 'What must hold; usually an expression.' },
      message: { type: 'string', minLength: 1, description: 'What it means when it does not, and what to do.' },
    },
  },
  observe: async (_context, params) =>
    params.that
      ? success(true)
      : fail({ code: 'ASSERT_FALSE', phase: 'observe', message: String(params.message ?? 'The expression is false.') }),
  diff: () => [],
})
