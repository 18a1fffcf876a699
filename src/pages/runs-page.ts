import type { RunRow } from './answers.ts'
import { html } from './html.ts'
import { CountsText, Heading, runPath, Scroll, Time, tookText, Waiting } from './parts.ts'
import { Link, type Place } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { wordFor, words } from './words.ts'

const STEP = 30

/** Runs, the newest first. */
export function RunsPage({ place: { query } }: { readonly place: Place }) {
  const after = query.get('after')
  const more = after === null ? '' : `&after=${encodeURIComponent(after)}`
  const { value, why } = useAnswer<{ readonly runs: readonly RunRow[]; readonly next: string | null }>(
    `/runs?limit=${STEP}${more}`,
  )
  return html`<${Heading} title=${words.runs} />
    ${
      value
        ? html`<${RunTable} runs=${value.runs} />
        ${value.next !== null && html`<p><${Link} to=${`/runs?after=${encodeURIComponent(value.next)}`}>${words.more}<//></p>`}`
        : html`<${Waiting} why=${why} />`
    }`
}

export function RunTable({ runs }: { readonly runs: readonly RunRow[] }) {
  if (runs.length === 0) return html`<p class="quiet">${words.nothing}</p>`
  return html`<${Scroll} title=${words.runs}><table><caption class="hidden">${words.runs}</caption>
    <thead><tr><th scope="col">${words.run}</th><th scope="col">${words.mode}</th><th scope="col">${words.result}</th><th scope="col" class="wide">${words.by}</th></tr></thead>
    <tbody>${runs.map(
      (run) => html`<tr key=${run.run}>
        <th scope="row"><${Link} to=${runPath(run.run)}>${run.run}<//><br /><small><${Time} at=${run.started_at} /></small></th>
        <td>${wordFor(words.modes, run.mode)}: ${run.runbooks.join(', ')}<br /><small>${words.runStates[run.state]} · ${tookText(run.started_at, run.finished_at)}</small></td>
        <td>${run.devices} <${CountsText} counts=${run.counts} /></td>
        <td class="wide">${run.by}</td></tr>`,
    )}</tbody></table><//>`
}
