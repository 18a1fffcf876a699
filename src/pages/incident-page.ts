import { useState } from 'preact/hooks'
import type { IncidentAnswer } from './answers.ts'
import { ask, mayDo } from './ask.ts'
import { FindingBox } from './device-page.ts'
import { html } from './html.ts'
import { Clocks, incidentPath } from './incidents-page.ts'
import { Outages } from './outages.ts'
import {
  Alert,
  Command,
  devicePath,
  Facts,
  Heading,
  runPath,
  Said,
  State,
  severityText,
  storePath,
  Time,
  Waiting,
  type Why,
} from './parts.ts'
import { Link, withQuery } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { filled, wordFor, words } from './words.ts'

/** One incident: its clocks, what is known, what happened, and what somebody may say about it. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { value: one, why, again } = useAnswer<IncidentAnswer>(incidentPath(id))
  if (!one) return html`<${Heading} title=${id} /><${Waiting} why=${why} />`
  const { evidence } = one
  const to = (name: string, value: string | null, text = value) =>
    value !== null && html`<${Link} to=${withQuery(new URLSearchParams(), { [name]: value }, '/incidents')}>${text}<//>`
  return html`<${Heading} title=${one.title} />
    <p class="lead"><${State} state=${`incident-${one.state}`}>${words.incidentStates[one.state]}<//> ${one.firing && html`<small>${words.stillFires}</small>`}</p>
    <${Outages} outages=${one.known_outages} />
    <${Clocks} clocks=${one.clocks} />
    <${IncidentWords} key=${one.state} one=${one} again=${again} />
    <${Facts} facts=${[
      [words.incident, one.incident],
      [words.device, one.device && html`<${Link} to=${devicePath(one.device)}>${one.device}<//>`],
      [words.store, one.store && html`<${Link} to=${storePath(one.store)}>${one.store}<//>`],
      [words.fault, to('fault', one.fault, wordFor(words.faults, one.fault))],
      [words.severity, to('severity', one.severity, severityText(one.severity))],
      [words.team, one.team ? to('team', one.team) : words.nobody],
      [words.whyTeam, html`<${Said} text=${one.why} />`],
      [words.hasIt, one.owner ? to('owner', one.owner) : words.nobody],
      [words.opened, html`<${Time} at=${one.opened_at} /> ${one.opened_by}`],
      [words.contract, one.contract],
      [words.cause, one.cause],
      [
        words.action,
        one.action && `${one.action.action} (${one.action.owner}, ${one.action.due}${one.action.done_at ? ' ✓' : ''})`,
      ],
      [words.episodes, one.episodes.count > 0 && String(one.episodes.count)],
    ]} />
    ${one.steps.length > 0 && html`<h2>${words.toDo}</h2><ul>${one.steps.map(({ step, done_at, by }) => html`<li key=${step}>${done_at === null ? '☐' : '☑'} ${step} ${by !== null && html`<small>${by}</small>`}</li>`)}</ul>`}
    <h2>${words.evidence}</h2>
    ${one.device !== null && evidence.state !== null && html`<p><${State} state=${evidence.state} /> <${Link} to=${devicePath(one.device)}>${one.device}<//></p>`}
    ${evidence.findings.map((finding) => html`<${FindingBox} key=${finding.key} finding=${finding} />`)}
    ${evidence.looks.length === 0 && evidence.findings.length === 0 && html`<p class="quiet">${words.nothing}</p>`}
    <ol class="timeline">${evidence.looks.map(
      (
        look,
      ) => html`<li key=${look.run}><${Time} at=${look.at} /> <${State} state=${look.state} /> <${Said} text=${look.message} />
        <small><${Link} to=${`${runPath(look.run)}?device=${encodeURIComponent(look.device)}`}>${look.run}<//></small></li>`,
    )}</ol>
    ${
      one.messages.length > 0 &&
      html`<h2>${words.messages}</h2><ul class="plain">${one.messages.map(
        (each) =>
          html`<li key=${each.message}><${Time} at=${each.created_at} /> ${each.contact} (${each.channel}): ${wordFor(words.messageStates, each.state)} ${each.reference ?? ''} <small><${Said} text=${each.why} /></small></li>`,
      )}</ul>`
    }
    <h2>${words.timeline}</h2>
    <ol class="timeline">${[...one.events].reverse().map((event) => html`<li key=${event.seq}><${Time} at=${event.at} /> ${eventText(event)}</li>`)}</ol>
    <${Command} text=${`till incidents show ${one.incident}`} />`
}

function eventText(event: IncidentAnswer['events'][number]): string {
  const text = wordFor(words.incidentEvents, event.type)
  const who = event.by ?? event.contact
  const what =
    (event.type === 'opened' ? event.title : event.text) ??
    event.cause ??
    event.step ??
    event.why ??
    event.despite ??
    event.action ??
    event.episode
  return [who, text].filter(Boolean).join(' · ') + (what ? `: ${what}` : '')
}

const FORMS = { comment: ['text'], pause: ['why'], close: ['cause', 'text', 'despite'] } as const
type Form = keyof typeof FORMS

/** What may be said now, by the role; the server asks again. */
function IncidentWords({ one, again }: { readonly one: IncidentAnswer; readonly again: () => void }) {
  const [form, setForm] = useState<Form | undefined>()
  const [why, setWhy] = useState<Why>('')
  if (!mayDo('attend')) return null
  const isOpen = one.closed_at === null
  const say = (word: string, body: object): void => {
    ask(`${incidentPath(one.incident)}/${word}`, { method: 'POST', body }).then(
      () => {
        setForm(undefined)
        setWhy('')
        again()
      },
      (error) => setWhy(error as Error),
    )
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement)
    const texts = Object.fromEntries([...given].filter(([name, value]) => name !== 'done' && value !== ''))
    const done = given.getAll('done')
    say(form ?? '', { ...texts, ...(done.length > 0 && { done }) })
  }
  const button = (text: string, press: () => void) => html`<button type="button" onClick=${press}>${text}</button>`
  const left = one.steps.filter(({ done_at }) => done_at === null)
  const label = { text: words.remark, why: words.whySo, cause: words.causeIs, despite: words.despite } as const
  const names =
    form === undefined ? [] : FORMS[form].filter((name) => name !== 'despite' || (one.firing && mayDo('change')))
  return html`<p class="buttons">
      ${isOpen && button(words.take, () => say('take', {}))} ${isOpen && button(words.comment, () => setForm('comment'))}
      ${isOpen && one.state !== 'paused' && button(words.pause, () => setForm('pause'))} ${one.state === 'paused' && button(words.goOn, () => say('continue', {}))}
      ${isOpen && button(words.closeIt, () => setForm('close'))}</p>
    ${
      form &&
      html`<form class="confirm" key=${form} onSubmit=${submit}>${names.map(
        (name, at) =>
          html`<label key=${name}>${label[name]} <textarea name=${name} rows="2" maxlength="2000" required=${at === 0 && !(name === 'cause' && one.cause !== null)} autofocus=${at === 0}></textarea></label>`,
      )}
      ${form !== 'pause' && left.map(({ step }) => html`<label key=${step} class="check"><input type="checkbox" name="done" value=${step} /> ${filled(words.isDone, step)}</label>`)}
      <p class="buttons"><button type="submit">${{ comment: words.comment, pause: words.pause, close: words.closeIt }[form]}</button> ${button(words.cancel, () => setForm(undefined))}</p></form>`
    }
    <${Alert} why=${why} />`
}
