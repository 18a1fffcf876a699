import type { Diagnostic } from '../core/diagnostic.ts'
import { isMap, type JsonValue } from '../core/json.ts'
import type { ParsedYaml } from './yaml.ts'

/** Where the state of the fleet lies, as far as `state` of tillwright.yaml is a map. */
export interface StatePlace {
  readonly file?: string
  /** The address of a PostgreSQL, or a reference to a secret that holds it. */
  readonly postgres?: string
  /** Id of the one state store that counts. */
  readonly stateId?: string
}

export function readState(value: JsonValue): StatePlace {
  const state = isMap(value) ? value['state'] : undefined
  const { file, postgres, id } = isMap(state) ? state : {}
  return {
    ...(typeof file === 'string' && { file }),
    ...(typeof postgres === 'string' && { postgres }),
    ...(typeof id === 'string' && { stateId: id }),
  }
}

/** No frame is shown of a password. */
export function stateProblems(parsed: ParsedYaml): readonly Diagnostic[] {
  const { file: stateFile, postgres = '' } = readState(parsed.value)
  if (postgres !== '' && stateFile !== undefined) {
    const summary = '`state` names a file and a PostgreSQL'
    const detail = 'Keep the one that it lies in.'
    return [
      { code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source: parsed.rangeAt(['state', 'file']) },
    ]
  }
  if (!/^postgres(ql)?:\/\/[^@/]*:[^@/]+@/.test(postgres)) return []
  const { file, line, column } = parsed.rangeAt(['state', 'postgres'])
  const summary = `The address of the state in ${file}:${line}:${column} holds a password`
  const detail =
    'Whoever reads the repository reads it. Put the address into a variable, and write `postgres: env:NAME`.'
  return [{ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail }]
}
