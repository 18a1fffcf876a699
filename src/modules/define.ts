import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import type { Change } from '../core/change.ts'
import type { ContentToSend } from '../core/content.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { OsFamily } from '../core/fleet.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Comparison, Module, ModuleContext, Observation, Proof, Triggers } from '../core/module.ts'
import type { Marks, NewSample } from '../core/sample.ts'
import { type Lasting, takenBack, writeFilterOf } from '../devices/windows/write-filter.ts'

/** A module on one operating system: how to read, and how to change. */
export interface Side<Params, State> {
  /** Never writes. */
  readonly observe: (context: ModuleContext, params: Params) => Promise<Result<State>>
  readonly converge?: (
    context: ModuleContext,
    params: Params,
    changes: readonly Change[],
    state: State,
  ) => Promise<Result<void>>
  /** Files that `converge` sends for these changes. */
  readonly sends?: (params: Params, changes: readonly Change[], state: State) => readonly ContentToSend[]
  /**
   * How the device tells by itself that `converge`, asking it one question, brought these changes about; undefined where
   * it cannot. With it, what is behind the step needs no round trip of its own.
   */
  readonly proof?: (params: Params, changes: readonly Change[], state: State, system: OsFamily) => Proof | undefined
}

/** Where a module works: the same everywhere, or in its own way on each system. What differs is compared in one place. */
type Places<Params, State> =
  | (Side<Params, State> & { readonly systems: readonly OsFamily[]; readonly sides?: undefined })
  | { readonly sides: Partial<Readonly<Record<OsFamily, Side<Params, State>>>>; readonly systems?: undefined }

/** What an author of a module writes: what is there, what differs, and (unless it only checks) how to change it. */
export type ModuleSpec<Schema extends JSONSchema, Params, State> = ModuleHead<Schema, Params, State> &
  Places<Params, State>

interface ModuleHead<Schema extends JSONSchema, Params, State> {
  readonly name: string
  readonly summary: string
  readonly params: Schema
  readonly reacts?: boolean
  /** What it says depends on its parameters alone. */
  readonly asksNothing?: true
  /** See `Module.patterns`. */
  readonly patterns?: NonNullable<Module['patterns']>
  /** See `Module.paths`. */
  readonly paths?: NonNullable<Module['paths']>
  /** What these changes leave on the device beyond its next start; undefined where they leave nothing. */
  readonly lasting?: (params: Params, changes: readonly Change[]) => Lasting | undefined
  /** See `Module.validate`. */
  readonly validate?: (params: JsonObject, step: { readonly reacting: boolean }) => string | undefined
  /** With these parameters the step only checks: what differs is a failure, never mended. */
  readonly onlyChecks?: (params: Params) => boolean
  /** Pure. */
  readonly diff: (params: Params, state: State, triggers: Triggers) => readonly Change[] | { readonly unknown: string }
  /** See `Observation.explain`. */
  readonly explain?: (params: Params, state: State, changes: readonly Change[]) => string | undefined
  /** See `Module.valueSchema`. */
  readonly valueSchema?: JSONSchema
  /** What later steps and people see of what was read. */
  readonly value?: (state: State, params: Params) => JsonValue
  /** See `Observation.samples`. */
  readonly samples?: (state: State, params: Params) => readonly NewSample[]
  /** See `Observation.marks`. */
  readonly marks?: (state: State, params: Params) => Marks
}

/** Closes over the state type, so that the engine can only act on what a module itself observed. */
export function defineModule<const Schema extends JSONSchema, State, Params = FromSchema<Schema>>(
  spec: ModuleSpec<Schema, Params, State>,
): Module {
  const sideOn = (system: OsFamily): Side<Params, State> => {
    const side = spec.sides ? spec.sides[system] : spec
    if (!side) throw new Error(`module "${spec.name}" was asked to work on ${system}`)
    return side
  }
  return {
    name: spec.name,
    summary: spec.summary,
    params: spec.params as object,
    ...(spec.valueSchema !== undefined && { valueSchema: spec.valueSchema as object }),
    systems: spec.systems ?? (Object.keys(spec.sides) as OsFamily[]),
    converges: (spec.sides ? Object.values(spec.sides) : [spec]).some(({ converge }) => converge !== undefined),
    reacts: spec.reacts ?? false,
    asksNothing: spec.asksNothing ?? false,
    ...(spec.patterns && { patterns: spec.patterns }),
    ...(spec.paths && { paths: spec.paths }),
    ...(spec.validate && { validate: spec.validate }),
    async observe(context, input) {
      const params = input as Params
      const { family } = context.device.os
      const { observe } = sideOn(family)
      const [state, filter] = await Promise.all([observe(context, params), filterOn(context, spec.lasting)])
      if (!state.ok) return state
      const lasting = filter?.ok ? lastingOf(spec, params, state.value) : undefined
      const lost = lasting && filter?.ok ? takenBack(filter.value, lasting) : undefined
      if (lost) return fail(lost)
      return success({
        value: spec.value?.(state.value, params) ?? null,
        ...(spec.samples && { samples: spec.samples(state.value, params) }),
        ...(spec.marks && { marks: spec.marks(state.value, params) }),
        compare: (triggers: Triggers): Comparison => {
          const answer = spec.diff(params, state.value, triggers)
          return 'unknown' in answer ? answer : { changes: answer }
        },
        ...(spec.explain && {
          explain: (changes: readonly Change[]) => spec.explain?.(params, state.value, changes),
        }),
        ...(!spec.onlyChecks?.(params) && changing(sideOn(family), { context, params, state: state.value })),
      })
    },
  }
}

/** What can be done about what was read. */
function changing<Params, State>(
  { converge, proof, sends }: Side<Params, State>,
  of: { readonly context: ModuleContext; readonly params: Params; readonly state: State },
): Pick<Observation, 'converge' | 'proof' | 'sends'> {
  const { context, params, state } = of
  if (!converge) return {}
  return {
    converge: (changes) => converge(context, params, changes, state),
    ...(sends && { sends: (changes) => sends(params, changes, state) }),
    ...(proof && { proof: (changes) => proof(params, changes, state, context.device.os.family) }),
  }
}

/** The write filter of a device with Windows, for steps that leave something there. */
function filterOn({ device, aside }: ModuleContext, lasting: unknown): ReturnType<typeof writeFilterOf> | undefined {
  return device.os.family === 'windows' && lasting && aside ? writeFilterOf(aside) : undefined
}

/** What the step would leave on the device, where something differs. */
function lastingOf<Schema extends JSONSchema, Params, State>(
  spec: ModuleHead<Schema, Params, State>,
  params: Params,
  state: State,
): Lasting | undefined {
  const found = spec.diff(params, state, { triggered: false })
  return 'unknown' in found || found.length === 0 ? undefined : spec.lasting?.(params, found)
}
