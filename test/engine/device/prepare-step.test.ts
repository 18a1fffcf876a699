import { describe, expect, it } from 'vitest'
import { success } from '../../../src/core/failure.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Expression, Scope, Step } from '../../../src/core/runbook.ts'
import { isSecret, Secret } from '../../../src/core/secret.ts'
import { evaluateWhen, type Preparation, prepareParams } from '../../../src/engine/device/prepare-step.ts'
import { step } from '../bench.ts'

const SCOPE: Scope = { store: {}, device: {}, params: {}, vars: {}, steps: {} }
const NUL = '\0'

const PREPARATION: Preparation = {
  checkParams: () => [],
  withPaths: (_module, params) => success(params),
  readSecret: async (reference) => success(new Secret(`the value of ${reference}`)),
}

function stepWith(params: JsonObject): Step {
  return {
    ...step({ id: 's', module: 'line', with: {} }),
    params: { steps: [], render: () => ({ ok: true, value: params }) },
  }
}

function prepare(params: JsonObject, more: Partial<Preparation> = {}) {
  return prepareParams(stepWith(params), SCOPE, { ...PREPARATION, ...more })
}

function stepWhen(answer: ReturnType<Expression['evaluate']>): Step {
  return { ...step({ id: 's', module: 'line', with: {} }), when: { text: 'vars.x', steps: [], evaluate: () => answer } }
}

describe('the parameters of a step', () => {
  it('are handed on as they are where nothing in them is a secret', async () => {
    const params = { text: 'a', list: [1, null, { deep: true }], secret: 'a word', more: { secret: 'b', beside: 'c' } }
    expect(await prepare(params)).toEqual(success(params))
  })

  it('have secrets in the place of their references, however deep, each read for itself', async () => {
    const params = { password: { secret: 'env:A' }, list: [{ token: { secret: 'env:B' } }, 'kept'], count: 2 }
    const prepared = await prepare(params)
    if (!prepared.ok) throw new Error(prepared.failure.message)
    const { password, list, count } = prepared.value as unknown as {
      password: Secret
      list: [{ token: Secret }, string]
      count: number
    }
    expect([isSecret(password), isSecret(list[0].token)]).toEqual([true, true])
    expect([password.reveal(), list[0].token.reveal(), list[1], count]).toEqual([
      'the value of env:A',
      'the value of env:B',
      'kept',
      2,
    ])
  })

  it('are checked against the schema with a text in the place of each secret, which is not read for that', async () => {
    const seen: JsonObject[] = []
    const read: string[] = []
    const prepared = await prepare(
      { password: { secret: 'env:A' }, list: [{ secret: 'env:B' }] },
      {
        checkParams: (_module, params) => {
          seen.push(params)
          return ['"mode" is missing', '"port" is no number']
        },
        readSecret: async (reference) => {
          read.push(reference)
          return success(new Secret(''))
        },
      },
    )
    expect(seen).toEqual([{ password: 'secret', list: ['secret'] }])
    expect(prepared).toMatchObject({
      failure: { code: 'PARAMS_INVALID', phase: 'resolve', message: '"mode" is missing; "port" is no number' },
    })
    expect(read).toEqual([])
  })

  it('that cannot be worked out fail with what the expression said', async () => {
    const broken = {
      ...step({ id: 's', module: 'line', with: {} }),
      params: { steps: [], render: () => ({ ok: false, error: 'no vars.x' }) },
    }
    expect(await prepareParams(broken as Step, SCOPE, PREPARATION)).toMatchObject({
      failure: { code: 'EXPRESSION_FAILED', phase: 'resolve', message: 'no vars.x' },
    })
  })

  it.each([
    [{ files: [{ text: `a${NUL}b` }] }, '"files.0.text" holds a NUL character'],
    [{ env: { [`A${NUL}`]: 'x' } }, 'A key of "env" holds a NUL character'],
    [{ text: 'x'.repeat(4 * 1024 * 1024 + 1) }, '"text" has 4194305 characters; 4194304 are the most'],
  ])('that no device can be given are refused by their place, case %#', async (params, message) => {
    expect(await prepare(params)).toMatchObject({
      failure: { code: 'PARAMS_INVALID', message: expect.stringContaining(message) },
    })
  })

  it('may have a text of just four MiB', async () => {
    expect(await prepare({ text: 'x'.repeat(4 * 1024 * 1024) })).toMatchObject({ ok: true })
  })

  it('are refused for a path that is not there before any secret is read', async () => {
    const failure = { code: 'PARAMS_INVALID', phase: 'resolve', message: 'no such file' } as const
    const readSecret = () => Promise.reject(new Error('a secret was read'))
    const prepared = await prepare(
      { password: { secret: 'env:A' } },
      { withPaths: () => ({ ok: false, failure }), readSecret },
    )
    expect(prepared).toEqual({ ok: false, failure })
  })

  it('are not prepared where a secret cannot be read', async () => {
    const failure = { code: 'PARAMS_INVALID', phase: 'resolve', message: 'env:A is not set' } as const
    expect(
      await prepare({ password: { secret: 'env:A' } }, { readSecret: async () => ({ ok: false, failure }) }),
    ).toEqual({ ok: false, failure })
  })

  it('with a secret that no device can be given are refused by its reference, and never by its value', async () => {
    const prepared = await prepare(
      { password: { secret: 'env:A' } },
      { readSecret: async () => success(new Secret(`hush${NUL}`)) },
    )
    expect(prepared).toMatchObject({
      failure: { code: 'PARAMS_INVALID', message: expect.stringContaining('The secret "env:A" holds a NUL character') },
    })
    expect(JSON.stringify(prepared)).not.toContain('hush')
  })
})

describe('the condition of a step', () => {
  it('holds where there is none', () => {
    expect(evaluateWhen(step({ id: 's', module: 'line', with: {} }), SCOPE)).toEqual(success(true))
  })

  it.each([true, false])('is what it was worked out as: %s', (value) => {
    expect(evaluateWhen(stepWhen({ ok: true, value }), SCOPE)).toEqual(success(value))
  })

  it.each(['yes', 1, null])('that is neither true nor false is an error, as %j', (value) => {
    const message = `when: "vars.x" is ${typeof value}, not true or false`
    expect(evaluateWhen(stepWhen({ ok: true, value }), SCOPE)).toMatchObject({
      failure: { code: 'EXPRESSION_FAILED', message },
    })
  })

  it('that cannot be worked out fails with what the expression said', () => {
    expect(evaluateWhen(stepWhen({ ok: false, error: 'no vars.x' }), SCOPE)).toMatchObject({
      failure: { code: 'EXPRESSION_FAILED', message: 'when: no vars.x' },
    })
  })
})
