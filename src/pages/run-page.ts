import { ApplyPlan, RunWords } from './actions.ts'
import type { RunAnswer, RunDevice } from './answers.ts'
import { html } from './html.ts'
import {
  CountsText,
  devicePath,
  Facts,
  Heading,
  Said,
  Scroll,
  State,
  Time,
  timeText,
  tookText,
  Waiting,
} from './parts.ts'
import { Link, type Place, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { filled, wordFor, words } from './words.ts'

const STEP = 100

/** A run: waves, what waits for what and until when, its devices, the worst first; live while it goes on. */
export function RunPage({ id, place: { query } }: { readonly id: string; readonly place: Place }) {
  const state = query.get('state')
  const most = Number(query.get('most') ?? STEP)
  const filter = state === null ? '' : `&state=${encodeURIComponent(state)}`
  const { value: run, why } = useAnswer<RunAnswer>(
    `/runs/${encodeURIComponent(id)}?limit=${Math.min(most, 1000)}${filter}`,
    { run: id },
  )
  const device = query.get('device')
  if (!run) return html`<${Heading} title=${id} /><${Waiting} why=${why} />`
  return html`<${Heading} title=${`${wordFor(words.modes, run.mode)}: ${run.runbooks.join(', ')}`} />
    <${Facts} facts=${[
      [words.run, run.run],
      [words.state, html`<span aria-live="polite">${words.runStates[run.state]}</span>`],
      [words.by, run.by],
      [words.started, html`<${Time} at=${run.started_at} />`],
      [words.took, tookText(run.started_at, run.finished_at)],
      [words.result, html`<${CountsText} counts=${run.counts} />`],
    ]} />
    <${RunWords} run=${run} />
    <${ApplyPlan} run=${run} />
    ${
      run.waiting.length > 0 &&
      html`<h2>${words.waiting}</h2><ul class="plain">${run.waiting.map(
        (
          one,
        ) => html`<li key=${one.message} class="finding"><p><strong>${one.count}</strong> <${Said} text=${one.message} /> <small>${one.code} · ${one.not_before === null ? words.forSomebody : filled(words.until, timeText(one.not_before))}</small></p>
        <p class="names">${one.devices.map((name) => html`<${Link} key=${name} to=${devicePath(name)}>${name}<//> `)}</p></li>`,
      )}</ul>`
    }
    ${
      run.approvals.length > 0 &&
      html`<h2>${words.approvals}</h2><ul>${run.approvals.map(
        (one) =>
          html`<li key=${String(one.wave)}>${one.wave !== null && filled(words.wave, one.wave)} ${filled(words.approvalsGiven, one.given.length, one.people)} ${one.given.map(({ by, why }) => `${by}: ${why}`).join('; ')}</li>`,
      )}</ul>`
    }
    ${
      run.waves.length > 1 &&
      html`<h2>${filled(words.wave, '')}</h2><ol class="plain">${run.waves.map(
        ({ wave, counts }) =>
          html`<li key=${wave}>${filled(words.wave, wave)}: <${CountsText} counts=${counts} /></li>`,
      )}</ol>`
    }
    ${device !== null && typeof run.device_list.find((one) => one.device === device)?.state === 'string' && html`<${Steps} run=${id} device=${device} />`}
    <h2>${words.devices} <small>${run.total}</small></h2>
    ${state !== null && html`<p class="filters"><${Link} to=${withQuery(query, { state: null })} title=${words.removeFilter}><${State} state=${state} /> ✕<//></p>`}
    ${
      state === null &&
      html`<p class="filters">${Object.entries(run.counts)
        .filter(([, count]) => count > 0)
        .map(
          ([one, count]) =>
            html`<${Link} key=${one} to=${withQuery(query, { state: one })}><${State} state=${one} /> ${count}<//> `,
        )}</p>`
    }
    <${Scroll} title=${words.devices}><table><caption class="hidden">${words.devices}</caption>
      <thead><tr><th scope="col">${words.device}</th><th scope="col">${words.state}</th><th scope="col">${words.why}</th></tr></thead>
      <tbody>${run.device_list.map(
        (one) => html`<tr key=${one.device}><th scope="row"><${Link} to=${devicePath(one.device)}>${one.device}<//></th>
          <td>${one.state === null ? (one.working ? words.working : words.toCome) : html`<${State} state=${one.state} />`}</td>
          <td><${Said} text=${one.end?.message} /> ${one.end && html`<small><${Link} to=${withQuery(query, { device: one.device })} title=${`${words.showSteps}: ${one.device}`}>${words.steps}<//></small>`}</td></tr>`,
      )}</tbody></table><//>
    ${run.next !== null && most < 1000 && html`<p><${Link} to=${withQuery(query, { most: String(most + 2 * STEP) })}>${words.more}<//></p>`}`
}

/** What was looked at on a device, with the lines that differ. */
export function Steps({ run, device }: { readonly run: string; readonly device: string }) {
  const path = `/runs/${encodeURIComponent(run)}/devices/${device.split('/').map(encodeURIComponent).join('/')}`
  const { value, why } = useAnswer<RunDevice>(path, { run })
  return html`<section class="steps"><h2>${words.steps}: <${Link} to=${devicePath(device)}>${device}<//></h2>
    ${
      value
        ? html`<ol class="plain">${value.steps.map(
            (
              step,
            ) => html`<li key=${step.step}><${State} state=${step.state} /> ${step.name} <small><${Said} text=${step.failure?.message ?? step.reason} /></small>
            ${step.changes?.map((change) => html`<${ChangeBox} key=${change.path} change=${change} />`)}</li>`,
          )}</ol>`
        : html`<${Waiting} why=${why} />`
    }</section>`
}

type Change = NonNullable<RunDevice['steps'][number]['changes']>[number]

function ChangeBox({ change: { path, before, after, diff } }: { readonly change: Change }) {
  if (diff === undefined) {
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
    return html`<pre class="diff"><span>${path}</span>${'\n'}<del>- ${text(before)}</del>${'\n'}<ins>+ ${text(after)}</ins></pre>`
  }
  const lines = diff.split('\n').map((line, at) => {
    if (line.startsWith('+')) return html`<ins key=${at}>${`${line}\n`}</ins>`
    if (line.startsWith('-')) return html`<del key=${at}>${`${line}\n`}</del>`
    return html`<span key=${at}>${`${line}\n`}</span>`
  })
  return html`<pre class="diff" tabindex="0" aria-label=${path}>${lines}</pre>`
}
