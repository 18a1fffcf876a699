import type { Diagnostic } from '../core/diagnostic.ts'
import { MIB, MOST_BYTES, readRegular } from '../files/read-regular.ts'
import { decodeText } from './source-text.ts'
import { type ParsedYaml, parseYaml } from './yaml.ts'

/** Reads one YAML file from disk; why it cannot be read is a diagnostic. */
export function readYamlFile(file: string): {
  readonly parsed: ParsedYaml | undefined
  readonly diagnostics: readonly Diagnostic[]
} {
  let bytes: Uint8Array
  try {
    bytes = readRegular(file, MOST_BYTES.yaml)
  } catch (error) {
    return { parsed: undefined, diagnostics: [unreadable(file, error as NodeJS.ErrnoException)] }
  }
  const { text, diagnostics } = decodeText(bytes, file)
  if (diagnostics.length > 0) return { parsed: undefined, diagnostics }
  const parsed = parseYaml(text, file)
  return { parsed, diagnostics: parsed.diagnostics }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'It does not exist.',
  EACCES: 'You may not read it.',
  EPERM: 'You may not read it.',
  EISDIR: 'It is a folder.',
  ENOTFILE: 'It is not a regular file.',
  ENXIO: 'It is not a regular file.',
  EFBIG: `It is larger than ${MOST_BYTES.yaml / MIB} MiB.`,
  EMFILE: 'This process has too many files open: raise the limit (`ulimit -n 4096`).',
  ENFILE: 'This machine has too many files open.',
}

function unreadable(file: string, error: NodeJS.ErrnoException): Diagnostic {
  const detail = REASONS[error.code ?? ''] ?? error.message
  return { code: 'FILE_UNREADABLE', severity: 'error', summary: `"${file}" cannot be read`, detail }
}
