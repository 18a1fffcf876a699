import { basename } from 'node:path'
import { type Diagnostic, inOrder } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { UserModule, UserSide } from '../../core/user-module.ts'
import { digest } from '../cache.ts'
import { readYamlFile } from '../read-yaml-file.ts'
import { MODULE_SCHEMA } from '../schema/module.ts'
import { STEP_KEYS } from '../schema/runbook.ts'
import { validate } from '../validate.ts'
import type { ParsedYaml, ValuePath } from '../yaml.ts'
import { compileDesired } from './desired.ts'
import { paramsProblems } from './params-schema.ts'

/** One file of the folder of modules. */
export interface LoadedModule {
  /** The name of the file without its ending, which is the name of the module. */
  readonly name: string
  readonly file: string
  /** Absent when there are errors. */
  readonly module?: UserModule
  /** Everything that is wrong, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a module that a user wrote and checks all of it. `shipped`: names that are taken. */
export function loadModule(file: string, shipped: readonly string[]): LoadedModule {
  const name = basename(file).replace(/\.ya?ml$/, '')
  const { parsed, diagnostics } = readYamlFile(file)
  if (!parsed || diagnostics.length > 0) return { name, file, diagnostics: inOrder(diagnostics) }
  const shape = validate(MODULE_SCHEMA, parsed)
  if (!isMap(parsed.value)) return { name, file, diagnostics: shape }
  const checker = new ModuleChecker(parsed, parsed.value)
  checker.name(name, shipped)
  checker.sides()
  // A schema that is not one says nothing about the values that are made from it.
  const params = schemaOf(parsed.value['params'])
  const problems = shape.length > 0 ? [] : paramsProblems(params, parsed)
  const whole = shape.length === 0 && problems.length === 0
  const desired = whole ? compileDesired(parsed.value['desired'] ?? {}, params, parsed) : undefined
  const all = inOrder([...shape, ...checker.diagnostics, ...problems, ...(desired?.diagnostics ?? [])])
  if (all.length > 0 || !desired) return { name, file, diagnostics: all }
  return { name, file, module: moduleOf(parsed, parsed.value, { params, desired: desired.fields }), diagnostics: [] }
}

function moduleOf(parsed: ParsedYaml, value: JsonObject, compiled: Pick<UserModule, 'params' | 'desired'>): UserModule {
  const { posix, powershell, documentation } = value
  return {
    name: String(value['name']),
    summary: String(value['summary']).replace(/\.$/, ''),
    documentation: typeof documentation === 'string' ? documentation : '',
    ...compiled,
    reacts: value['reacts'] === true,
    ...(isMap(posix) && { posix: posix as unknown as UserSide }),
    ...(isMap(powershell) && { powershell: powershell as unknown as UserSide }),
    digest: digest(parsed.text),
    file: parsed.file,
  }
}

/** What need not be written: parameters are a map, and nothing but what is named is accepted. */
function schemaOf(params: JsonValue | undefined): JsonObject {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {},
    ...(isMap(params ?? null) && (params as object)),
  }
}

/** What a schema cannot say of the file. */
class ModuleChecker {
  readonly diagnostics: Diagnostic[] = []
  readonly #parsed: ParsedYaml
  readonly #value: JsonObject

  constructor(parsed: ParsedYaml, value: JsonObject) {
    this.#parsed = parsed
    this.#value = value
  }

  name(ofFile: string, shipped: readonly string[]): void {
    const { name } = this.#value
    if (typeof name !== 'string') return
    if (shipped.includes(name)) {
      const detail = 'Modules that are shipped cannot be replaced. Rename the file and the module.'
      this.#report('MODULE_NAME_TAKEN', `There is a shipped module "${name}"`, { path: ['name'], detail })
    } else if (name in STEP_KEYS) {
      const detail = 'Every step may have this key. Rename the file and the module.'
      this.#report('MODULE_NAME_TAKEN', `"${name}" is a key of steps`, { path: ['name'], detail })
    } else if (name !== ofFile) {
      const detail = `A module is found by its file: write \`name: ${ofFile}\`, or name the file ${name}.yaml.`
      this.#report('SCHEMA_VALUE_INVALID', `The name "${name}" is not that of the file`, { path: ['name'], detail })
    }
  }

  sides(): void {
    const sides = (['posix', 'powershell'] as const).filter((side) => side in this.#value)
    if (sides.length === 0) {
      const detail = 'What looks at a device with sh is `posix`, on Windows `powershell`; one of them is needed.'
      this.#report('SCHEMA_KEY_MISSING', 'The module has neither posix nor powershell', { path: [], detail })
      return
    }
    const mending = sides.filter((side) => 'converge' in ((this.#value[side] ?? {}) as object))
    const { desired, reacts } = this.#value
    if (reacts === true && mending.length === 0) {
      const detail = 'It reacts to earlier steps by running `converge`, and it has none.'
      this.#report('SCHEMA_VALUE_INVALID', 'The module reacts, but changes nothing', { path: ['reacts'], detail })
    }
    const [first] = mending
    if (first === undefined || desired !== undefined || reacts === true) return
    const detail =
      'It runs when something differs from `desired`, or, with `reacts: true`, when an earlier step changed.'
    const place = { path: [first, 'converge'], key: true, detail }
    this.#report('SCHEMA_KEY_MISSING', 'converge would never run: the module has no "desired"', place)
  }

  #report(
    code: Diagnostic['code'],
    summary: string,
    more: { readonly path: ValuePath; readonly key?: boolean; readonly detail: string },
  ): void {
    const source = this.#parsed.rangeAt(more.path, more.key ? 'key' : 'value')
    this.diagnostics.push({ code, severity: 'error', summary, detail: more.detail, source })
  }
}
