import { type Bundle, bundleOf, type CollectedItem } from '../../core/collected.ts'
import type { RunStore } from '../../core/run-store.ts'
import { plainText } from '../../reporters/plain-text.ts'

/** Writes what a run has gathered, of all its devices or some of them; resolves to how many bundles there were. */
export async function collectedText(
  store: Pick<RunStore, 'events'>,
  run: string,
  {
    devices,
    write,
  }: { readonly devices: readonly string[] | undefined; readonly write: (text: string) => Promise<void> },
): Promise<number> {
  // Of several attempts at a device the last one counts.
  const last = new Map<string, number>()
  const keyOf = (of: { device: string; runbook: string; step: string }): string =>
    JSON.stringify([of.device, of.runbook, of.step])
  const isMeant = (device: string): boolean => devices === undefined || devices.includes(device)
  for await (const event of store.events(run)) {
    if (event.type === 'step.finished' && isMeant(event.device) && bundleOf(event)) last.set(keyOf(event), event.seq)
  }
  if (last.size === 0) return 0
  for await (const event of store.events(run)) {
    if (event.type !== 'step.finished' || last.get(keyOf(event)) !== event.seq) continue
    const bundle = bundleOf(event)
    if (!bundle) continue
    const head = `${event.device} ${event.runbook}/${event.step}, gathered ${bundle.gathered_at}`
    await write(`${plainText(head)}\n${bundleLines(bundle).join('\n')}\n`)
  }
  return last.size
}

/** A bundle for people: a head for each item, and below it what it holds, with a mark before each line. */
export function bundleLines(bundle: Bundle): string[] {
  return bundle.items.flatMap((item) => [itemHead(item), ...contentLines(item).map((line) => `  | ${line}`.trimEnd())])
}

/** `log /var/log/tillapp.log: cut, 4096 bytes. 95904 bytes before it are left out.` */
export function itemHead({ kind, name, state, bytes, note }: CollectedItem): string {
  const what = name === '' ? kind : `${kind} ${name}`
  const size = bytes > 0 ? `, ${bytes} bytes` : ''
  return plainText(`${what}: ${state}${size}.${note === null ? '' : ` ${note}`}`)
}

/** Its lines, safe to print. */
export function contentLines({ text, value }: CollectedItem): string[] {
  const shown = text ?? (value === undefined ? '' : JSON.stringify(value, null, 1))
  if (shown === '') return []
  return shown.replace(/\n$/, '').split('\n').map(plainText)
}
