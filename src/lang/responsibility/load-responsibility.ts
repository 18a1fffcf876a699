import { isAbsolute, join } from 'node:path'
import type { Calendar } from '../../core/calendar.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap } from '../../core/json.ts'
import type { Responsibility } from '../../core/responsibility.ts'
import type { SourceRange } from '../../core/source.ts'
import { loadCalendar } from '../policy/load-calendars.ts'
import { readYamlFile } from '../read-yaml-file.ts'
import { RESPONSIBILITY_SCHEMA } from '../schema/responsibility.ts'
import { validate } from '../validate.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { readResponsibility } from './read-responsibility.ts'

/** The matrix with the calendars that its contracts name, by these names. */
export interface LoadedResponsibility {
  readonly responsibility: Responsibility
  readonly holidays: ReadonlyMap<string, Calendar>
  /** Files that it was made of, beside the project file. */
  readonly files: readonly string[]
}

/** The matrix of a project file that is right by its schema, or of the file that it names. Undefined where there is none. */
export function loadResponsibility(
  parsed: ParsedYaml,
  root: string,
): { readonly loaded: LoadedResponsibility | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const written = valueAt(parsed.value, ['responsibility'])
  if (typeof written !== 'string' && !isMap(written)) return { loaded: undefined, diagnostics: [] }
  const file = typeof written === 'string' ? inRoot(root, written) : undefined
  const read = file === undefined ? readFrom(parsed, ['responsibility']) : readOwnFile(file)
  const { responsibility, problems } = read
  const source = parsed.rangeAt(['responsibility'])
  if (!responsibility || problems.length > 0)
    return { loaded: undefined, diagnostics: problems.map((one) => ({ source, ...one })) }
  const named = [...responsibility.contracts].flatMap(([contract, { holidays: name }]) =>
    name === undefined || name === null ? [] : [[name, read.placeOf(['contracts', contract, 'holidays'])] as const],
  )
  const names = [...new Set(named.map(([name]) => name))]
  const calendars = names.map((name) => [name, loadCalendar(name, inRoot(root, name), 'A contract')] as const)
  const places = new Map(named.toReversed())
  const diagnostics = calendars.flatMap(([name, each]) =>
    each.diagnostics.map((one) => ({ source: places.get(name) ?? source, ...one })),
  )
  if (diagnostics.length > 0) return { loaded: undefined, diagnostics }
  const holidays = new Map(calendars.flatMap(([name, { calendar }]) => (calendar ? [[name, calendar] as const] : [])))
  const files = [...(file === undefined ? [] : [file]), ...names.map((name) => inRoot(root, name))]
  return { loaded: { responsibility, holidays, files }, diagnostics }
}

type Read = ReturnType<typeof readResponsibility> & { readonly placeOf: (path: ValuePath) => SourceRange | undefined }

function readFrom(parsed: ParsedYaml, base: ValuePath): Read {
  return { ...readResponsibility(parsed, base), placeOf: (path) => parsed.rangeAt([...base, ...path]) }
}

function readOwnFile(file: string): Read {
  const { parsed, diagnostics } = readYamlFile(file)
  const unread = { responsibility: undefined, placeOf: () => undefined }
  if (!parsed || diagnostics.length > 0) return { ...unread, problems: diagnostics }
  const shape = validate(RESPONSIBILITY_SCHEMA, parsed)
  return shape.length > 0 ? { ...unread, problems: shape } : readFrom(parsed, [])
}

function inRoot(root: string, path: string): string {
  return isAbsolute(path) ? path : join(root, path)
}
