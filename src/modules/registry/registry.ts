import type { Change } from '../../core/change.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { defineModule } from '../define.ts'
import { converge, observe, settled } from './windows.ts'
import type { RegistryParams, RegistryState, Wish } from './wishes.ts'
import { normalWish, wishesOf } from './wishes.ts'

const TYPES = ['string', 'expand_string', 'multi_string', 'dword', 'qword', 'binary'] as const

export const registry = defineModule({
  name: 'registry',
  summary: 'Sees to values of a key of the Windows registry, or that the key is not there',
  sides: { windows: { observe, converge, settled } },
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['key'],
    properties: {
      key: {
        type: 'string',
        pattern: '^(HKLM|HKCU|HKU|HKCR)(\\\\[^\\\\]+)+$',
        description: 'The key, under HKLM, HKCU, HKU or HKCR.',
        examples: ['HKLM\\SOFTWARE\\TillApp'],
      },
      state: {
        enum: ['present', 'absent'],
        description: 'present unless told; absent removes all that is in the key.',
      },
      values: {
        type: 'object',
        minProperties: 1,
        description:
          'Values by their names. A text is a string, a whole number a dword, a list of texts a multi_string; ' +
          'anything else is written with its type. An empty name is the default value of the key.',
        additionalProperties: {
          anyOf: [
            { type: ['string', 'integer'] },
            { type: 'array', items: { type: 'string' } },
            {
              type: 'object',
              additionalProperties: false,
              required: ['type', 'data'],
              properties: {
                type: { enum: TYPES, description: 'Kind of the value, by the names of Windows.' },
                data: {
                  description: 'binary: in hexadecimal. qword: a number, or a text of digits.',
                  anyOf: [{ type: ['string', 'integer'] }, { type: 'array', items: { type: 'string' } }],
                },
              },
            },
          ],
        },
        examples: [{ Server: '10.20.0.5', Port: 4711, Path: { type: 'expand_string', data: '%ProgramData%\\Till' } }],
      },
      remove: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'Names of values that must not be there.',
      },
      view: { enum: ['64', '32'], description: 'Which registry of a 64-bit Windows; 64 unless told.' },
      sensitive: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of values that are hidden wherever they are shown. Values that are secrets always are.',
      },
    },
  },
  complain,
  diff: (params, state) => diff(params as RegistryParams, state),
  value: (state, params) => ({
    exists: state.exists,
    values: Object.fromEntries(
      wishesOf(params as RegistryParams).map((wish) => [wish.name, shown(wish, state.values.get(wish.name)) ?? null]),
    ),
  }),
})

function complain(params: JsonObject): string | undefined {
  if (params['state'] === 'absent') return complainOfAbsence(params)
  const { values = {}, remove } = params
  const wishes = wishesOf(params as unknown as RegistryParams).filter(({ data }) => data !== undefined)
  const wrong = wishes.find((wish) => !hasExpression(wish.data) && normalWish(wish).problem !== undefined)
  if (wrong) return `Value "${wrong.name}": ${normalWish(wrong).problem}.`
  const removed = Array.isArray(remove) ? remove : []
  const both = Object.keys(values as JsonObject).find((name) => removed.includes(name))
  return both === undefined ? undefined : `"${both}" is to be set and to be removed.`
}

function complainOfAbsence({ key, values, remove }: JsonObject): string | undefined {
  if (values !== undefined || remove !== undefined)
    return 'A key that is to be absent has neither `values` nor `remove`.'
  if (typeof key !== 'string' || key.includes('{{') || key.split('\\').length > 3) return undefined
  return 'Only a key at least three below its root is removed with all that is in it.'
}

function hasExpression(data: JsonValue | undefined): boolean {
  return JSON.stringify(data ?? null).includes('{{')
}

function diff(params: RegistryParams, state: RegistryState): readonly Change[] {
  if (params.state === 'absent') return state.exists ? [{ path: 'state', before: 'present', after: 'absent' }] : []
  const changes: Change[] = []
  if (!state.exists) changes.push({ path: 'state', before: 'absent', after: 'present' })
  for (const wish of wishesOf(params)) {
    const is = state.values.get(wish.name)
    const after = wish.data === undefined ? undefined : normalWish(wish)
    if (is?.type === after?.type && JSON.stringify(is?.data) === JSON.stringify(after?.data)) continue
    changes.push({
      path: `values.${wish.name}`,
      before: shown(wish, is),
      after: shown(wish, after),
      ...(wish.isSensitive && { sensitive: true }),
    })
  }
  return changes
}

function shown(wish: Wish, value: { readonly type: string; readonly data: JsonValue } | undefined): JsonValue {
  if (!value) return null
  if (wish.isSensitive) return '***'
  return ['string', 'dword', 'multi_string'].includes(value.type) ? value.data : { type: value.type, data: value.data }
}
