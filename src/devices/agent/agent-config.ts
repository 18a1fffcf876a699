import type { JsonValue } from '../../core/json.ts'
import { compilePattern } from '../../pattern/pattern.ts'
import { type Parsed, parsed, problem } from '../config/codec.ts'
import { textLines } from '../config/lines.ts'
import { plainCodec } from '../config/plain.ts'

/** A configuration of a Zabbix agent as it lies on a device: the main file first, and every file that it includes. */
export interface AgentConfig {
  readonly main: string
  /** Path to text; every file once. */
  readonly files: ReadonlyMap<string, string>
  /** What stands behind `Include=` to the files that the agent finds there, in its order. */
  readonly includes: ReadonlyMap<string, readonly string[]>
}

/** One line `Key=Value`. */
export interface Occurrence {
  readonly key: string
  readonly value: string
  readonly file: string
}

/** As the agent refuses more (conf.go: parseConfig). */
const MAX_DEPTH = 10

/** Every line that says something, in the order in which the agent reads them: an included file stands where its `Include` does. */
export function occurrencesOf(config: AgentConfig): readonly Occurrence[] {
  return linesOf(config, config.main, 1)
}

function linesOf(config: AgentConfig, file: string, depth: number): readonly Occurrence[] {
  if (depth > MAX_DEPTH) return []
  return textLines(config.files.get(file) ?? '').flatMap(({ text }) => {
    const at = text.indexOf('=')
    const key = text.slice(0, Math.max(at, 0)).trim()
    if (key === '' || key.startsWith('#')) return []
    const value = text.slice(at + 1).trim()
    if (key !== 'Include') return [{ key, value, file }]
    return (config.includes.get(value) ?? []).flatMap((path) => linesOf(config, path, depth + 1))
  })
}

/** What the agent takes a key for: of several lines the last one counts (conf.go: getNodeValue). */
export function effective(config: AgentConfig, key: string): string | undefined {
  return occurrencesOf(config).findLast((one) => one.key === key)?.value
}

/** What keys are to be; in a file of its own, or in the configuration as a whole. */
export interface DesiredAgent {
  readonly set: ReadonlyMap<string, JsonValue>
  readonly remove: readonly string[]
}

/** The value that is compared with a desired one: a list means the lines of the main file, anything else what counts. */
export function valueSeen(
  config: AgentConfig,
  key: string,
  desiredValue: JsonValue | undefined,
): JsonValue | undefined {
  if (!Array.isArray(desiredValue)) return effective(config, key)
  const own = occurrencesOf(config).filter((one) => one.key === key && one.file === config.main)
  return own.length > 0 ? own.map(({ value }) => value) : undefined
}

/** The files as they should be. Each key is changed where it counts; one that stands nowhere goes into the main file. */
export function edited(config: AgentConfig, desiredValues: DesiredAgent): Parsed<AgentConfig> {
  let current = config
  for (const key of desiredValues.remove) {
    const next = withoutKey(current, key, () => true)
    if (!next.ok) return next
    current = next.value
  }
  for (const [key, desiredValue] of desiredValues.set) {
    const next = withKey(current, key, desiredValue)
    if (!next.ok) return next
    current = next.value
  }
  return parsed(current)
}

function withKey(config: AgentConfig, key: string, desiredValue: JsonValue): Parsed<AgentConfig> {
  if (key === 'Include') return problem('"Include" is not changed: what the agent reads would be another configuration')
  const last = occurrencesOf(config).findLast((one) => one.key === key)?.file ?? config.main
  const file = Array.isArray(desiredValue) ? config.main : last
  const changed = editedFile(config, file, { set: new Map([[key, desiredValue]]), remove: [] })
  if (!changed.ok || Array.isArray(desiredValue)) return changed
  if (effective(changed.value, key) === plainCodec.normal(desiredValue)) return changed
  // The last line was in this file, behind an `Include` that has the key too.
  return withoutKey(changed.value, key, (other) => other !== file)
}

function withoutKey(config: AgentConfig, key: string, from: (file: string) => boolean): Parsed<AgentConfig> {
  const files = new Set(occurrencesOf(config).flatMap((one) => (one.key === key && from(one.file) ? [one.file] : [])))
  let current = config
  for (const file of files) {
    const next = editedFile(current, file, { set: new Map(), remove: [key] })
    if (!next.ok) return next
    current = next.value
  }
  return parsed(current)
}

/** The configuration with keys of one file set and removed; a file that is not there yet is made. */
export function editedFile(config: AgentConfig, file: string, desiredValues: DesiredAgent): Parsed<AgentConfig> {
  const edit = plainCodec.edit(config.files.get(file) ?? '', desiredValues)
  if (!edit.ok) return problem(`${file}: ${edit.problem.message}`, edit.problem.line)
  return parsed({ ...config, files: new Map(config.files).set(file, edit.value) })
}

/** Whether the agent would read a file of this path, that is not there yet. */
export function isIncluded(config: AgentConfig, path: string): boolean {
  return [...config.includes.keys()].some((pattern) => matches(config.main, pattern, path))
}

function matches(main: string, pattern: string, path: string): boolean {
  const plain = (text: string): string => text.replaceAll('\\', '/').replace(/\/\.\//g, '/')
  const isAbsolute = /^([A-Za-z]:)?[\\/]/.test(pattern)
  const folder = plain(main).slice(0, plain(main).lastIndexOf('/'))
  const whole = plain(isAbsolute ? pattern : `${folder}/${pattern}`)
  const glob = whole
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  const isWindows = /^[A-Za-z]:/.test(main)
  const compiled = compilePattern(`^${glob}(/[^/]*)?$`, { ignoreCase: isWindows })
  return compiled.ok && compiled.pattern.test(plain(path))
}
