import type { JsonObject, JsonValue } from './json.ts'
import type { Purpose } from './policy.ts'
import type { SourceRange } from './source.ts'

/** A compiled expression. Evaluating never throws: what went wrong is in `error`. */
export interface Expression {
  readonly text: string
  /** Ids of earlier steps that it looks at through `steps.<id>`. */
  readonly steps: readonly string[]
  /** Those of them of which it looks at more than how they ended (`state`, `changed`); all of them when absent. */
  readonly values?: readonly string[]
  /** Names of the parameters that it looks at through `params.<name>`. */
  readonly params?: readonly string[]
  evaluate(scope: Scope):
    | { readonly ok: true; readonly value: JsonValue }
    | {
        readonly ok: false
        readonly error: string
        /** The key that is not there, and what it was looked for in (`vars.tillapp`). */
        readonly missing?: { readonly owner: string; readonly key: string }
      }
}

/** An expression, and where it stands. */
export interface PlacedExpression {
  readonly expression: Expression
  readonly source: SourceRange
  /** It stands within a longer text, which not every value can be a part of. */
  readonly isInText?: true
}

/** A tree of parameters with `${{ }}` inside, compiled. */
export interface Template {
  readonly steps: readonly string[]
  /** As in `Expression`, of all its expressions. */
  readonly params?: readonly string[]
  /** Its expressions, where their places are known. */
  readonly places?: readonly PlacedExpression[]
  render(
    scope: Scope,
  ): { readonly ok: true; readonly value: JsonObject } | { readonly ok: false; readonly error: string }
}

/** What expressions see. */
export interface Scope {
  readonly store: JsonObject
  readonly device: JsonObject
  readonly params: JsonObject
  readonly vars: JsonObject
  readonly steps: JsonObject
  /** Where expressions look at signals from monitoring: one alert; a payload, and one alert of it. */
  readonly alert?: JsonObject
  readonly payload?: JsonValue
  readonly item?: JsonValue
  /** Where a message to people is filled in. */
  readonly incident?: JsonObject
  readonly incidents?: readonly JsonObject[]
  readonly contact?: JsonObject
  readonly message?: JsonObject
  /** Where expressions look at an event: of a run, or of a device with what was found out `about` it. */
  readonly event?: JsonValue
  readonly about?: JsonObject
}

export interface Step {
  /** Unique in its runbook; given or derived from the module's name. */
  readonly id: string
  readonly name: string
  readonly module: string
  readonly params: Template
  readonly when?: Expression
  /** Where that stands. */
  readonly whenSource?: SourceRange
  /** Ids of earlier steps; if one of them changed something, this step reacts (a service restarts, a command runs). */
  readonly restart_on: readonly string[]
  /** Upper bound for observe, converge and verify each, instead of the transport's. */
  readonly timeout_ms?: number
  /** The run of this device goes on after a failure of this step; the device still counts as failed. */
  readonly continue_on_failure: boolean
  /** Run when this step failed while changing. */
  readonly on_failure: readonly Step[]
  /** Run, last step first, when this step had changed something and it or a later one fails. */
  readonly rollback: readonly Step[]
  readonly source: SourceRange
}

export interface ClassifyRow {
  readonly when: Expression
  /** Gives `fault`, `severity` and, where there are any, `cause`, `owner`, `remedy` and `about`, as texts. */
  readonly says: Template
}

export interface Runbook {
  readonly name: string
  readonly description: string
  /** Which devices it is meant for; a selector on the command line narrows it. */
  readonly targets?: Expression
  /** Name of the policy that it asks for; absent: `default`. */
  readonly policy?: string
  /** Absent: rollout. */
  readonly purpose?: Purpose
  readonly params: JsonObject
  /** Those of `params` that are not at their default. */
  readonly given?: JsonObject
  /** `service=cups`: the parameters without which it has nothing to work on; absent where it needs none. */
  readonly about?: string
  readonly steps: readonly Step[]
  readonly classify: readonly ClassifyRow[]
  /** sha256 of its text, its parameters and the modules of the user in it, in hexadecimal. */
  readonly digest: string
  readonly file: string
}
