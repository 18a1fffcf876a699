import type { Diagnostic } from '../core/diagnostic.ts'
import { grouped } from '../core/grouped.ts'
import { XML_DECLARATION, xmlElement, xmlLines } from './xml-text.ts'

/** What is wrong with a repository as JUnit XML: a suite for each file, a test for each diagnostic; warnings pass. */
export function diagnosticsJunit(diagnostics: readonly Diagnostic[], nameOf: (file: string) => string): string {
  const files = grouped(diagnostics, ({ source }) => (source ? nameOf(source.file) : 'repository'))
  const suites = [...files].map(([file, found]) => suiteOf(file, found))
  const fine = xmlElement('testcase', { classname: 'till validate', name: 'nothing is wrong', time: '0' })
  const none = xmlElement('testsuite', { name: 'repository', tests: 1, failures: 0, errors: 0 }, `\n${fine}\n`)
  const all = suites.length > 0 ? suites.join('\n') : none
  const failures = diagnostics.filter(({ severity }) => severity === 'error').length
  const head = { name: 'till validate', tests: Math.max(1, diagnostics.length), failures }
  return `${XML_DECLARATION}${xmlElement('testsuites', head, `\n${all}\n`)}\n`
}

function suiteOf(file: string, found: readonly Diagnostic[]): string {
  const failures = found.filter(({ severity }) => severity === 'error').length
  const cases = found.map((diagnostic) => `${caseOf(file, diagnostic)}\n`).join('')
  return xmlElement('testsuite', { name: file, tests: found.length, failures, errors: 0 }, `\n${cases}`)
}

function caseOf(file: string, { code, severity, summary, detail, hint, source }: Diagnostic): string {
  const place = source ? `${file}:${source.line}:${source.column}` : file
  const lines = xmlLines([`${place} ${summary} (${code})`, ...[detail, hint].filter((part) => part !== undefined)])
  const inside =
    severity === 'error'
      ? xmlElement('failure', { type: code, message: `${place} ${summary}` }, lines)
      : xmlElement('system-out', {}, lines)
  const attributes = { classname: file, name: `${code} ${place} ${summary}`, file, line: source?.line, time: '0' }
  return xmlElement('testcase', attributes, inside)
}
