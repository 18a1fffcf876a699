import type { JsonValue } from '../core/json.ts'
import type { Module } from '../core/module.ts'
import { paramProblems } from './param-problems.ts'

/**
 * What is wrong with the parameters of a step after they were filled in for a device, in words; nothing when they
 * are right. The validator of each module is compiled once.
 */
export function checkRendered(module: Module, params: JsonValue): readonly string[] {
  return paramProblems(module, params).map(({ summary, detail }) =>
    detail === undefined ? `${summary}.` : `${summary}. ${detail}`,
  )
}
