import { plainText } from '../../../reporters/plain-text.ts'
import type { CaseResult, TestReport } from './test-modules.ts'

/** What became of one case, in a line, and what is wrong below it. What was not run is told at the end, once. */
export function resultLines({ module, it, shell, state, problems }: CaseResult): string {
  if (shell === undefined) return ''
  const head = `${state.padEnd(7)} ${module.padEnd(20)} ${shell.padEnd(10)} ${plainText(it)}`
  return `${[head, ...problems.map((problem) => `          ${plainText(problem)}`)].join('\n')}\n`
}

/** How many cases there were, and what was not looked at. */
export function closingLine({ results, shells, untested }: TestReport): string {
  const number = (state: CaseResult['state']): number => results.filter((result) => result.state === state).length
  const parts = [`${number('ok')} ok`, `${number('failed')} failed`]
  if (number('not-run') > 0) parts.push(`${number('not-run')} not run`)
  const reasons = new Set(results.flatMap(({ state, problems }) => (state === 'not-run' ? problems : [])))
  const missed = [...reasons].map((reason) => `Not run: ${reason}.\n`).join('')
  const without = untested.length > 0 ? `Without cases: ${untested.join(', ')}.\n` : ''
  return `\n${parts.join(', ')}; in ${shells.join(', ')}.\n${missed}${without}`
}
