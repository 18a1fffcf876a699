import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import type { Change } from '../core/change.ts'
import { type Result, success } from '../core/failure.ts'
import type { OsFamily } from '../core/fleet.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Comparison, Module, ModuleContext, Signals } from '../core/ports.ts'

/** What an author of a module writes: what is there, what differs, and (unless it only checks) how to change it. */
export interface ModuleSpec<Schema extends JSONSchema, Params, State> {
  readonly name: string
  readonly summary: string
  readonly params: Schema
  readonly systems: readonly OsFamily[]
  readonly reacts?: boolean
  /** See `Module.complain`. */
  readonly complain?: (params: JsonObject, step: { readonly reacting: boolean }) => string | undefined
  /** With these parameters the step only checks: what differs is a failure, never mended. */
  readonly onlyChecks?: (params: Params) => boolean
  /** Never writes. */
  readonly observe: (context: ModuleContext, params: Params) => Promise<Result<State>>
  /** Pure. */
  readonly diff: (params: Params, state: State, signals: Signals) => readonly Change[] | { readonly unknown: string }
  /** What later steps and people see of what was read. */
  readonly value?: (state: State, params: Params) => JsonValue
  readonly converge?: (
    context: ModuleContext,
    params: Params,
    changes: readonly Change[],
    state: State,
  ) => Promise<Result<void>>
}

/** Closes over the state type, so that the engine can only act on what a module itself observed. */
export function defineModule<const Schema extends JSONSchema, State, Params = FromSchema<Schema>>(
  spec: ModuleSpec<Schema, Params, State>,
): Module {
  const { converge } = spec
  return {
    name: spec.name,
    summary: spec.summary,
    params: spec.params as object,
    systems: spec.systems,
    reacts: spec.reacts ?? false,
    ...(spec.complain && { complain: spec.complain }),
    async observe(context, input) {
      const params = input as Params
      const state = await spec.observe(context, params)
      if (!state.ok) return state
      return success({
        value: spec.value?.(state.value, params) ?? null,
        compare: (signals: Signals): Comparison => {
          const answer = spec.diff(params, state.value, signals)
          return 'unknown' in answer ? answer : { changes: answer }
        },
        ...(converge &&
          !spec.onlyChecks?.(params) && {
            converge: (changes: readonly Change[]) => converge(context, params, changes, state.value),
          }),
      })
    },
  }
}
