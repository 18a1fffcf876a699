import type { Change } from '../../core/change.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { defineModule } from '../define.ts'
import { anyMap, mapOf, truth } from '../value-schema.ts'
import type { DesiredValue, RegistryParams, RegistryState } from './desired-values.ts'
import { desiredValuesOf, normalValue } from './desired-values.ts'
import { converge, observe, proof } from './windows.ts'

const TYPES = ['string', 'expand_string', 'multi_string', 'dword', 'qword', 'binary'] as const

export const registry = defineModule({
  name: 'registry',
  lasting: ({ key }: RegistryParams) => ({ kind: 'registry', key }),
  summary: 'Sees to values of a key of the Windows registry, or that the key is not there',
  sides: { windows: { observe, converge, proof } },
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
        description: 'Default: present. absent removes all that is in the key.',
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
      view: { enum: ['64', '32'], description: 'Which registry of a 64-bit Windows. Default: 64.' },
      sensitive: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of values that are hidden wherever they are shown. Values that are secrets always are.',
      },
    },
  },
  validate,
  diff: (params, state) => diff(params as RegistryParams, state),
  valueSchema: mapOf({
    exists: truth('Whether the key is there.'),
    values: anyMap('Each value that the step names: what it holds; null where it is not there.'),
  }),
  value: (state, params) => ({
    exists: state.exists,
    values: Object.fromEntries(
      desiredValuesOf(params as RegistryParams).map((desiredValue) => [
        desiredValue.name,
        shown(desiredValue, state.values.get(desiredValue.name)) ?? null,
      ]),
    ),
  }),
})

function validate(params: JsonObject): string | undefined {
  if (params['state'] === 'absent') return validateAbsence(params)
  const { values = {}, remove } = params
  const desiredValues = desiredValuesOf(params as unknown as RegistryParams).filter(({ data }) => data !== undefined)
  const wrong = desiredValues.find(
    (desiredValue) => !hasExpression(desiredValue.data) && normalValue(desiredValue).problem !== undefined,
  )
  if (wrong) return `Value "${wrong.name}": ${normalValue(wrong).problem}.`
  const removed = Array.isArray(remove) ? remove : []
  const both = Object.keys(values as JsonObject).find((name) => removed.includes(name))
  return both === undefined ? undefined : `"${both}" is to be set and to be removed.`
}

function validateAbsence({ key, values, remove }: JsonObject): string | undefined {
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
  for (const desiredValue of desiredValuesOf(params)) {
    const is = state.values.get(desiredValue.name)
    const after = desiredValue.data === undefined ? undefined : normalValue(desiredValue)
    if (is?.type === after?.type && JSON.stringify(is?.data) === JSON.stringify(after?.data)) continue
    changes.push({
      path: `values.${desiredValue.name}`,
      before: shown(desiredValue, is),
      after: shown(desiredValue, after),
      ...(desiredValue.isSensitive && { sensitive: true }),
    })
  }
  return changes
}

function shown(
  desiredValue: DesiredValue,
  value: { readonly type: string; readonly data: JsonValue } | undefined,
): JsonValue {
  if (!value) return null
  if (desiredValue.isSensitive) return '***'
  return ['string', 'dword', 'multi_string'].includes(value.type) ? value.data : { type: value.type, data: value.data }
}
