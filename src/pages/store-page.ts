import { HoldForm } from './actions.ts'
import type { StoreAnswer } from './answers.ts'
import { html } from './html.ts'
import { OutageForm, Outages } from './outages.ts'
import { ClockText, DeviceTable, Facts, Heading, ownerText, SellsMark, Waiting } from './parts.ts'
import { Link } from './route.ts'
import { useAnswer } from './use-answer.ts'
import { wordFor, words } from './words.ts'

/** A store: whether it can sell, its hours and local time, and its devices, the worst first. */
export function StorePage({ id }: { readonly id: string }) {
  const { value: store, why, again } = useAnswer<StoreAnswer>(`/stores/${encodeURIComponent(id)}`)
  if (!store) return html`<${Heading} title=${id} /><${Waiting} why=${why} />`
  const { street, postcode, city } = store.address
  const { type, rtt_ms, backup } = store.link
  return html`<${Heading} title=${`${store.store} ${store.name}`} />
    <p class="lead"><${SellsMark} sells=${store.sells} /></p>
    <${Outages} outages=${store.outages} again=${again} />
    <${HoldForm} on=${store.store} />
    <${OutageForm} on=${store.store} again=${again} />
    <${Facts} facts=${[
      [words.localTime, html`<${ClockText} clock=${store.clock} />`],
      [words.address, `${street}, ${postcode} ${city}`],
      [words.region, html`<${Link} to=${`/?region=${encodeURIComponent(store.region)}`}>${store.region}<//>`],
      [
        words.line,
        [
          wordFor(words.lines, type),
          rtt_ms === undefined ? '' : `${rtt_ms} ms`,
          backup ? `+ ${wordFor(words.lines, backup)}` : '',
        ]
          .filter(Boolean)
          .join(' '),
      ],
      [words.owner, ownerText(store.owner)],
    ]} />
    <h2>${words.devices}</h2>
    <${DeviceTable} devices=${store.device_list} title=${words.devices} />`
}
