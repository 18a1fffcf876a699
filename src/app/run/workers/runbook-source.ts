import type { JsonObject } from '../../../core/json.ts'
import type { Module } from '../../../core/module.ts'
import type { Runbook } from '../../../core/runbook.ts'
import { loadRunbook } from '../../../lang/load-runbook.ts'
import { textParams } from '../../revision/runbooks.ts'
import { COMMAND_LINE, commandRunbook } from '../command-runbook.ts'
import type { RunbookSource } from './messages.ts'

/** How another thread makes the same runbook. */
export function runbookSourceOf(runbook: Runbook): RunbookSource {
  const { file, params, digest } = runbook
  if (file !== COMMAND_LINE) return { kind: 'file', file, params, digest }
  const command = params['command'] as string | readonly string[]
  const words = typeof command === 'string' ? [command] : command
  return { kind: 'command', words, timeoutMs: runbook.steps[0]?.timeout_ms ?? 0 }
}

/** The runbook of a source. Throws, in words, where its file, or a module in it, is no longer what it was. */
export function openRunbookSource(source: RunbookSource, modules: readonly Module[]): Runbook {
  if (source.kind === 'command') return commandRunbook(source.words, source.timeoutMs)
  const { runbook } = loadRunbook(source.file, { modules, params: textParams(source.params as JsonObject) })
  if (runbook?.digest === source.digest) return runbook
  throw new Error(`the runbook "${source.file}" is no longer what it was when the run began`)
}
