import type { HookRule } from '../../core/hook-rule.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import type { TriedAlert } from './try-alerts.ts'

const TRIED: readonly TableColumn<TriedAlert>[] = [
  { title: 'SOURCE', value: ({ source }) => source },
  { title: 'ALERT', value: ({ alert }) => alert, flexible: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'WHAT', value: ({ device, store }) => device ?? store ?? '' },
  { title: 'RULE', value: ({ rule }) => rule ?? '' },
  { title: 'MODE', value: ({ mode }) => mode ?? '' },
  { title: 'RUNBOOK', value: ({ runbook, params }) => [runbook ?? '', ...pairs(params)].join(' '), flexible: true },
  { title: 'BUT', value: ({ why }) => why ?? '', flexible: true },
]

/** What the rules make of alerts, as a table. */
export function triedTable(
  alerts: readonly TriedAlert[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(alerts, TRIED, options).join('\n')}\n`
}

const RULES: readonly TableColumn<HookRule>[] = [
  { title: 'RULE', value: ({ name }) => name },
  { title: 'MODE', value: ({ mode }) => mode },
  { title: 'ABOUT', value: ({ about }) => about },
  { title: 'SOURCES', value: ({ sources }) => (sources.length === 0 ? 'all' : sources.join(' ')) },
  { title: 'MATCH', value: ({ match }) => match.text, flexible: true },
  { title: 'RUNBOOK', value: ({ runbook }) => runbook ?? '(people)' },
]

export function rulesTable(
  rules: readonly HookRule[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(rules, RULES, options).join('\n')}\n`
}

function pairs(params: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(params).map(([name, value]) => `${name}=${value}`)
}
